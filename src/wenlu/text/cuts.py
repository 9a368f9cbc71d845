"""Where a tokenizer cut a text."""

from __future__ import annotations

import msgspec


class Piece(msgspec.Struct, frozen=True):
    """An id, and the characters `start` to `end` of the normalised text that it stands for.

    Pieces that are parts of one character, as bytes are, have the whole character each.
    """

    id: int
    start: int
    end: int
