"""Words by frequency."""

from __future__ import annotations

from typing import Any

from wenlu.base.component import component
from wenlu.base.spec import Field
from wenlu.text.pieces import PieceTokenizer, VocabularyConfig
from wenlu.text.segment import SEGMENTERS, Segmenter


class WordTokenizer(PieceTokenizer):
    """Cuts a text into words and looks each up in a frozen vocabulary."""

    class Config(VocabularyConfig):
        segmenter: str | dict[str, Any] = Field("rjieba", description="What cuts words: rjieba, jieba, sudachi")

    @classmethod
    def segmenter(cls, config: Config) -> Segmenter:
        named = component(SEGMENTERS, config.segmenter, where="tokenizer: segmenter")
        segmenter: Segmenter = named.kind(named.config)
        return segmenter
