"""Byte pairs merged by frequency (Sennrich, Haddow and Birch 2016), over the bytes of UTF-8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple

from wenlu.base.spec import Field
from wenlu.text.byte_level import byte_letters
from wenlu.text.counted import counted_characters, counted_runs, counted_words, trained
from wenlu.text.quick import Encode, quick_bpe
from wenlu.text.runs import runs as parts_of
from wenlu.text.subwords import SPECIAL, SubwordConfig, SubwordTokenizer, reference, tokenizer_json

# The cuts of a model that is read by every runtime (DeepSeek V3), so its exact wording is kept: fast encoders know it
# by its letters. Han and kana stay apart from all else; longer numbers are harmless, since no two digits ever merge.
_CUTS = (
    r"\p{N}{1,3}",
    "[一-龥\u3040-ゟ゠-ヿ]+",
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
)
_BYTES = 256
_MOST_CHARACTERS = 200_000  # more than Unicode has Han
_TOGETHER = 100_000  # characters encoded at once


class Born(NamedTuple):
    """A piece, and how often it was made: the order of byte pairs."""

    text: str
    times: int


class BpeTokenizer(SubwordTokenizer):
    """Byte-level: the alphabet is the 256 bytes, so there is nothing it can't say and no character list to choose.

    Learned with `sentencepiece`, three times as fast as with `tokenizers`, from counted runs. A piece is one or more
    whole characters, or the first bytes of one.
    """

    class Config(SubwordConfig):
        min_count: int = Field(2, ge=1, description="A pair seen less often is not merged")

    @classmethod
    def learn(cls, sample: Iterable[str], config: Any) -> bytes:
        room = config.max_size - len(SPECIAL) - _BYTES
        runs = counted_runs(sample)
        counts = counted_characters(runs, most=_MOST_CHARACTERS)
        characters = {character: count for character, count in counts.items() if count >= config.min_count}
        words = counted_words(runs, characters)
        pieces = _pieces(words, most=room, min_count=config.min_count) if words else []
        merges = _Merges(room)
        for born in _by_birth(characters, pieces):
            merges.make(born.text)
        return tokenizer_json(
            pre_tokenizer={"type": "Sequence", "pretokenizers": [*map(_split, _CUTS), _LETTERS]},
            decoder=_LETTERS,
            model={"type": "BPE", "vocab": merges.vocabulary(), "merges": merges.pairs()},
        )

    @classmethod
    def encoder(cls, content: bytes, model: Any) -> Encode:
        return quick_bpe(content, reference(model)) or reference(model)

    @classmethod
    def bytes_of(cls, piece: str) -> bytes:
        return bytes(map(byte_letters().__getitem__, piece))


def _pieces(words: Mapping[str, int], *, most: int, min_count: int) -> list[Born]:
    """At most so many pieces of two characters or more, in the order in which they were made."""
    characters = len(set("".join(words)))
    model = trained(words, kind="bpe", size=most + characters + 1)
    texts = [model.id_to_piece(number) for number in range(1, len(model))]
    texts = [text for text in texts if len(text) > 1]
    counts = _made(texts, _written(model, words))
    born = [Born(text, count) for text, count in zip(texts, counts, strict=True) if count >= min_count]
    lowest = accumulate((count for _, count in born), min)  # the trainer's order is kept where numbers differ a little
    return [Born(text, count) for (text, _), count in zip(born, lowest, strict=True)]


def _written(model: Any, words: Mapping[str, int]) -> dict[str, int]:
    """How often each piece is written when the words are."""
    numbers = [0] * len(model)
    for some in parts_of(list(words), characters=_TOGETHER):
        for word, ids in zip(some, model.encode(list(some)), strict=True):
            for number in ids:
                numbers[number] += words[word]
    return {model.id_to_piece(number): count for number, count in enumerate(numbers)}


def _made(texts: list[str], written: Mapping[str, int]) -> list[int]:
    """How often each was made: as often as it is written, and as often as those were made that are made of it."""
    order = {text: number for number, text in enumerate(texts)}
    counts = [written[text] for text in texts]
    for number in range(len(texts) - 1, -1, -1):
        for part in _made_of(texts[number], order):
            if part in order:
                counts[order[part]] += counts[number]
    return counts


def _made_of(text: str, order: Mapping[str, int]) -> tuple[str, ...]:
    """The two that it is made of: of all that are there before it, those that are there first."""

    def when(part: str) -> int:
        return -1 if len(part) == 1 else order.get(part, len(order))

    return min(_halves(text), key=lambda halves: max(map(when, halves)))


def _halves(text: str) -> Iterator[tuple[str, str]]:
    return ((text[:cut], text[cut:]) for cut in range(1, len(text)))


def _by_birth(characters: Mapping[str, int], pieces: Iterable[Born]) -> list[Born]:
    """Both kinds, the more frequent first; what something is made of stands before it."""
    everything = [*(Born(character, count) for character, count in characters.items()), *pieces]
    return sorted(everything, key=lambda born: -born.times)


class _Merges:
    """Pieces from bytes, at most so many, and which two make each."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._letters: dict[str, None] = {}  # of each piece, in the order in which they are made

    def make(self, text: str) -> None:
        """A character, with its beginnings, or a piece of characters that are there; nothing where there is no room."""
        letters = _lettered(text)
        wanted = [letters]
        if len(text) == 1:
            wanted = [beginning for end in range(2, len(letters) + 1) if not self._has(beginning := letters[:end])]
        if len(self._letters) + len(wanted) <= self._room and self._made_of_what_is_there(text):
            self._letters |= dict.fromkeys(wanted)

    def vocabulary(self) -> dict[str, int]:
        return {piece: number for number, piece in enumerate([*SPECIAL, *sorted(byte_letters()), *self._letters])}

    def pairs(self) -> list[tuple[str, str]]:
        """Every two that make a piece, in the order of the pieces."""
        return [halves for piece in self._letters for halves in _halves(piece) if all(map(self._has, halves))]

    def _has(self, letters: str) -> bool:
        return len(letters) == 1 or letters in self._letters

    def _made_of_what_is_there(self, text: str) -> bool:
        return len(text) == 1 or any(all(self._has(_lettered(half)) for half in halves) for halves in _halves(text))


def _split(cut: str) -> dict[str, object]:
    return {"type": "Split", "pattern": {"Regex": cut}, "behavior": "Isolated", "invert": False}


_LETTERS = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}


def _lettered(text: str) -> str:
    return text.encode().decode("latin-1").translate(_letter_of())


@cache
def _letter_of() -> dict[int, str]:
    return {byte: letter for letter, byte in byte_letters().items()}
