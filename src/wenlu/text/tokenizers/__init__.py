"""Text to ids and back: one tokenizer a file, one row here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, Self

from wenlu.base.spec import Spec
from wenlu.base.table import Table
from wenlu.text.cuts import Piece
from wenlu.text.encoded import Encoded

TOKENIZERS = Table(
    "tokenizer",
    {
        "bpe": "wenlu.text.tokenizers.bpe:BpeTokenizer",
        "char": "wenlu.text.tokenizers.char:CharTokenizer",
        "char_word": "wenlu.text.tokenizers.char_word:CharWordTokenizer",
        "huggingface": "wenlu.text.tokenizers.huggingface:HuggingFaceTokenizer",
        "sentencepiece": "wenlu.text.tokenizers.sentencepiece:SentencePieceTokenizer",
        "unigram": "wenlu.text.tokenizers.unigram:UnigramTokenizer",
        "word": "wenlu.text.tokenizers.word:WordTokenizer",
    },
)


class Tokenizer(Protocol):
    """Frozen once made. For a text whose pieces it knows, `decode(encode(text)) == text`.

    The rows that learn from texts have padding at id 0 and the unknown piece at id 1. Imported files keep the ids they
    came with, so there id 0 may be a piece like any other: models know padding by its length, never by its id.
    """

    size: int
    """How many ids there are; every id is below it."""

    version: str
    """Of the code and dictionaries that decide the pieces, beside the settings and the files."""

    pad_id: int | None
    """The id that says nothing and never comes out of `encode`; None where an imported file has none."""

    unk_id: int
    """What stands for a piece it does not know, and for a text of nothing."""

    end_id: int
    """What stands between texts where a language model reads them: it never comes out of `encode`."""

    learned: str
    """What it was learned from, in words for the user; empty where there is nothing to say."""

    @classmethod
    def train(cls, texts: Iterable[str], config: Spec) -> Self:
        """A tokenizer learned from normalised texts, read once, in bounded memory."""

    def encode(self, text: str) -> list[int]: ...

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """`encode` of each, sooner."""

    def encode_together(self, texts: Sequence[str]) -> Encoded:
        """`encode` of each, in one array."""

    def cut(self, text: str) -> list[Piece]:
        """The ids of `encode`, each with its place in the text: for people to look at, not for speed.

        A text that is read more than once has a piece without characters between the readings.
        """

    def decode(self, ids: Iterable[int]) -> str: ...

    @property
    def piece_bytes(self) -> list[bytes]:
        """What each id stands for in UTF-8, of special ids nothing; raises WenluError `no_stream` where an imported
        file does not tell."""

    def to_files(self) -> dict[str, bytes]:
        """What has to be kept, by file name."""

    def to_huggingface(self) -> bytes:
        """A `tokenizer.json` that gives the same ids; raises WenluError `no_export` where none can."""

    @classmethod
    def from_files(cls, files: dict[str, bytes], config: Spec) -> Self:
        """The very tokenizer that `to_files` came from."""
