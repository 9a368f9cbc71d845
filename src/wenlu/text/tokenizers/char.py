"""Characters by frequency."""

from __future__ import annotations

from wenlu.base.component import Component, component
from wenlu.text.pieces import PieceTokenizer, VocabularyConfig
from wenlu.text.segment import SEGMENTERS


class CharTokenizer(PieceTokenizer):
    """Every character is a piece."""

    class Config(VocabularyConfig):
        """As for words."""

    @classmethod
    def segmenter(cls, config: Config) -> Component:
        return component(SEGMENTERS, "character", where="tokenizer")
