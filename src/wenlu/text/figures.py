"""What a text pipeline does to given texts, in figures: what people compare tokenizers by."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence

import msgspec

from wenlu.text.pipeline import TextPipeline
from wenlu.text.scripts import HAN, HIRAGANA, KATAKANA

_SCRIPTS = (
    ("han", re.compile(f"[{HAN}]")),
    ("hiragana", re.compile(f"[{HIRAGANA}]")),
    ("katakana", re.compile(f"[{KATAKANA}]")),
    ("latin", re.compile("[A-Za-zÀ-ɏ]")),
    ("digits", re.compile(r"\d")),
)
_TOGETHER = 256


class ShownPiece(msgspec.Struct, frozen=True):
    """A piece of the example."""

    text: str
    id: int


class PipelineFigures(msgspec.Struct, frozen=True):
    """Shares are of 1. Speed is that of normalising and encoding in one process, and is an estimate."""

    name: str
    tokenizer: str
    size: int
    texts: int
    characters_per_id: float
    oov: float
    """Share of ids that stand for something unknown."""
    coverage: dict[str, float]
    """Of each script the share of characters in pieces that are known."""
    round_trip: float
    """Share of texts that come back from their ids as they were, after normalising."""
    ids_per_second: float
    megabytes_per_second: float
    file_bytes: int
    example: list[ShownPiece]


def figures_of(pipeline: TextPipeline, texts: Sequence[str], *, name: str, example: str) -> PipelineFigures:
    """Of `pipeline` on `texts`, at least one of which is not empty."""
    started = time.perf_counter()
    ids = [row for start in range(0, len(texts), _TOGETHER) for row in _encoded(pipeline, texts, start)]
    seconds = time.perf_counter() - started
    total = sum(map(len, ids))
    unknown = sum(row.count(pipeline.tokenizer.unk_id) for row in ids)
    normalized = [pipeline.normalized(text) for text in texts]
    back = sum(pipeline.tokenizer.decode(row) == text for row, text in zip(ids, normalized, strict=True))
    return PipelineFigures(
        name=name,
        tokenizer=pipeline.tokenizer.version,
        size=pipeline.tokenizer.size,
        texts=len(texts),
        characters_per_id=sum(map(len, normalized)) / max(total, 1),
        oov=unknown / max(total, 1),
        coverage=_coverage(pipeline, normalized),
        round_trip=back / max(len(texts), 1),
        ids_per_second=total / seconds,
        megabytes_per_second=sum(len(text.encode()) for text in texts) / seconds / 1e6,
        file_bytes=sum(map(len, pipeline.tokenizer.to_files().values())),
        example=shown_pieces(pipeline, example),
    )


def shown_pieces(pipeline: TextPipeline, text: str) -> list[ShownPiece]:
    """The pieces of `text` after normalising, as the tokenizer sees them."""
    normalized = pipeline.normalized(text)
    return [ShownPiece(normalized[piece.start : piece.end], piece.id) for piece in pipeline.tokenizer.cut(normalized)]


def _encoded(pipeline: TextPipeline, texts: Sequence[str], start: int) -> list[list[int]]:
    return pipeline.tokenizer.encode_batch([pipeline.normalized(text) for text in texts[start : start + _TOGETHER]])


def _coverage(pipeline: TextPipeline, texts: Sequence[str]) -> dict[str, float]:
    seen: Counter[str] = Counter()
    known: Counter[str] = Counter()
    for text in texts:
        for piece in pipeline.tokenizer.cut(text):
            found = _scripts(text[piece.start : piece.end])
            seen += found
            if piece.id != pipeline.tokenizer.unk_id:
                known += found
    return {script: known[script] / seen[script] for script, _ in _SCRIPTS if seen[script]}


def _scripts(piece: str) -> Counter[str]:
    return Counter({script: count for script, pattern in _SCRIPTS if (count := len(pattern.findall(piece)))})
