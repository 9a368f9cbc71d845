"""Words by frequency."""

from __future__ import annotations

from typing import Any

from wenlu.base.component import Component, component
from wenlu.base.errors import WenluError
from wenlu.base.spec import Field
from wenlu.text.dictionary import Dictionary
from wenlu.text.pieces import DICTIONARY_FILE, PieceTokenizer, VocabularyConfig
from wenlu.text.segment import SEGMENTERS, Segmenter


class WordTokenizer(PieceTokenizer):
    """Cuts a text into words and looks each up in a frozen vocabulary."""

    class Config(VocabularyConfig):
        segmenter: str | dict[str, Any] = Field("rjieba", description="What cuts words: rjieba, jieba, sudachi, mecab")

    @classmethod
    def segmenter(cls, config: Config) -> Segmenter:
        return _segmenter(config, None)

    @classmethod
    def saved_segmenter(cls, files: dict[str, bytes], config: Config) -> Segmenter:
        """With the words that were saved: the file that the settings name was read once, in training."""
        if DICTIONARY_FILE in files:
            return _segmenter(config, Dictionary(files[DICTIONARY_FILE], name=DICTIONARY_FILE))
        if getattr(_named(config).config, "dictionary", ""):
            raise WenluError("bad_dictionary", f"The file {DICTIONARY_FILE} of the tokenizer is missing.")
        return _segmenter(config, None)


def _named(config: WordTokenizer.Config) -> Component:
    return component(SEGMENTERS, config.segmenter, where="tokenizer: segmenter")


def _segmenter(config: WordTokenizer.Config, dictionary: Dictionary | None) -> Segmenter:
    named = _named(config)
    segmenter: Segmenter = named.kind(named.config, dictionary) if dictionary else named.kind(named.config)
    return segmenter
