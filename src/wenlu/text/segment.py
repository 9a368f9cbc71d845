"""Text into words, for scripts that put no spaces between them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

from wenlu.base.component import Component
from wenlu.base.table import Table
from wenlu.text.dictionary import Dictionary

SEGMENTERS = Table(
    "segmenter",
    {
        "character": "wenlu.text.segmenters.character:Character",
        "jieba": "wenlu.text.segmenters.jieba:Jieba",
        "mecab": "wenlu.text.segmenters.mecab:Mecab",
        "rjieba": "wenlu.text.segmenters.rjieba:Rjieba",
        "sudachi": "wenlu.text.segmenters.sudachi:Sudachi",
    },
)


class Segmenter(Protocol):
    """Cuts a text into pieces. `"".join(segment(text)) == text`: nothing is added, dropped or changed."""

    version: str
    """Of everything that decides the cuts: another version may cut otherwise, so tokenizers record it."""

    dictionary: Dictionary | None
    """The user's own words, if any: they decide the cuts as well, so tokenizers keep them."""

    apart: str
    """A character that is always a piece of its own and changes no cut beside it, so that texts without it may be cut
    joined by it; empty where there is none."""

    def __call__(self, text: str) -> list[str]: ...


def made(named: Component, dictionary: Dictionary | None = None) -> Segmenter:
    """The segmenter that was named, with the words that were saved with it, if any."""
    segmenter: Segmenter = named.kind(named.config, dictionary) if dictionary else named.kind(named.config)
    return segmenter


def version_of(*packages: str) -> str:
    """`name version` of each installed package, for the record of a segmenter."""
    return ", ".join(f"{package} {_installed(package)}" for package in packages)


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "?"
