"""Text to ids and back: one tokenizer a file, one row here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, Self

from wenlu.base.spec import Spec
from wenlu.base.table import Table

TOKENIZERS = Table(
    "tokenizer",
    {
        "bpe": "wenlu.text.tokenizers.bpe:BpeTokenizer",
        "char": "wenlu.text.tokenizers.char:CharTokenizer",
        "unigram": "wenlu.text.tokenizers.unigram:UnigramTokenizer",
        "word": "wenlu.text.tokenizers.word:WordTokenizer",
    },
)


class Tokenizer(Protocol):
    """Frozen once made. For a text whose pieces it knows, `decode(encode(text)) == text`.

    Id 0 is padding and never comes out of `encode`.
    """

    size: int
    """How many ids there are; every id is below it."""

    version: str
    """Of the code and dictionaries that decide the pieces, beside the settings and the files."""

    @classmethod
    def train(cls, texts: Iterable[str], config: Spec) -> Self:
        """A tokenizer learned from normalised texts, read once, in bounded memory."""

    def encode(self, text: str) -> list[int]: ...

    def decode(self, ids: Iterable[int]) -> str: ...

    def to_files(self) -> dict[str, bytes]:
        """What has to be kept, by file name."""

    @classmethod
    def from_files(cls, files: dict[str, bytes], config: Spec) -> Self:
        """The very tokenizer that `to_files` came from."""
