"""A form of a bundle: what a method made, exported, with recorded answers of its own, and sealed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wenlu.base.component import component
from wenlu.base.errors import WenluError
from wenlu.bundle.export import EXPORTS
from wenlu.bundle.manifest import GOLDEN, ONNX, TEXT, WEIGHTS, Description
from wenlu.bundle.parity import Golden, golden_bytes, read_golden, tolerance_for
from wenlu.bundle.predict import Predictor, Runtime, as_numbers
from wenlu.bundle.seal import Bundle, open_bundle, seal
from wenlu.compression import METHODS
from wenlu.compression.means import Means, Method, description_of
from wenlu.storage.local import write_atomic

_LEAST_QUANTIZED, _MOST_QUANTIZED = 1e-3, 1e-2
"""How far an answer of a quantised form may be from its own recorded one: a rounding that falls to the other side, as
one may on another processor, moves an answer more than an addition in another order does."""


@dataclass(frozen=True, slots=True)
class Step:
    """A method with its settings, and how people write it: `vocabulary` or `prune,share=0.5`."""

    said: str
    method: Method


def step(said: str, settings: dict[str, object]) -> Step:
    """Raises WenluError for an unknown method or setting."""
    named = component(METHODS, settings, where=f"method {said}")
    return Step(said, named.kind(named.config))


class Forms:
    """The forms of one bundle. What several chains begin with is made once."""

    def __init__(self, parent: Bundle, means: Means) -> None:
        self._parent = parent
        self._means = means
        self._made: dict[tuple[str, ...], Bundle] = {}

    def make(self, chain: Sequence[Step]) -> Bundle:
        """The sealed bundle, in the folder for work, that the steps, one after the other, make of the parent.

        Its lineage names the parent and the steps. Raises WenluError where a step can't be taken, or `unsteady` where
        the answers of the outcome depend on what else is asked.
        """
        now = self._parent
        for number, one in enumerate(chain, 1):
            way = tuple(step.said for step in chain[:number])
            if way not in self._made:
                folder = self._means.work / str(len(self._made))
                self._made[way] = _told(_made(now, one, folder, self._means), self._parent, chain[:number])
            now = self._made[way]
        return now


def _made(parent: Bundle, one: Step, folder: Path, means: Means) -> Bundle:
    shutil.rmtree(folder, ignore_errors=True)  # of a step that failed
    folder.mkdir(parents=True)
    description = one.method(parent, folder, means)
    if not (folder / TEXT).exists():
        shutil.copytree(parent.folder / TEXT, folder / TEXT)
    texts = [row.text for row in read_golden(parent)]
    if (folder / WEIGHTS).exists():
        return _sealed_with_weights(folder, description, texts, means)
    return _sealed_without(folder, description, texts, means)


def _sealed_with_weights(folder: Path, description: Description, texts: list[str], means: Means) -> Bundle:
    """As a trained model: torch says the answers, the export must give them."""
    seal(folder, description)
    if not (folder / ONNX).exists():
        EXPORTS["onnx"](folder)
        seal(folder, description)
    rows = _recorded(folder, description, texts, means.torch(open_bundle(folder)))
    bundle = open_bundle(folder)
    exported = Predictor(bundle, means.onnx(bundle)).predict(texts)
    tolerance = tolerance_for(rows, list(map(as_numbers, exported)), unit=_unit(description))
    return _sealed(folder, description, tolerance)


def _sealed_without(folder: Path, description: Description, texts: list[str], means: Means) -> Bundle:
    """The export itself says the answers, and must give them again in any company."""
    seal(folder, description)
    bundle = open_bundle(folder)
    runtime, unit = means.onnx(bundle), _unit(description)
    rows = _recorded(folder, description, texts, runtime)
    alone = [as_numbers(one) for text in texts for one in Predictor(bundle, runtime).predict([text])]
    try:
        tolerance = tolerance_for(rows, alone, unit=unit, most=_MOST_QUANTIZED)
    except WenluError as error:
        raise WenluError(
            "unsteady",
            f"Its answers depend on what else is asked at the same time: {error.message}",
            hint="int8, whose ranges are fixed, has not this fault.",
        ) from None
    return _sealed(folder, description, max(unit * _LEAST_QUANTIZED, tolerance))


def _recorded(folder: Path, description: Description, texts: list[str], runtime: Runtime) -> list[Golden]:
    bundle = open_bundle(folder)
    ids, answers = bundle.pipeline.encode(texts), Predictor(bundle, runtime).predict(texts)
    rows = [Golden.of(text, row, answer) for text, row, answer in zip(texts, ids, answers, strict=True)]
    write_atomic(folder / GOLDEN, golden_bytes(rows))
    seal(folder, description)
    return rows


def _sealed(folder: Path, description: Description, tolerance: float) -> Bundle:
    seal(folder, description.model_copy(update={"tolerance": tolerance}))
    return open_bundle(folder)


def _told(bundle: Bundle, parent: Bundle, chain: Sequence[Step]) -> Bundle:
    """With its parent and the steps in its lineage. What the parent was measured at says nothing about it."""
    before = parent.manifest.lineage
    told = {"parents": [parent.title], "compression": [*before.compression, *(one.said for one in chain)]}
    update = {"lineage": before.model_copy(update=told), "metrics": {}}
    seal(bundle.folder, description_of(bundle).model_copy(update=update))
    return open_bundle(bundle.folder)


def _unit(description: Description) -> float:
    return 1.0 if description.scale is None else description.scale.deviation
