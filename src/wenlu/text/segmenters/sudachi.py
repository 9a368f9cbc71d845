"""Japanese words by Sudachi."""

from __future__ import annotations

import tempfile
import unicodedata
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from wenlu.base.errors import WenluError, missing_package
from wenlu.base.spec import Field
from wenlu.text.dictionary import Dictionary, DictionaryConfig, Word, as_csv, own_words
from wenlu.text.parts import parts
from wenlu.text.segment import version_of

# Sudachi refuses more than 49,149 bytes of UTF-8; a character takes at most four.
_LONGEST = 12_000
_NOUN = 4786  # the context of 名詞,固有名詞,一般, as Sudachi's manual for user dictionaries has it
_COST = -10_000  # so low that a word of the user's wins over any path through smaller ones


class Sudachi:
    """Surface forms of Sudachi's morphemes. A text of any length: it is cut at sentence ends first if it is long."""

    class Config(DictionaryConfig):
        mode: Literal["A", "B", "C"] = Field("C", description="A: short units, B: middle, C: named entities kept whole")

    apart = ""  # every piece is chosen by its neighbours

    def __init__(self, config: Config, dictionary: Dictionary | None = None) -> None:
        try:
            from sudachipy import SplitMode  # belongs to an optional extra
        except ImportError:
            raise missing_package("sudachipy", extra="ja") from None
        mode = {"A": SplitMode.A, "B": SplitMode.B, "C": SplitMode.C}[config.mode]
        self.dictionary = own_words(config, dictionary)
        self._tokenizer = _analyser(self.dictionary).tokenizer(mode=mode)
        self.version = version_of("sudachipy", "sudachidict-core")

    def __call__(self, text: str) -> list[str]:
        return list(chain.from_iterable(self._cut(part) for part in parts(text, longest=_LONGEST)))

    def _cut(self, text: str) -> list[str]:
        return [morpheme.surface() for morpheme in self._tokenizer.tokenize(text)]


def _analyser(dictionary: Dictionary | None) -> Any:
    from sudachipy import Config
    from sudachipy import Dictionary as Analyser

    if dictionary is None:
        return Analyser(dict="core")
    with tempfile.TemporaryDirectory() as folder:  # a loaded dictionary needs no name any more
        return Analyser(config=Config(system="core", user=[str(_compiled(dictionary, Path(folder)))]))


def _compiled(dictionary: Dictionary, folder: Path) -> Path:
    """Takes some three seconds, most of them to read the system dictionary."""
    from sudachipy import sudachipy

    lexicon, compiled = folder / "words.csv", folder / "words.dic"
    lexicon.write_text(as_csv(map(_row, dictionary.words)), encoding="utf-8")
    system = Path(str(files("sudachidict_core"))) / "resources" / "system.dic"
    try:
        sudachipy.build_user_dic(system=system, lex=[lexicon], output=compiled, description="")
    except Exception as error:  # its own class of error has no public name
        raise WenluError("bad_dictionary", f"Sudachi can't compile the user dictionary: {error}") from None
    return compiled


def _row(word: Word) -> list[object]:
    key = unicodedata.normalize("NFKC", word.text).lower()  # Sudachi looks words up in this form
    noun = ["名詞", "固有名詞", "一般", "*", "*", "*"]
    return [key, _NOUN, _NOUN, _COST, word.text, *noun, "*", word.text, "*", "*", "*", "*", "*"]
