"""A model that answers on conversations of each split, beside an n-gram model of the same training answers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from wenlu.base.events import Events
from wenlu.bundle.chat import Chat
from wenlu.bundle.sampling import Sampling
from wenlu.bundle.seal import open_bundle
from wenlu.bundle.writer import Surprises
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.language.facts import Judged, Sample
from wenlu.evaluation.language.measures import difference_interval, measure_variety
from wenlu.evaluation.language.ngram import Ngram
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.stages.candidate import BUNDLE
from wenlu.pipeline.stages.generate.evaluation import (
    EVALUATION,
    characters_of,
    chosen_texts,
    measured,
    strangest,
)
from wenlu.serving.runtimes import WRITERS
from wenlu.storage.local import write_atomic
from wenlu.text.chat.conversation import Turn, answers_of, turns_of

_TOGETHER = 32
_SAMPLES, _SHOWN = 12, 400
_SAMPLING = Sampling(length=160, temperature=0.7, top_p=0.9)


def evaluation_stage(candidate: Finished, dataset: DatasetVersion) -> Stage:
    """How surprised the model is by answers it has never seen, how much less than counting, and how it answers."""

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        bundle = open_bundle(candidate.folder / BUNDLE)
        judged = _Judging(Chat(bundle, WRITERS["torch"](bundle)), dataset, events)()
        write_atomic(folder / EVALUATION, msgspec.json.encode(judged))
        test, counting = judged.test, judged.counting
        low, high = test.bits_per_character_interval
        events.result(
            f"answers of test: {test.bits_per_character:.3f} bits a character ({low:.3f}-{high:.3f}), perplexity "
            f"{test.perplexity:.1f} a token; counting n-grams {counting.bits_per_character:.3f}"
        )
        for sample in judged.samples[:2]:
            events.result(f"sample: {_line(sample.prompt)} → {_line(sample.text)}")
        return {"bits_per_character": test.bits_per_character, "perplexity": test.perplexity}

    return Stage(
        name="evaluation",
        inputs={"candidate": candidate.fingerprint, "dataset": dataset.reference},
        packages=(
            "pipeline.stages.chat",
            "pipeline.stages.generate",
            "base",
            "storage",
            "text",
            "bundle",
            "evaluation",
            "serving.runtimes",
        ),
        make=make,
    )


class _Judging:
    """One model being judged. Of a conversation its answers count, one text a conversation."""

    def __init__(self, chat: Chat, dataset: DatasetVersion, events: Events) -> None:
        self._chat, self._dataset, self._events = chat, dataset, events

    def __call__(self) -> Judged:
        bodies = {split: chosen_texts(self._dataset, split) for split in ("train", "validation", "test")}
        answers = {split: list(map(self._answers, chosen)) for split, chosen in bodies.items()}
        found = {split: self._surprises(chosen) for split, chosen in bodies.items()}
        test = answers["test"]
        counted = Ngram(map(self._answers, self._dataset.bodies("train"))).surprise(test)
        low, high = difference_interval(counted, found["test"].nats, characters_of(test))
        samples = list(self._samples(bodies["validation"]))
        return Judged(
            train=measured(answers["train"], found["train"]),
            validation=measured(answers["validation"], found["validation"]),
            test=measured(test, found["test"]),
            counting=measured(test, Surprises(counted, characters_of(test) + 1)),
            gain=(low, high),
            own=measure_variety([sample.text for sample in samples]),
            people=measure_variety([sample.people[: len(sample.text)] for sample in samples]),
            samples=tuple(samples),
            strangest=strangest(test, found["test"].nats),
            answers=True,
        )

    def _answers(self, body: str) -> str:
        """All answers of a conversation as the tokenizer sees them, a line each."""
        return "\n".join(map(self._chat.bundle.pipeline.normalized, answers_of(body)))

    def _surprises(self, bodies: list[str]) -> Surprises:
        parts = []
        for start in range(0, len(bodies), _TOGETHER):
            parts.append(self._chat.surprises(list(map(turns_of, bodies[start : start + _TOGETHER]))))
            self._events.progress(min(start + _TOGETHER, len(bodies)), len(bodies))
        return Surprises(np.concatenate([part.nats for part in parts]), np.concatenate([part.tokens for part in parts]))

    def _samples(self, bodies: list[str]) -> Iterator[Sample]:
        """Answers to the first questions that leave room for one, with what was answered by people."""
        asked = ((turns, _first_question(turns)) for turns in map(turns_of, bodies))
        answerable = ((turns, first) for turns, first in asked if self._chat.can_answer(first, _SAMPLING))
        for number, (turns, first) in enumerate(islice(answerable, _SAMPLES)):
            answer = self._chat.answer(first, _SAMPLING.model_copy(update={"seed": number}))
            yield Sample(first[-1].content[:_SHOWN], answer.text, people=turns[len(first)].content[:_SHOWN])


def _first_question(turns: list[Turn]) -> list[Turn]:
    """What stands before the first answer."""
    return turns[: next(place for place, turn in enumerate(turns) if turn.role == "assistant")]


def _line(text: str) -> str:
    return " ".join(text.split())
