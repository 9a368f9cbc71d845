"""Words by frequency."""

from __future__ import annotations

from typing import Any

from wenlu.base.component import Component, component
from wenlu.base.errors import WenluError
from wenlu.base.spec import Field
from wenlu.text.dictionary import Dictionary
from wenlu.text.pieces import DICTIONARY_FILE, PieceTokenizer, VocabularyConfig
from wenlu.text.segment import SEGMENTERS, Segmenter, made


class WordTokenizer(PieceTokenizer):
    """Cuts a text into words and looks each up in a frozen vocabulary."""

    class Config(VocabularyConfig):
        segmenter: str | dict[str, Any] = Field("rjieba", description="What cuts words: rjieba, jieba, sudachi, mecab")

    @classmethod
    def segmenter(cls, config: Config) -> Component:
        return component(SEGMENTERS, config.segmenter, where="tokenizer: segmenter")

    @classmethod
    def saved_segmenter(cls, files: dict[str, bytes], config: Config) -> Segmenter:
        """With the words that were saved: the file that the settings name was read once, in training."""
        named = cls.segmenter(config)
        if DICTIONARY_FILE in files:
            return made(named, Dictionary(files[DICTIONARY_FILE], name=DICTIONARY_FILE))
        if getattr(named.config, "dictionary", ""):
            raise WenluError("bad_dictionary", f"The file {DICTIONARY_FILE} of the tokenizer is missing.")
        return made(named)
