"""What word and character tokenizers share: cut into pieces, look each up in a frozen vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from wenlu.base.errors import WenluError
from wenlu.base.spec import Field, Spec
from wenlu.text.segment import Segmenter
from wenlu.text.vocabulary import Vocabulary

_FILE = "vocabulary.json"


class VocabularyConfig(Spec):
    """How a vocabulary is chosen."""

    min_count: int = Field(2, ge=1, description="A piece seen less often is unknown")
    max_size: int = Field(50_000, ge=3, le=2_000_000, description="Ids at most, <PAD> and <UNK> included")


class PieceTokenizer:
    """Pieces of a segmenter to ids; a piece that is not in the vocabulary is `<UNK>`."""

    Config: ClassVar[Any]

    def __init__(self, vocabulary: Vocabulary, segmenter: Segmenter) -> None:
        self.vocabulary = vocabulary
        self.size = len(vocabulary)
        self.version = segmenter.version
        self._segment = segmenter

    @classmethod
    def segmenter(cls, config: Any) -> Segmenter:
        """The segmenter that `config` asks for."""
        raise TypeError(f"{cls.__name__} names no segmenter")

    @classmethod
    def train(cls, texts: Iterable[str], config: Any) -> Self:
        segmenter = cls.segmenter(config)
        pieces = (segmenter(text) for text in texts)
        return cls(Vocabulary.by_frequency(pieces, min_count=config.min_count, max_size=config.max_size), segmenter)

    def encode(self, text: str) -> list[int]:
        return self.vocabulary.encode(self._segment(text))

    def decode(self, ids: Iterable[int]) -> str:
        return "".join(self.vocabulary.decode(ids))

    def to_files(self) -> dict[str, bytes]:
        return {_FILE: self.vocabulary.to_bytes()}

    @classmethod
    def from_files(cls, files: dict[str, bytes], config: Any) -> Self:
        """Raises WenluError `bad_vocabulary` where the vocabulary is missing or not as written."""
        if _FILE not in files:
            raise WenluError("bad_vocabulary", f"The file {_FILE} of the tokenizer is missing.")
        return cls(Vocabulary.from_bytes(files[_FILE]), cls.segmenter(config))
