"""Optional packages that give the ids of `tokenizers` many times sooner, for the files that we make ourselves.

Each is tried against `tokenizers` when a tokenizer is loaded and left out where it is not installed, can't read the
file or gives another answer. `bench/text/encoding_ids.py` measures them and says which others were weighed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

_SOME = 64  # texts: fewer than this are encoded sooner by one thread than by handing them out
_RENEWED = 16_000_000  # characters, after which an encoder whose cache only grows is made anew: about 200 MB at most
_SPACE = "▁"  # how SentencePiece, and what follows it, writes a space

PROBES = (
    "我来到北京清华大学，天气很好！物有所值，质量很好。",
    "これはとても良い商品です。また買います。ディズニー・シー",
    "價格 ABC 123 ＆ 𠮷野家 👨‍👩‍👧 ｶﾅ ガ e\u0301 \ufeff\u200b",
    "<PAD><UNK><BOS>文<EOS><0xE4><0x0A> it's  It'S 3.14 １２３４ ㍻ ½",
    "  行首行末  \r\n\r\n\t\u3000\u3000一　二\x00\x7f\x85\u2028 ",
    "▁▁下▁ the ▁\U0010ffff\u0378",
    "",
    " ",
)

Encode = Callable[[Sequence[str]], list[list[int]]]
"""Many texts to ids at once."""


def quick_bpe(content: bytes, reference: Encode) -> Encode | None:
    """Gigatoken's encoder of a byte-level `tokenizer.json`, or None where it can't be had."""
    try:
        import gigatoken
    except ImportError:
        return None
    return _agreeing(lambda: Renewed(lambda: _gigatoken(gigatoken.Tokenizer.from_json(content))), reference)


def quick_unigram(content: bytes, reference: Encode) -> Encode | None:
    """Splintr's encoder of our unigram `tokenizer.json`, or None where it can't be had."""
    try:
        import splintr
    except ImportError:
        return None
    return _agreeing(lambda: _splintr(splintr.from_json_bytes(_with_space_marks(content)), reference), reference)


class Renewed:
    """An encoder that is made again after so many characters, to be rid of what it has remembered."""

    def __init__(self, make: Callable[[], Encode], *, after: int = _RENEWED) -> None:
        self._make = make
        self._after = after
        self._encode = make()
        self._encoded = 0

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        if self._encoded > self._after:
            self._encode, self._encoded = self._make(), 0
        self._encoded += sum(map(len, texts))
        return self._encode(texts)


def _agreeing(make: Callable[[], Encode], reference: Encode) -> Encode | None:
    try:
        encode = make()
        agrees = all(encode([probe]) == reference([probe]) for probe in PROBES)
    except Exception:  # whatever it stumbles over, `tokenizers` is there to do the work
        return None
    return encode if agrees else None


def _gigatoken(tokenizer: Any) -> Encode:
    def encode(texts: Sequence[str]) -> list[list[int]]:
        ids: list[list[int]] = tokenizer.encode_batch_list(list(texts), parallel=None if len(texts) > _SOME else False)
        return ids

    return encode


def _splintr(tokenizer: Any, reference: Encode) -> Encode:
    def encode(texts: Sequence[str]) -> list[list[int]]:
        ids: list[list[int]] = tokenizer.encode_batch(list(texts))
        for number, text in enumerate(texts):
            if _SPACE in text:  # it took the mark for a space
                ids[number] = reference([text])[0]
        return ids

    return encode


def _with_space_marks(content: bytes) -> bytes:
    """The same file with spaces written as SentencePiece writes them, and the mark itself out of reach."""
    data = msgspec.json.decode(content)
    marks = {_SPACE: f"<{_SPACE}>", " ": _SPACE}
    data["model"]["vocab"] = [[marks.get(piece, piece), score] for piece, score in data["model"]["vocab"]]
    return msgspec.json.encode(data)
