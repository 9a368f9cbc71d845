"""A user's own words, which a segmenter keeps whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wenlu.base.errors import WenluError
from wenlu.base.spec import Field, Spec

_MOST_BYTES = 32 * 2**20
_MOST_WORDS = 500_000
_LONGEST = 100


class DictionaryConfig(Spec):
    """What segmenters with a user dictionary share."""

    dictionary: str = Field(
        "", description="A UTF-8 file of your own words, a `word [frequency] [tag]` a line; kept in the tokenizer"
    )


@dataclass(frozen=True, slots=True)
class Word:
    """A word as texts have it after normalisation. Frequency and tag are jieba's; the other segmenters ignore them."""

    text: str
    frequency: int | None = None
    tag: str | None = None


class Dictionary:
    """Words in jieba's format: `word`, `word 100`, `word n` or `word 100 n` a line.

    >>> Dictionary("文炉 100 n\\n質問箱\\n".encode()).words
    (Word(text='文炉', frequency=100, tag='n'), Word(text='質問箱', frequency=None, tag=None))
    """

    def __init__(self, content: bytes, *, name: str = "dictionary") -> None:
        """Raises WenluError `bad_dictionary` for what is no such file or more than 32 MB or 500,000 words."""
        if len(content) > _MOST_BYTES:
            raise _bad(f"{name} has {len(content):,} bytes; {_MOST_BYTES:,} is the most.")
        self.content = content
        self.words = tuple(_words(_lines(content, name=name), name=name))
        if not 0 < len(self.words) <= _MOST_WORDS:
            raise _bad(f"{name} has {len(self.words):,} words; 1 to {_MOST_WORDS:,} are possible.")

    @classmethod
    def read(cls, path: str) -> Dictionary:
        """The dictionary in the file at `path`."""
        try:
            with Path(path).open("rb") as file:
                return cls(file.read(_MOST_BYTES + 1), name=path)
        except (OSError, ValueError) as error:
            raise _bad(f"The user dictionary {path} can't be read: {error}.") from None


def own_words(config: DictionaryConfig, given: Dictionary | None) -> Dictionary | None:
    """The dictionary that was saved with the tokenizer, else the file that the settings name, if they do."""
    if given is None and config.dictionary:
        return Dictionary.read(config.dictionary)
    return given


def as_csv(rows: Iterable[Sequence[object]]) -> str:
    """The lexicon of a Japanese analyser, which is compiled from CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _lines(content: bytes, *, name: str) -> list[str]:
    try:
        return content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise _bad(f"{name} is not UTF-8: byte {error.start} can't be read.") from None


def _words(lines: Iterable[str], *, name: str) -> Iterator[Word]:
    for number, line in enumerate(lines, start=1):
        if fields := line.split():
            yield _word(fields, where=f"{name}, line {number}")


def _word(fields: list[str], *, where: str) -> Word:
    text, *rest = fields
    if len(text) > _LONGEST or not text.isprintable():
        raise _bad(f"{where}: a word has at most {_LONGEST} characters that can be seen.")
    frequency = int(rest.pop(0)) if rest and rest[0].isascii() and rest[0].isdigit() and len(rest[0]) < 10 else None
    if len(rest) > 1 or (rest and not rest[0].isascii()) or (rest and rest[0][:1].isdigit()):
        raise _bad(f"{where}: should be a word, then a frequency and a tag if you like, with spaces between.")
    return Word(text, frequency, rest[0] if rest else None)


def _bad(message: str) -> WenluError:
    return WenluError("bad_dictionary", message, hint="Write one `word [frequency] [tag]` a line, in UTF-8.")
