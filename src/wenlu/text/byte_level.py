"""Pieces of bytes as GPT-2 writes them, a letter for each byte."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def byte_letters() -> dict[str, int]:
    """The byte that each letter of a byte-level piece stands for (GPT-2's table).

    Printable Latin-1 stands for itself; the other bytes have the letters from U+0100 on, in their order.
    """
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    shifted = {chr(0x100 + position): byte for position, byte in enumerate(others)}
    return {chr(byte): byte for byte in plain} | shifted


def bytes_of_ids(file: dict[str, Any], ids: dict[str, int]) -> list[bytes] | None:
    """What each id of a `tokenizer.json` stands for, of special ids nothing; None where it is not made of bytes.

    `ids` are the pieces as the file writes them, added ones too.
    """
    if (file.get("decoder") or {}).get("type") != "ByteLevel":
        return None
    letters = byte_letters()
    added = {one["content"]: b"" if one["special"] else one["content"].encode() for one in file["added_tokens"]}
    found = [b""] * (max(ids.values(), default=-1) + 1)
    for piece, number in ids.items():
        found[number] = added[piece] if piece in added else bytes(map(letters.__getitem__, piece))
    return found
