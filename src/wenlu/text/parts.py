"""Long texts in parts, for segmenters that take only so much at once."""

from __future__ import annotations

import re

_SENTENCES = re.compile(r"[^。！？!?\n]*[。！？!?\n]?", re.DOTALL)


def parts(text: str, *, longest: int) -> list[str]:
    """`text` in pieces of at most `longest` characters, at sentence ends where there are any."""
    if len(text) <= longest:
        return [text]
    found: list[str] = []
    for sentence in _SENTENCES.findall(text):
        for start in range(0, len(sentence), longest):
            piece = sentence[start : start + longest]
            if found and len(found[-1]) + len(piece) <= longest:
                found[-1] += piece
            else:
                found.append(piece)
    return found
