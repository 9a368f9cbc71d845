"""Trained weights → a bundle that can write, with what torch wrote recorded in it."""

from __future__ import annotations

import heapq
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wenlu.base.events import Events
from wenlu.bundle.chat import Chat
from wenlu.bundle.manifest import GOLDEN, TEXT, WEIGHTS, Architecture, Description
from wenlu.bundle.parity import HARD_TEXTS, Golden, golden_bytes
from wenlu.bundle.sampling import Sampling
from wenlu.bundle.seal import open_bundle, seal
from wenlu.bundle.writer import Writer
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.recipe import Contender, Recipe, kept_model
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.stages.candidate import BUNDLE
from wenlu.pipeline.stages.generate.answers import question_of, record_answers
from wenlu.serving.runtimes import WRITERS
from wenlu.storage.local import write_atomic

_GOLDEN_TEXTS, _GOLDEN_CHARACTERS = 16, 200
_GREEDY = Sampling(length=16)


def candidate_stage(
    contender: Contender, *, recipe: Recipe, tokenizer: Finished, training: Finished, dataset: DatasetVersion
) -> Stage:
    """Seal the weights with what they answer to some texts: how surprised they are, and how they go on."""
    named = kept_model(contender)

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        place = folder / BUNDLE
        shutil.copytree(tokenizer.folder / TEXT, place / TEXT)
        shutil.copy(training.folder / WEIGHTS, place / WEIGHTS)
        description = Description(
            name=recipe.name,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            task="generate",
            architecture=Architecture(name=named.name, config=named.config.model_dump(mode="json")),
            vocabulary_size=tokenizer.result["size"],
            max_length=named.config.model_dump()["context"],
            parameters=training.result["parameters"],
            pipeline_digest=tokenizer.result["digest"],
        )
        seal(place, description)
        bundle = open_bundle(place)
        runtime, texts = WRITERS["torch"](bundle), _golden_texts(dataset)
        rows = record_answers(Chat(bundle, runtime), texts) if dataset.chat else _record(Writer(bundle, runtime), texts)
        write_atomic(place / GOLDEN, golden_bytes(rows))
        manifest = seal(place, description)
        events.result(f"{manifest.version}: sealed with what torch makes of {len(rows)} texts")
        return {"version": manifest.version}

    return Stage(
        name=f"export {named.name}",
        inputs={"training": training.fingerprint, "name": recipe.name, "dataset": dataset.reference},
        packages=(
            "pipeline.stages.generate.candidate",
            "pipeline.stages.generate.answers",
            "base",
            "storage",
            "text",
            "models",
            "bundle",
            "serving.runtimes",
        ),
        make=make,
    )


def _golden_texts(dataset: DatasetVersion) -> list[str]:
    """Beginnings of test texts chosen by their hash, and the hard ones."""
    chosen = heapq.nsmallest(_GOLDEN_TEXTS, dataset.texts("test"), key=lambda text: text.id)
    bodies = [question_of(text.body) if dataset.chat else text.body for text in chosen]
    return [*(body[:_GOLDEN_CHARACTERS] for body in bodies), *HARD_TEXTS]


def _record(writer: Writer, texts: list[str]) -> list[Golden]:
    """The surprise at each text, a token, and what follows it if the likeliest id is taken each time."""
    found = writer.surprises(texts)
    ids = writer.bundle.pipeline.encode(texts)
    nats = (found.nats / found.tokens).tolist()
    return [
        Golden(text, row, writer.write(text, _GREEDY).text, {"nats": surprise})
        for text, row, surprise in zip(texts, ids, nats, strict=True)
    ]
