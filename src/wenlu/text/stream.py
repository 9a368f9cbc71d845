"""Ids one by one → text as soon as it is complete."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from wenlu.base.errors import WenluError


class StreamDecoder:
    """Joins the bytes of ids into text and gives out each character with the id that completes it.

    It holds back the bytes of one unfinished character at most (three), and never makes up a U+FFFD: bytes that can't
    be part of UTF-8 are left out and counted in `dropped`. One decoder serves one stream.
    """

    def __init__(self, piece_bytes: Sequence[bytes]) -> None:
        """`piece_bytes[id]` is what an id stands for: `piece_bytes` of a bpe or unigram tokenizer."""
        self._piece_bytes = piece_bytes
        self._start()

    def push(self, number: int) -> str:
        """The text that is complete with this id; often all of it, sometimes none.

        Raises WenluError `bad_id` for an id that the tokenizer doesn't have.
        """
        if not 0 <= number < len(self._piece_bytes):
            raise WenluError("bad_id", f"The tokenizer has ids below {len(self._piece_bytes)}; {number} is none.")
        piece = self._piece_bytes[number]
        text = self._decoder.decode(piece)
        self._taken += len(piece)
        self._given += len(text.encode())
        return text

    @property
    def held(self) -> int:
        """Bytes of the unfinished character."""
        return len(self._decoder.getstate()[0])

    @property
    def dropped(self) -> int:
        """Bytes left out so far, because no character could come of them."""
        return self._taken - self._given - self.held

    def flush(self) -> int:
        """End the stream: an unfinished character is dropped. Gives all the bytes dropped, and starts anew."""
        dropped = self.dropped + self.held
        self._start()
        return dropped

    def _start(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._taken = self._given = 0
