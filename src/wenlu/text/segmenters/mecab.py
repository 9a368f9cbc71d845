"""Japanese words by MeCab with UniDic."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from wenlu.base.errors import WenluError, missing_package
from wenlu.text.dictionary import Dictionary, DictionaryConfig, as_csv, own_words
from wenlu.text.parts import parts
from wenlu.text.segment import version_of

_LONGEST = 100_000  # characters at once: MeCab's lattice takes about a kilobyte for each
_NUL = re.compile("(\0)")
_NOUN = 5145  # the context of 名詞,普通名詞,一般 in UniDic
_COST = -10_000  # so low that a word of the user's wins over any path through smaller ones
# MeCab ends the process on any mistake, so it compiles in one of its own.
_COMPILE = "import sys, fugashi; fugashi.build_dictionary(sys.argv[1])"


class Mecab:
    """UniDic's short units, as unidic-lite has them. What MeCab drops, white space, is a piece here."""

    class Config(DictionaryConfig):
        """The words of a user dictionary are kept whole."""

    apart = ""  # every piece is chosen by its neighbours

    def __init__(self, config: Config, dictionary: Dictionary | None = None) -> None:
        try:
            import fugashi  # both belong to an optional extra
            import unidic_lite
        except ImportError:
            raise missing_package("fugashi and unidic-lite", extra="ja") from None
        self.dictionary = own_words(config, dictionary)
        arguments = f'-r "{unidic_lite.DICDIR}/mecabrc" -d "{unidic_lite.DICDIR}"'
        with tempfile.TemporaryDirectory() as folder:  # a mapped dictionary needs no name any more
            if self.dictionary:
                arguments += f' -u "{_compiled(self.dictionary, Path(folder), unidic_lite.DICDIR)}"'
            self._tagger = fugashi.GenericTagger(arguments)
        self.version = version_of("fugashi", "unidic-lite")

    def __call__(self, text: str) -> list[str]:
        return list(chain.from_iterable(map(self._cut, _readable(text))))

    def _cut(self, text: str) -> Iterator[str]:
        """Words and, between them, the white space that MeCab leaves out."""
        if text == "\0":
            yield text
            return
        place = 0
        for node in self._tagger.parseToNodeList(text):
            surface: str = node.surface
            start = text.index(surface, place)
            if start > place:
                yield text[place:start]
            yield surface
            place = start + len(surface)
        if place < len(text):
            yield text[place:]


def _readable(text: str) -> Iterator[str]:
    """`text` in parts that MeCab takes: not too long, and without the NUL at which it would stop."""
    for part in parts(text, longest=_LONGEST):
        yield from filter(None, _NUL.split(part))


def _compiled(dictionary: Dictionary, folder: Path, system: str) -> Path:
    lexicon, compiled = folder / "words.csv", folder / "words.dic"
    rows = ((word.text, _NOUN, _NOUN, _COST, "名詞", "普通名詞", "一般", "*") for word in dictionary.words)
    lexicon.write_text(as_csv(rows), encoding="utf-8")
    arguments = f'build -d "{system}" -u "{compiled}" -f utf-8 -t utf-8 "{lexicon}"'
    done = subprocess.run([sys.executable, "-c", _COMPILE, arguments], capture_output=True, text=True, check=False)
    if done.returncode or not compiled.exists():
        raise WenluError("bad_dictionary", f"MeCab can't compile the user dictionary: {done.stderr.strip()[-300:]}")
    return compiled
