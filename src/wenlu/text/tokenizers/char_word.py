"""A text read twice: its characters, then its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Self

from wenlu.base.errors import WenluError
from wenlu.text.census import Census
from wenlu.text.cuts import Piece
from wenlu.text.encoded import Encoded
from wenlu.text.pieces import WordsConfig, WordsTokenizer
from wenlu.text.segment import Segmenter, made
from wenlu.text.vocabulary import Vocabulary

BETWEEN = "<WORDS>"


class CharWordTokenizer(WordsTokenizer):
    """Characters, the id of `<WORDS>`, and words, all in one vocabulary: a word of one character has its id.

    Characters know every new word, words know where a character belongs; a model that reads both does better on short
    texts than one that reads either. A text takes nearly twice the ids; what `max_length` cuts off is words.
    """

    cut_once = False  # its ids are not those of its cuts

    class Config(WordsConfig):
        """As for all words."""

    def __init__(self, vocabulary: Vocabulary, segmenter: Segmenter) -> None:
        super().__init__(vocabulary, segmenter)
        if BETWEEN not in vocabulary:
            raise WenluError("bad_vocabulary", f"The vocabulary of a char_word tokenizer has no {BETWEEN}.")
        (self.between_id,) = vocabulary.encode([BETWEEN])

    @classmethod
    def counted(cls, census: Census, config: Config) -> Self:
        """Of words that are counted, and of the characters in them."""
        counts = _with_characters(census.counts()).items()
        learned = Vocabulary.by_frequency(counts, min_count=config.min_count, max_size=config.max_size - 1)
        return cls(Vocabulary([*learned.pieces, BETWEEN]), made(cls.segmenter(config)))

    def encode(self, text: str) -> list[int]:
        """Of a text of nothing: nothing."""
        return self.vocabulary.encode([*text, BETWEEN, *self._segment(text)]) if text else []

    def encode_together(self, texts: Sequence[str]) -> Encoded:
        return Encoded.of(self.encode_batch(texts))

    def cut(self, text: str) -> list[Piece]:
        """The places of the characters, `<WORDS>` at the end of the text, and the places of the words."""
        if not text:
            return []
        characters = [Piece(number, at, at + 1) for at, number in enumerate(self.vocabulary.encode(text))]
        return [*characters, Piece(self.between_id, len(text), len(text)), *super().cut(text)]

    def decode(self, ids: Iterable[int]) -> str:
        return super().decode(takewhile(lambda number: number != self.between_id, ids))


def _with_characters(counts: Iterable[tuple[str, int]]) -> Counter[str]:
    """Words that were counted, and the characters in them."""
    found: Counter[str] = Counter()
    for word, count in counts:
        if word != BETWEEN:
            found[word] += count
        for character in word if len(word) > 1 else ():
            found[character] += count
    return found
