"""A language model on texts of each split, beside an n-gram model of the same training texts."""

from __future__ import annotations

import heapq
from itertools import accumulate, takewhile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.events import Events
from wenlu.bundle.sampling import Sampling
from wenlu.bundle.seal import open_bundle
from wenlu.bundle.writer import Surprises, Writer
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.language.facts import Judged, Sample, StrangeText
from wenlu.evaluation.language.measures import Surprise, difference_interval, measure_surprise, measure_variety
from wenlu.evaluation.language.ngram import Ngram
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.stages.candidate import BUNDLE
from wenlu.serving.runtimes import WRITERS
from wenlu.storage.local import write_atomic

EVALUATION = "evaluation.json"
_TEXTS, _CHARACTERS = 3_000, 300_000  # of a split, at most: chosen by hash
_LONGEST = 20_000  # characters of a text that are read
_TOGETHER = 64
_SAMPLES, _PROMPT = 12, 5  # characters of a prompt
_SAMPLING = Sampling(length=96, temperature=0.8, top_p=0.9)
_STRANGE, _SHOWN, _LEAST_CHARACTERS = 10, 200, 10


def evaluation_stage(candidate: Finished, dataset: DatasetVersion) -> Stage:
    """How surprised the model is by texts it has never seen, how much less than counting, and how it writes."""

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        bundle = open_bundle(candidate.folder / BUNDLE)
        judged = _Judging(Writer(bundle, WRITERS["torch"](bundle)), dataset, events)()
        write_atomic(folder / EVALUATION, msgspec.json.encode(judged))
        test, counting = judged.test, judged.counting
        low, high = test.bits_per_character_interval
        events.result(
            f"test: {test.bits_per_character:.3f} bits a character ({low:.3f}-{high:.3f}), perplexity "
            f"{test.perplexity:.1f} a token; counting n-grams {counting.bits_per_character:.3f}"
        )
        events.result(f"sample: {judged.samples[0].prompt}|{judged.samples[0].text}")
        return {"bits_per_character": test.bits_per_character, "perplexity": test.perplexity}

    return Stage(
        name="evaluation",
        inputs={"candidate": candidate.fingerprint, "dataset": dataset.reference},
        packages=("pipeline.stages.generate", "base", "storage", "text", "bundle", "evaluation", "serving.runtimes"),
        make=make,
    )


def read_evaluation(stage: Finished) -> Judged:
    """What the stage found."""
    return msgspec.json.decode((stage.folder / EVALUATION).read_bytes(), type=Judged)


class _Judging:
    """One model being judged."""

    def __init__(self, writer: Writer, dataset: DatasetVersion, events: Events) -> None:
        self._writer, self._dataset, self._events = writer, dataset, events

    def __call__(self) -> Judged:
        texts = {split: chosen_texts(self._dataset, split) for split in ("train", "validation", "test")}
        found = {split: self._surprises(bodies) for split, bodies in texts.items()}
        test = texts["test"]
        ngram = Ngram(map(self._writer.bundle.pipeline.normalized, self._dataset.bodies("train")))
        counted = ngram.surprise([self._writer.bundle.pipeline.normalized(body) for body in test])
        low, high = difference_interval(counted, found["test"].nats, characters_of(test))
        samples = [self._sample(body, number) for number, body in enumerate(test[:_SAMPLES])]
        people = [body[: len(sample.text)] for body, sample in zip(test, samples, strict=False)]
        return Judged(
            train=measured(texts["train"], found["train"]),
            validation=measured(texts["validation"], found["validation"]),
            test=measured(test, found["test"]),
            counting=measured(test, Surprises(counted, characters_of(test) + 1)),
            gain=(low, high),
            own=measure_variety([sample.text for sample in samples]),
            people=measure_variety(people),
            samples=tuple(samples),
            strangest=strangest(test, found["test"].nats),
        )

    def _surprises(self, bodies: list[str]) -> Surprises:
        parts = []
        for start in range(0, len(bodies), _TOGETHER):
            parts.append(self._writer.surprises(bodies[start : start + _TOGETHER]))
            self._events.progress(min(start + _TOGETHER, len(bodies)), len(bodies))
        return Surprises(np.concatenate([part.nats for part in parts]), np.concatenate([part.tokens for part in parts]))

    def _sample(self, body: str, number: int) -> Sample:
        prompt = body[:_PROMPT]
        return Sample(prompt, self._writer.write(prompt, _SAMPLING.model_copy(update={"seed": number})).text)


def chosen_texts(dataset: DatasetVersion, split: str) -> list[str]:
    """Texts of a split by their hash, as many as there is patience for, in that order."""
    chosen = heapq.nsmallest(_TEXTS, dataset.texts(split), key=lambda text: text.id)
    bodies = [text.body[:_LONGEST] for text in chosen]
    sizes = list(takewhile(lambda total: total <= _CHARACTERS, accumulate(map(len, bodies))))
    return bodies[: max(len(sizes), 1)]


def characters_of(texts: list[str]) -> NDArray[np.int64]:
    """How many each has [N]."""
    return np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))


def measured(texts: list[str], found: Surprises) -> Surprise:
    """The measures of texts that surprised a model so much."""
    bytes_ = np.fromiter((len(text.encode()) for text in texts), dtype=np.int64, count=len(texts))
    return measure_surprise(nats=found.nats, tokens=found.tokens, characters=characters_of(texts), bytes_=bytes_)


def strangest(texts: list[str], nats: NDArray[np.float64]) -> tuple[StrangeText, ...]:
    """The texts that need most bits a character; very short ones need many whatever they say."""
    bits = nats / np.log(2) / np.maximum(characters_of(texts), 1)
    order = [place for place in np.argsort(-bits).tolist() if len(texts[place]) >= _LEAST_CHARACTERS]
    return tuple(StrangeText(texts[place][:_SHOWN], float(bits[place])) for place in order[:_STRANGE])
