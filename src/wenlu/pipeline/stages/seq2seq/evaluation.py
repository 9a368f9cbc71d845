"""A model from text to text on pairs of each split, beside answers that nobody had to learn."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.events import Events
from wenlu.bundle.decoding import Decoding
from wenlu.bundle.rewriter import Rewriter
from wenlu.bundle.seal import open_bundle
from wenlu.bundle.writer import Surprises, Written
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.language.measures import measure_variety
from wenlu.evaluation.seq2seq.facts import Example, Judged
from wenlu.evaluation.seq2seq.measures import Compared, Foretold, measure_foretold
from wenlu.evaluation.seq2seq.trivial import TRIVIAL
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.stages.candidate import BUNDLE
from wenlu.pipeline.stages.seq2seq.pairs import Pair, halves, itself
from wenlu.serving.runtimes import REWRITERS
from wenlu.storage.local import write_atomic

_FILE = "evaluation.json"
_FORETOLD, _ANSWERED = 2_000, 500  # pairs of a split at most, chosen by hash: answers take longer
_TOGETHER = 64
_LONGEST_ANSWER = 512  # ids
_EXAMPLES, _WORST, _SHOWN = 12, 6, 240


def evaluation_stage(candidate: Finished, dataset: DatasetVersion, *, aim: str) -> Stage:
    """How surely the model foretells targets it has never seen, and how alike its answers are to them."""

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        bundle = open_bundle(candidate.folder / BUNDLE)
        rewriter = Rewriter(bundle, REWRITERS["torch"](bundle))
        judged = _Judging(rewriter, dataset, events, itself if aim == "autoencode" else halves)()
        write_atomic(folder / _FILE, msgspec.json.encode(judged))
        for line in _lines(judged):
            events.result(line)
        own = judged.own
        return {"rouge_l": own.rouge_l.value, "chrf": own.chrf.value, "exact": own.exact.value}

    return Stage(
        name="evaluation",
        inputs={"candidate": candidate.fingerprint, "dataset": dataset.reference, "aim": aim},
        packages=("pipeline.stages.seq2seq", "base", "storage", "text", "bundle", "evaluation", "serving.runtimes"),
        make=make,
    )


def read_evaluation(stage: Finished) -> Judged:
    """What the stage found."""
    return msgspec.json.decode((stage.folder / _FILE).read_bytes(), type=Judged)


def _lines(judged: Judged) -> list[str]:
    own, surprise = judged.own, judged.test.perplexity
    trivial = "".join(f"; {name} {found.rouge_l.value:.1%}" for name, found in judged.trivial.items())
    example = judged.examples[0]
    return [
        f"test: ROUGE-L {own.rouge_l.value:.1%} ({own.rouge_l.low:.1%}-{own.rouge_l.high:.1%}){trivial}; chrF "
        f"{own.chrf.value:.1%}, letter for letter {own.exact.value:.1%} of {judged.answers:,}",
        f"test: perplexity {surprise.value:.2f} a token ({surprise.low:.2f}-{surprise.high:.2f})",
        f"example: {example.source[:60]} → {example.answer[:60]}",
    ]


class _Judging:
    """One model being judged."""

    def __init__(
        self, rewriter: Rewriter, dataset: DatasetVersion, events: Events, divided: Callable[[str], Pair]
    ) -> None:
        self._rewriter, self._dataset, self._events, self._divided = rewriter, dataset, events, divided

    def __call__(self) -> Judged:
        train, validation, test = (self._pairs(split) for split in ("train", "validation", "test"))
        asked = test[:_ANSWERED]
        written = self._answers([pair.source for pair in asked])
        answers, targets = [one.text for one in written], [pair.target for pair in asked]
        own = Compared.of(answers, targets)
        trivial = {} if self._divided is itself else self._trivial(asked, mean=_mean_length(train))
        rival = max(trivial, key=lambda name: trivial[name].rouge_l.mean(), default="")
        return Judged(
            train=self._foretold(train),
            validation=self._foretold(validation),
            test=self._foretold(test),
            answers=len(asked),
            own=own.likeness(),
            trivial={name: found.likeness() for name, found in trivial.items()},
            rival=rival,
            ahead=own.ahead_of(trivial[rival]) if rival else None,
            unended=sum(not one.ended for one in written) / len(written),
            written=measure_variety(answers),
            people=measure_variety(targets),
            examples=_examples(asked, answers, own.rouge_l, range(min(_EXAMPLES, len(asked)))),
            worst=_examples(asked, answers, own.rouge_l, np.argsort(own.rouge_l, kind="stable")[:_WORST].tolist()),
        )

    def _pairs(self, split: str) -> list[Pair]:
        """Pairs of a split by their hash, in that order; as the model reads and writes them."""
        chosen = heapq.nsmallest(_FORETOLD, self._dataset.texts(split), key=lambda text: text.id)
        pipeline = self._rewriter.bundle.pipeline
        return [Pair(*map(pipeline.normalized, self._divided(text.body))) for text in chosen]

    def _answers(self, sources: Sequence[str]) -> list[Written]:
        decoding = Decoding(length=min(self._rewriter.bundle.manifest.max_length, _LONGEST_ANSWER))
        answers: list[Written] = []
        for start in range(0, len(sources), _TOGETHER):
            answers += self._rewriter.rewrite(sources[start : start + _TOGETHER], decoding)
            self._events.progress(len(answers), len(sources))
        return answers

    def _foretold(self, pairs: Sequence[Pair]) -> Foretold:
        found = self._surprises(pairs)
        return measure_foretold(
            nats=found.nats, tokens=found.tokens, characters=_characters([pair.target for pair in pairs])
        )

    def _surprises(self, pairs: Sequence[Pair]) -> Surprises:
        parts = []
        for start in range(0, len(pairs), _TOGETHER):
            some = pairs[start : start + _TOGETHER]
            parts.append(self._rewriter.surprises([pair.source for pair in some], [pair.target for pair in some]))
            self._events.progress(min(start + _TOGETHER, len(pairs)), len(pairs))
        return Surprises(np.concatenate([part.nats for part in parts]), np.concatenate([part.tokens for part in parts]))

    @staticmethod
    def _trivial(pairs: Sequence[Pair], *, mean: int) -> dict[str, Compared]:
        targets = [pair.target for pair in pairs]
        return {
            name: Compared.of([answer(pair.source, characters=mean) for pair in pairs], targets)
            for name, answer in TRIVIAL.items()
        }


def _mean_length(pairs: Sequence[Pair]) -> int:
    """Characters of a target in the mean."""
    return max(1, round(float(_characters([pair.target for pair in pairs]).mean())))


def _characters(texts: Sequence[str]) -> NDArray[np.int64]:
    return np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))


def _examples(
    pairs: Sequence[Pair], answers: Sequence[str], alike: NDArray[np.float64], places: Sequence[int]
) -> tuple[Example, ...]:
    return tuple(
        Example(_shown(pairs[at].source), _shown(pairs[at].target), _shown(answers[at]), float(alike[at]))
        for at in places
    )


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
