"""Chinese words by jieba itself, for those who need its very cuts."""

from __future__ import annotations

import logging
import tempfile

from wenlu.base.errors import missing_package
from wenlu.text.dictionary import Dictionary, DictionaryConfig, own_words
from wenlu.text.segment import version_of


class Jieba:
    """The Python original; its dictionary takes about a second to build."""

    class Config(DictionaryConfig):
        """Unknown words are guessed by the hidden Markov model, as jieba does by default."""

    apart = ""  # joining saves it nothing

    def __init__(self, config: Config, dictionary: Dictionary | None = None) -> None:
        try:
            import jieba  # belongs to an optional extra
        except ImportError:
            raise missing_package("jieba", extra="zh") from None
        jieba.setLogLevel(logging.WARNING)
        self._tokenizer = jieba.Tokenizer()
        with tempfile.TemporaryDirectory() as private:
            # jieba keeps its dictionary as a marshal file in the shared /tmp and trusts whatever lies there
            self._tokenizer.tmp_dir = private
            self._tokenizer.initialize()
        self.dictionary = own_words(config, dictionary)
        for word in self.dictionary.words if self.dictionary else ():
            self._tokenizer.add_word(word.text, word.frequency, word.tag)
        self.version = version_of("jieba")

    def __call__(self, text: str) -> list[str]:
        pieces: list[str] = self._tokenizer.lcut(text)
        return pieces
