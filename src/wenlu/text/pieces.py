"""What word and character tokenizers share: cut into pieces, look each up in a frozen vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wenlu.base.component import Component, component
from wenlu.base.errors import WenluError
from wenlu.base.spec import Field, Spec
from wenlu.text.census import Census
from wenlu.text.cuts import Piece
from wenlu.text.cutting import cut, cut_many
from wenlu.text.dictionary import Dictionary
from wenlu.text.encoded import Encoded
from wenlu.text.segment import SEGMENTERS, Segmenter, made
from wenlu.text.segmenters.character import Character
from wenlu.text.subwords import tokenizer_json
from wenlu.text.vocabulary import PAD_ID, UNK, UNK_ID, Vocabulary

DICTIONARY_FILE = "dictionary.txt"
_FILE = "vocabulary.json"


class VocabularyConfig(Spec):
    """How a vocabulary is chosen."""

    min_count: int = Field(2, ge=1, description="A piece seen less often is unknown")
    max_size: int = Field(50_000, ge=3, le=2_000_000, description="Ids at most, <PAD> and <UNK> included")


class WordsConfig(VocabularyConfig):
    """As for a vocabulary, and what cuts words."""

    segmenter: str | dict[str, Any] = Field("rjieba", description="What cuts words: rjieba, jieba, sudachi, mecab")


class PieceTokenizer:
    """Pieces of a segmenter to ids; a piece that is not in the vocabulary is `<UNK>`."""

    Config: ClassVar[Any]

    pad_id: int | None = PAD_ID
    unk_id = UNK_ID
    end_id = PAD_ID
    learned = ""
    cut_once: ClassVar[bool] = True
    """Whether a text is the ids of its cuts, so that what was cut to learn need not be cut again."""

    def __init__(self, vocabulary: Vocabulary, segmenter: Segmenter) -> None:
        self.vocabulary = vocabulary
        self.size = len(vocabulary)
        self.version = segmenter.version
        self._segment = segmenter

    @classmethod
    def segmenter(cls, config: Any) -> Component:
        """The segmenter that `config` asks for."""
        raise TypeError(f"{cls.__name__} names no segmenter")

    @classmethod
    def saved_segmenter(cls, files: dict[str, bytes], config: Any) -> Segmenter:
        """The segmenter of a tokenizer that was saved as `files`."""
        return made(cls.segmenter(config))

    @classmethod
    def train(cls, texts: Iterable[str], config: Any) -> Self:
        """A large corpus is cut on all processors; the outcome is the same."""
        census = Census()
        for _, found in cut_many(((text, None) for text in texts), cls.segmenter(config)):
            census.add(found)
        return cls.counted(census, config)

    @classmethod
    def counted(cls, census: Census, config: Any) -> Self:
        """The tokenizer that `train` makes of texts whose pieces are counted."""
        vocabulary = Vocabulary.by_frequency(census.counts(), min_count=config.min_count, max_size=config.max_size)
        return cls(vocabulary, made(cls.segmenter(config)))

    def encode(self, text: str) -> list[int]:
        return self.vocabulary.encode(self._segment(text))

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        return [self.encode(text) for text in texts]

    def encode_together(self, texts: Sequence[str]) -> Encoded:
        found = cut(texts, self._segment)
        return Encoded(self.ids_of(found.pieces)[found.texts.ids], found.texts.lengths)

    def ids_of(self, pieces: Sequence[str]) -> NDArray[np.int32]:
        """The id of each piece."""
        return np.array(self.vocabulary.encode(pieces), dtype=np.int32)

    def cut(self, text: str) -> list[Piece]:
        pieces = self._segment(text)
        ends = list(accumulate(map(len, pieces)))
        ids = self.vocabulary.encode(pieces)
        return [Piece(number, end - len(piece), end) for number, piece, end in zip(ids, pieces, ends, strict=True)]

    def decode(self, ids: Iterable[int]) -> str:
        return "".join(self.vocabulary.decode(ids))

    @cached_property
    def piece_bytes(self) -> list[bytes]:
        return [
            b"" if number in (PAD_ID, UNK_ID) else piece.encode() for number, piece in enumerate(self.vocabulary.pieces)
        ]

    def only(self, ids: Sequence[int]) -> Self:
        """The same with these ids alone, which keep their order; all other pieces are unknown to it."""
        return type(self)(Vocabulary(self.vocabulary.decode(ids)), self._segment)

    def to_files(self) -> dict[str, bytes]:
        words = self._segment.dictionary
        return {_FILE: self.vocabulary.to_bytes(), **({DICTIONARY_FILE: words.content} if words else {})}

    def to_huggingface(self) -> bytes:
        if not isinstance(self._segment, Character):
            raise WenluError(
                "no_export",
                f"The words of '{self.version}' can't be cut by the rules that a tokenizer.json has.",
                hint="Train a bpe, unigram or char tokenizer to export.",
            )
        model = {"type": "WordLevel", "vocab": {p: n for n, p in enumerate(self.vocabulary.pieces)}, "unk_token": UNK}
        every = {"type": "Split", "pattern": {"Regex": "(?m:.)"}, "behavior": "Isolated", "invert": False}
        return tokenizer_json(pre_tokenizer=every, decoder={"type": "Fuse"}, model=model)

    @classmethod
    def from_files(cls, files: dict[str, bytes], config: Any) -> Self:
        """Raises WenluError `bad_vocabulary` where the vocabulary is missing or not as written."""
        if _FILE not in files:
            raise WenluError("bad_vocabulary", f"The file {_FILE} of the tokenizer is missing.")
        return cls(Vocabulary.from_bytes(files[_FILE]), cls.saved_segmenter(files, config))


class WordsTokenizer(PieceTokenizer):
    """With a segmenter of the user's choice, and the user's own words."""

    @classmethod
    def segmenter(cls, config: WordsConfig) -> Component:
        return component(SEGMENTERS, config.segmenter, where="tokenizer: segmenter")

    @classmethod
    def saved_segmenter(cls, files: dict[str, bytes], config: WordsConfig) -> Segmenter:
        """With the words that were saved: the file that the settings name was read once, in training."""
        named = cls.segmenter(config)
        if DICTIONARY_FILE in files:
            return made(named, Dictionary(files[DICTIONARY_FILE], name=DICTIONARY_FILE))
        if getattr(named.config, "dictionary", ""):
            raise WenluError("bad_dictionary", f"The file {DICTIONARY_FILE} of the tokenizer is missing.")
        return made(named)
