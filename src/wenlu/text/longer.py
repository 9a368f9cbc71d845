"""A tokenizer that exists, with further pieces learned from one's own texts.

Every id keeps its meaning, and a text in which no new piece stands keeps its ids. Byte pairs are merged further, from
what the tokenizer makes of the texts, by merges that come after all of its own; a WordPiece file, which cuts between
any two ideographs, gets words that are looked for before it cuts.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from wenlu.base.errors import WenluError
from wenlu.base.spec import Field, Spec
from wenlu.text.byte_level import byte_letters
from wenlu.text.grown import Grown, grown_files, read_grown
from wenlu.text.pipeline import TextPipeline, tokenizer_component
from wenlu.text.sample import Sample
from wenlu.text.scripts import HAN, HIRAGANA, KATAKANA
from wenlu.text.subwords import FILE, parsed

_LONGEST = 48  # letters of a piece: sixteen ideographs as bytes
_CJK = re.compile(f"[{HAN}]+|[{HIRAGANA}ー]+|[{KATAKANA}ー]+")
_WORD = re.compile(r"[A-Za-zÀ-ɏ]{2,}")
_SPACES = ("Ġ", "▁", " ")

Unit = tuple[str, ...]


class ExtendConfig(Spec):
    """How many pieces are added, and to what they have to amount."""

    pieces: int = Field(1000, ge=1, le=100_000, description="New pieces at most, the most frequent ones")
    min_count: int = Field(10, ge=2, description="A piece seen less often in the sample is not added")
    sample_characters: int = Field(
        5_000_000, ge=10_000, le=1_000_000_000, description="Learns from this many characters at most, chosen by hash"
    )


class Merge(NamedTuple):
    """Two pieces that stand side by side so often."""

    first: str
    second: str
    times: int


def longer(pipeline: TextPipeline, texts: Iterable[str], config: ExtendConfig) -> TextPipeline:
    """The same with further pieces learned from cleaned texts.

    Raises WenluError: `can_not_grow` for a kind of tokenizer that can't be lengthened, `nothing_new` where no piece is
    frequent enough.
    """
    files = pipeline.tokenizer.to_files()
    if FILE not in files:
        raise _can_not("what cuts by a dictionary")
    content, grown = lengthened(files[FILE], map(pipeline.normalize, texts), config)
    files |= {FILE: content, **grown_files(grown.behind(read_grown(files)))}
    named = tokenizer_component(pipeline.config)
    return TextPipeline(named.kind.from_files(files, named.config), pipeline.config, clean=pipeline.clean.steps)


def lengthened(content: bytes, texts: Iterable[str], config: ExtendConfig) -> tuple[bytes, Grown]:
    """A `tokenizer.json` with further pieces learned from normalised texts, and what they are; raises as `longer`."""
    kind = (msgspec.json.decode(content).get("model") or {}).get("type")
    grow = {"BPE": _with_merges, "WordPiece": _with_words}.get(str(kind))
    if grow is None:
        raise _can_not(str(kind))
    content_now, grown = grow(content, Sample(texts, characters=config.sample_characters), config)
    if not grown.parts:
        raise WenluError(
            "nothing_new",
            f"No piece stands {config.min_count} times in the training texts that is not a single id already.",
            hint="Lower text.extend.min_count, or leave text.extend out.",
        )
    _check(content, content_now, grown)
    return content_now, grown


def _can_not(kind: str) -> WenluError:
    return WenluError(
        "can_not_grow",
        f"A tokenizer of this kind ({kind}) can't be lengthened.",
        hint="Byte pairs (bpe, and the tokenizer.json of most decoders) and WordPiece (BERT's) can.",
    )


def merges(counts: Mapping[Unit, int], *, most: int, least: int, known: Iterable[str]) -> list[Merge]:
    """The pairs to merge one after the other, always the most frequent; of equals the first by their letters.

    A pair that would make a `known` piece is left as it is.
    """
    learner = _Learner(counts, known=frozenset(known))
    found: list[Merge] = []
    while len(found) < most and (best := learner.best()) is not None and best.times >= least:
        learner.merge(best)
        found.append(best)
    return found


class _Learner:
    """Sequences of pieces and how often each stands, merged in place."""

    def __init__(self, counts: Mapping[Unit, int], *, known: frozenset[str]) -> None:
        self._known = set(known)
        self._rows = [list(row) for row in counts]
        self._times = list(counts.values())
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._where: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        for number, row in enumerate(self._rows):
            self._count(number, row, 1)
        self._heap = [(-count, pair) for pair, count in self._pairs.items()]
        heapq.heapify(self._heap)

    def best(self) -> Merge | None:
        while self._heap:
            count, pair = heapq.heappop(self._heap)
            new = "".join(pair)
            if -count == self._pairs[pair] and new not in self._known and len(new) <= _LONGEST:
                return Merge(*pair, -count)
        return None

    def merge(self, pair: Merge) -> None:
        new = pair.first + pair.second
        self._known.add(new)
        touched: set[tuple[str, str]] = set()
        for number in list(self._where[pair.first, pair.second]):
            row = self._rows[number]
            touched |= set(pairwise(row))
            self._count(number, row, -1)
            merged = self._rows[number] = _merged(row, pair.first, pair.second)
            self._count(number, merged, 1)
            touched |= set(pairwise(merged))
        for other in touched:
            if self._pairs[other] > 0:
                heapq.heappush(self._heap, (-self._pairs[other], other))

    def _count(self, number: int, row: list[str], sign: int) -> None:
        for pair in pairwise(row):
            self._pairs[pair] += sign * self._times[number]
            (self._where[pair].add if sign > 0 else self._where[pair].discard)(number)


def _merged(row: list[str], first: str, second: str) -> list[str]:
    found: list[str] = []
    for piece in row:
        if found and piece == second and found[-1] == first:
            found[-1] = first + second
        else:
            found.append(piece)
    return found


def _with_merges(content: bytes, sample: Iterable[str], config: ExtendConfig) -> tuple[bytes, Grown]:
    """Byte pairs: merges behind all others."""
    data = msgspec.json.decode(content)
    model, vocabulary = data["model"], dict(data["model"]["vocab"])
    # Special tokens join the vocabulary: else the library would number them anew, behind the new pieces.
    vocabulary |= {token["content"]: token["id"] for token in data.get("added_tokens") or []}
    size = max(vocabulary.values()) + 1
    bytewise = b"ByteLevel" in msgspec.json.encode(data.get("pre_tokenizer"))
    runs = _runs(parsed(content), sample, bytewise=bytewise)
    found = merges(runs, most=config.pieces, least=config.min_count, known=vocabulary)
    parts: dict[str, list[int]] = {}
    for merge in found:
        halves = [parts.get(half) or [vocabulary[half]] for half in (merge.first, merge.second)]
        parts[merge.first + merge.second] = halves[0] + halves[1]
    in_one = bool(model["merges"]) and isinstance(model["merges"][0], str)
    new = [f"{one.first} {one.second}" if in_one else [one.first, one.second] for one in found]
    model["vocab"] = vocabulary | {piece: size + number for number, piece in enumerate(parts)}
    model["merges"] = [*model["merges"], *new]
    return msgspec.json.encode(data), Grown(size=size, parts=list(parts.values()))


def _runs(model: Any, sample: Iterable[str], *, bytewise: bool) -> Counter[Unit]:
    """Of each stretch of letters the pieces that it is written with now, and how often it stands in the sample. No new
    piece will reach over the ends of a stretch."""
    letters = byte_letters()
    words: Counter[str] = Counter()
    for text in sample:
        normal = model.normalizer.normalize_str(text) if model.normalizer else text
        cut = model.pre_tokenizer
        words.update([word for word, _ in cut.pre_tokenize_str(normal)] if cut else [normal])
    runs: Counter[Unit] = Counter()
    for word, count in words.items():
        pieces = [token.value for token in model.model.tokenize(word)]
        for run in _stretches([(piece, _shown(piece, letters) if bytewise else piece) for piece in pieces]):
            runs[run] += count
    return runs


def _stretches(pieces: Iterable[tuple[str, str]]) -> Iterator[Unit]:
    """Pieces, each with what it says, cut before every space and around all that is not of letters."""
    run: list[str] = []
    for piece, shown in pieces:
        if shown[:1] in _SPACES or not _of_letters(shown):
            yield from _long(run)
            run = []
        if _of_letters(shown):
            run.append(piece)
    yield from _long(run)


def _long(run: list[str]) -> Iterator[Unit]:
    if len(run) > 1:
        yield tuple(run)


def _shown(piece: str, letters: Mapping[str, int]) -> str:
    """What a piece of bytes says; a part of a character counts as a letter."""
    if not all(letter in letters for letter in piece):
        return piece
    return bytes(letters[letter] for letter in piece).decode("utf-8", "ignore") or "字"


def _of_letters(shown: str) -> bool:
    bare = shown[1:] if shown[:1] in _SPACES else shown
    return bool(bare) and all(character.isalpha() for character in bare)


def _with_words(content: bytes, sample: Iterable[str], config: ExtendConfig) -> tuple[bytes, Grown]:
    """WordPiece: words that are found before texts are cut; of letters whole words, of ideographs and kana frequent
    sequences."""
    from tokenizers import AddedToken

    model = parsed(content)
    known = model.get_vocab(with_added_tokens=True)
    runs: Counter[Unit] = Counter()
    words: Counter[str] = Counter()
    for text in sample:
        runs.update(tuple(found.group()) for found in _CJK.finditer(text) if len(found.group()) > 1)
        words.update(_WORD.findall(text))
    unknown = known.get(msgspec.json.decode(content)["model"].get("unk_token") or "")
    found = merges(runs, most=config.pieces, least=config.min_count, known=known)
    frequent = {one.first + one.second: one.times for one in found}
    frequent |= {word: times for word, times in words.items() if times >= config.min_count}
    parts: dict[str, list[int]] = {}
    for piece in sorted(frequent, key=lambda piece: (-frequent[piece], piece)):
        ids = model.encode(piece, add_special_tokens=False).ids
        if len(ids) > 1 and unknown not in ids and len(parts) < config.pieces:
            parts[piece] = ids
    size = max(known.values()) + 1
    model.add_tokens([AddedToken(piece, normalized=False, single_word=bool(_WORD.match(piece))) for piece in parts])
    return model.to_str().encode(), Grown(size=size, parts=list(parts.values()))


def _check(before: bytes, now: bytes, grown: Grown) -> None:
    """Raises WenluError `can_not_grow` if the library numbers a piece otherwise than was meant."""
    old, new = (parsed(content).get_vocab(with_added_tokens=True) for content in (before, now))
    added = sorted(number for piece, number in new.items() if piece not in old)
    kept = all(new.get(piece) == number for piece, number in old.items())
    if not kept or added != list(range(grown.size, grown.size + len(grown.parts))):
        raise WenluError("can_not_grow", "The ids of this tokenizer leave no room behind them for new ones.")
