"""Texts as other people would have typed them: other widths, the other script, slips of the fingers, no punctuation.

A person reads the same in all of them, so a classifier should answer the same.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Mapping
from importlib.util import find_spec

from wenlu.text.normalizers.simplified import Simplified
from wenlu.text.normalizers.traditional import Traditional
from wenlu.text.scripts import HAN, HIRAGANA, KATAKANA

_CHARACTERS_A_SLIP = 20
_WIDER = 0xFEE0  # from ! to ！, and so on to ~
_HIGHER = 0x60  # from ぁ to ァ

_HALF_KATAKANA = {
    unicodedata.normalize("NFKC", chr(point)): chr(point) for point in [*range(0xFF66, 0xFF9E)]
} | {"\u3099": "ﾞ", "\u309a": "ﾟ"}  # fmt: skip
_WIDTHS = (
    {point: point + _WIDER for point in range(0x21, 0x7F)}
    | {point + _WIDER: point for point in range(0x21, 0x7F)}
    | {0x20: 0x3000, 0x3000: 0x20}
)
_KANA = {ord("ぁ") + step: ord("ぁ") + step + _HIGHER for step in range(ord("ゖ") - ord("ぁ") + 1)}
_KANA |= {higher: lower for lower, higher in _KANA.items()}
_HAS_KANA = re.compile(f"[{HIRAGANA}{KATAKANA}]")
_HAS_HAN = re.compile(f"[{HAN}]")
_FULL_KATAKANA = re.compile("[ァ-ヺー]")


def swapped_width(text: str) -> str:
    """Letters, digits and marks that are half as wide become full, and the other way round; katakana becomes half.

    >>> swapped_width("iPhone 5的，ガラス")
    'ｉＰｈｏｎｅ\\u3000５的,ｶﾞﾗｽ'
    """
    return _FULL_KATAKANA.sub(_half_katakana, text.translate(_WIDTHS))


def _half_katakana(match: re.Match[str]) -> str:
    parts = unicodedata.normalize("NFD", match[0])
    return (
        "".join(_HALF_KATAKANA[part] for part in parts) if all(part in _HALF_KATAKANA for part in parts) else match[0]
    )


def swapped_kana(text: str) -> str:
    """Hiragana become katakana, and the other way round.

    >>> swapped_kana("とてもオイシイ料理")
    'トテモおいしい料理'
    """
    return text.translate(_KANA)


class SwappedScript:
    """Simplified Chinese becomes traditional, traditional simplified; Japanese stays as it is."""

    def __init__(self) -> None:
        self._simplified, self._traditional = Simplified(), Traditional()

    def __call__(self, text: str) -> str:
        if _HAS_KANA.search(text) or not _HAS_HAN.search(text):
            return text
        simplified = self._simplified(text)
        return simplified if simplified != text else self._traditional(text)


def with_slips(text: str) -> str:
    """One slip in 20 characters, at least one: two neighbours change places, or one is left out. Never at marks."""
    chance = random.Random(text)  # noqa: S311  (the same slips every time, and nothing is kept secret by them)
    characters = list(text)
    for _ in range(max(1, len(text) // _CHARACTERS_A_SLIP)):
        places = [at for at in range(len(characters) - 1) if characters[at].isalnum() and characters[at + 1].isalnum()]
        if not places:
            break
        at = chance.choice(places)
        if chance.random() < 0.5:
            characters[at], characters[at + 1] = characters[at + 1], characters[at]
        else:
            del characters[at]
    return "".join(characters)


def without_punctuation(text: str) -> str:
    """All marks gone, whatever the language.

    >>> without_punctuation("很好，下次再来！「また来ます」…")
    '很好下次再来また来ます'
    """
    return "".join(character for character in text if unicodedata.category(character)[0] != "P")


def disturbances() -> Mapping[str, Callable[[str], str]]:
    """Every way to disturb a text, by name; `script` only where OpenCC is installed."""
    ways: dict[str, Callable[[str], str]] = {"width": swapped_width}
    if find_spec("opencc") is not None:
        ways["script"] = SwappedScript()
    return ways | {"kana": swapped_kana, "typos": with_slips, "punctuation": without_punctuation}
