"""How likely a text is, by the frequency of its characters alone: as Chinese, as Japanese, or as what must not be
taken for either.

`tables/` has the characters beyond ASCII of each language, the most frequent first: 4,000 of simplified Chinese
(counted over news titles, shop reviews, abstracts of papers, descriptions of apps, instructions, classics with modern
renderings and examinations, each with the same weight), the same in traditional characters, and 3,200 of Japanese
(news, encyclopaedia questions, captions, company reports, conversations). A character's probability is the mean of its
range of ranks.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

LANGUAGES = ("zh-Hans", "zh-Hant", "ja")
_RANKS = (32, 128, 512, 1500)
_RANGES = {
    "zh-Hans": (-4.9, -6.1, -7.1, -8.6, -10.9),
    "zh-Hant": (-4.9, -6.1, -7.1, -8.6, -10.8),
    "ja": (-4.2, -6.1, -7.6, -9.3, -12.2),
}
"""Natural logarithms of the mean probability of a character of each range of ranks."""

_ASCII = -3.0
_CONTROL = -25.0


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Of a text: the natural logarithm of its probability, and the mean one of its characters beyond ASCII."""

    total: float
    mean: float


def likelihood(counts: Mapping[str, int], kind: str) -> Likelihood:
    """Of a text with so many of each character, as one of `kind`: a language, or `hangul`, `cyrillic`, `latin`."""
    known = _known(kind)
    total = wide = 0.0
    number = 0
    for character, count in counts.items():
        value = known.get(character)
        if value is None:
            value = _ASCII if " " <= character <= "~" or character in "\t\r\n" else _rare(character, kind)
        total += value * count
        if character > "\x7f":
            wide += value * count
            number += count
    return Likelihood(total, wide / number if number else 0.0)


@cache
def _known(kind: str) -> dict[str, float]:
    return _OTHERS[kind]() if kind in _OTHERS else _table(kind)


def _table(language: str) -> dict[str, float]:
    characters = resources.files(__package__).joinpath("tables", f"{language}.txt").read_text(encoding="utf-8")
    values = _RANGES[language]
    ranked = enumerate(characters.replace("\n", ""))
    return {character: values[sum(rank >= bound for bound in _RANKS)] for rank, character in ranked}


def _hangul() -> dict[str, float]:
    """The syllables of KS X 1001; those that particles and endings are made of are a third of any text."""
    syllables = [bytes((lead, trail)).decode("euc_kr") for lead in range(0xB0, 0xC9) for trail in range(0xA1, 0xFF)]
    return dict.fromkeys(syllables, -7.6) | dict.fromkeys(
        "이다는가을를에의은고도로지하기사어리서니자해시인나대한", -4.6
    )


def _cyrillic() -> dict[str, float]:
    small = dict.fromkeys(map(chr, range(0x430, 0x450)), -3.3)
    return small | dict.fromkeys(map(chr, range(0x410, 0x430)), -6.5) | {"ё": -6.0, "Ё": -8.0}


def _latin() -> dict[str, float]:
    small = {chr(code): -5.0 for code in range(0xDF, 0x100)}
    return small | {chr(code): -8.0 for code in range(0xC0, 0xDF)} | {chr(code): -9.5 for code in range(0xA0, 0xC0)}


_OTHERS = {"hangul": _hangul, "cyrillic": _cyrillic, "latin": _latin}


# From a first code point on, until the next: what a character there is worth that no table has.
_BLOCKS = (
    (0x0000, _CONTROL), (0x00A0, -11.5), (0x2000, -10.0), (0x2070, -11.5), (0x2200, -13.5), (0x2300, -11.5),
    (0x2E80, -13.5), (0x3000, -10.0), (0x3041, -11.5), (0x3100, -13.0), (0x3400, -15.0), (0x4E00, -13.5),
    (0xA000, -14.5), (0xE000, -18.0), (0xF900, -14.0), (0xFB00, -15.0), (0xFF01, -10.0), (0xFF61, -14.0),
    (0xFFE0, -11.0), (0x1F000, -11.0), (0x20000, -15.0),
)  # fmt: skip
_HALF_WIDTH_KANA = -10.5


@cache
def _rare(character: str, kind: str) -> float:
    code = ord(character)
    if kind == "ja" and 0xFF61 <= code <= 0xFF9F:
        return _HALF_WIDTH_KANA
    if unicodedata.category(character) in ("Cn", "Co", "Cs", "Cc"):
        return -18.0 if code > 0xA0 else _CONTROL
    return next(value for first, value in reversed(_BLOCKS) if code >= first) - (0.0 if kind in LANGUAGES else 3.0)


def best_language(text: str) -> Likelihood:
    """The likelihood of `text` in the language it is likeliest in."""
    counts = Counter(text)
    return max((likelihood(counts, language) for language in LANGUAGES), key=lambda found: found.total)


NOTHING = Likelihood(-math.inf, -math.inf)
