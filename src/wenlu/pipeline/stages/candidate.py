"""Trained weights → a bundle that can answer, with the answers that torch gave recorded in it."""

from __future__ import annotations

import heapq
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wenlu.base.events import Events
from wenlu.bundle.export import EXPORTS
from wenlu.bundle.manifest import GOLDEN, TEXT, WEIGHTS, Architecture, Description, Scale
from wenlu.bundle.parity import HARD_TEXTS, Golden, golden_bytes, tolerance_for
from wenlu.bundle.predict import Predictor, as_numbers
from wenlu.bundle.seal import Bundle, open_bundle, seal
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.recipe import Contender, Recipe, kept_model
from wenlu.pipeline.stage import Finished, Stage
from wenlu.serving.runtimes import RUNTIMES
from wenlu.storage.local import write_atomic

BUNDLE = "bundle"
_GOLDEN_TEXTS = 48
_GOLDEN_CHARACTERS = 2_000  # well under what a service takes


def candidate_stage(
    name: str, contender: Contender, *, recipe: Recipe, tokenizer: Finished, training: Finished, dataset: DatasetVersion
) -> Stage:
    """Export, and prove on the golden texts that the exported form answers as the trained one."""

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        bundle_folder = folder / BUNDLE
        shutil.copytree(tokenizer.folder / TEXT, bundle_folder / TEXT)
        shutil.copy(training.folder / WEIGHTS, bundle_folder / WEIGHTS)
        description = _description(contender, recipe, tokenizer, training, dataset)
        seal(bundle_folder, description)
        EXPORTS["onnx"](bundle_folder)
        seal(bundle_folder, description)
        rows = _record(open_bundle(bundle_folder), _golden_texts(dataset))
        write_atomic(bundle_folder / GOLDEN, golden_bytes(rows))
        seal(bundle_folder, description)
        unit = 1.0 if description.scale is None else description.scale.deviation
        tolerance = tolerance_for(rows, _exported_answers(open_bundle(bundle_folder), rows), unit=unit)
        manifest = seal(bundle_folder, description.model_copy(update={"tolerance": tolerance}))
        events.result(
            f"{manifest.version}: ONNX gives the answers of torch for {len(rows)} texts within {tolerance:.1g}"
        )
        return {"version": manifest.version}

    return Stage(
        name=f"export {name}",
        inputs={
            "training": training.fingerprint,
            "name": recipe.name,
            "task": recipe.aim,
            "positive": recipe.service.positive,
            "dataset": dataset.reference,
        },
        packages=("pipeline.stages.candidate", "base", "storage", "text", "models", "bundle", "serving.runtimes"),
        make=make,
    )


def _description(
    contender: Contender, recipe: Recipe, tokenizer: Finished, training: Finished, dataset: DatasetVersion
) -> Description:
    named = kept_model(contender)
    return Description(
        name=recipe.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        task="regress" if recipe.aim == "regress" else "classify",
        scale=Scale(**training.result["scale"]) if "scale" in training.result else None,
        architecture=Architecture(name=named.name, config=named.config.model_dump(mode="json")),
        labels=dataset.labels,
        positive=recipe.service.positive,
        vocabulary_size=tokenizer.result["size"],
        max_length=contender.text.max_length,
        parameters=training.result["parameters"],
        pipeline_digest=tokenizer.result["digest"],
    )


def _golden_texts(dataset: DatasetVersion) -> list[str]:
    """Texts of the test split chosen by their hash, the hard ones, and one that is longer than any model reads."""
    chosen = heapq.nsmallest(_GOLDEN_TEXTS, dataset.texts("test"), key=lambda text: text.id)
    own = [text.body[:_GOLDEN_CHARACTERS] for text in chosen]
    longest = "".join(own)[:_GOLDEN_CHARACTERS]
    return [*own, *HARD_TEXTS, longest]


def _record(bundle: Bundle, texts: list[str]) -> list[Golden]:
    """What torch answers."""
    predictor = Predictor(bundle, RUNTIMES["torch"](bundle))
    ids = bundle.pipeline.encode(texts)
    answers = predictor.predict(texts)
    return [Golden.of(text, row, answer) for text, row, answer in zip(texts, ids, answers, strict=True)]


def _exported_answers(bundle: Bundle, rows: list[Golden]) -> list[dict[str, float]]:
    """What ONNX Runtime answers."""
    answers = Predictor(bundle, RUNTIMES["onnx"](bundle)).predict([row.text for row in rows])
    return list(map(as_numbers, answers))
