"""Characters by frequency."""

from __future__ import annotations

from wenlu.text.pieces import PieceTokenizer, VocabularyConfig
from wenlu.text.segment import Segmenter
from wenlu.text.segmenters.character import Character


class CharTokenizer(PieceTokenizer):
    """Every character is a piece."""

    class Config(VocabularyConfig):
        """As for words."""

    @classmethod
    def segmenter(cls, config: Config) -> Segmenter:
        return Character(Character.Config())
