"""Trained weights → a bundle that can answer, with what torch answered recorded in it."""

from __future__ import annotations

import heapq
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wenlu.base.events import Events
from wenlu.bundle.decoding import Decoding
from wenlu.bundle.manifest import GOLDEN, TEXT, WEIGHTS, Architecture, Description
from wenlu.bundle.parity import HARD_TEXTS, Golden, golden_bytes
from wenlu.bundle.rewriter import Rewriter
from wenlu.bundle.seal import open_bundle, seal
from wenlu.corpus.readers.fields import SEPARATOR
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.recipe import Contender, Recipe, contender_model
from wenlu.pipeline.stage import Finished, Stage
from wenlu.pipeline.stages.candidate import BUNDLE
from wenlu.serving.runtimes import REWRITERS
from wenlu.storage.local import write_atomic
from wenlu.text.pipeline import TextPipeline

_GOLDEN_TEXTS = 16
_GREEDY = Decoding(length=32)


def candidate_stage(
    contender: Contender, *, recipe: Recipe, tokenizer: Finished, training: Finished, dataset: DatasetVersion
) -> Stage:
    """Seal the weights with what they answer to some texts, and how sure they are of it."""
    named = contender_model(contender)

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        place = folder / BUNDLE
        shutil.copytree(tokenizer.folder / TEXT, place / TEXT)
        shutil.copy(training.folder / WEIGHTS, place / WEIGHTS)
        description = Description(
            name=recipe.name,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            task="seq2seq",
            architecture=Architecture(name=named.name, config=named.config.model_dump(mode="json")),
            vocabulary_size=tokenizer.result["size"],
            max_length=TextPipeline.load(place / TEXT).config.max_length,
            parameters=training.result["parameters"],
            pipeline_digest=tokenizer.result["digest"],
        )
        seal(place, description)
        bundle = open_bundle(place)
        rows = _record(Rewriter(bundle, REWRITERS["torch"](bundle)), _golden_texts(dataset))
        write_atomic(place / GOLDEN, golden_bytes(rows))
        manifest = seal(place, description)
        events.result(f"{manifest.version}: sealed with what torch answers to {len(rows)} texts")
        return {"version": manifest.version}

    return Stage(
        name=f"export {named.name}",
        inputs={"training": training.fingerprint, "name": recipe.name, "dataset": dataset.reference},
        packages=(
            "pipeline.stages.seq2seq.candidate",
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
    """Sources of test pairs chosen by their hash, and the hard texts."""
    chosen = heapq.nsmallest(_GOLDEN_TEXTS, dataset.texts("test"), key=lambda text: text.id)
    return [*(text.body.partition(SEPARATOR)[0] for text in chosen), *HARD_TEXTS]


def _record(rewriter: Rewriter, texts: list[str]) -> list[Golden]:
    """The greedy answer to each text, and its surprise a token: one number that all weights have a part in."""
    ids = rewriter.bundle.pipeline.encode(texts)
    answers = [written.text for written in rewriter.rewrite(texts, _GREEDY)]
    found = rewriter.surprises(texts, answers)
    nats = (found.nats / found.tokens).tolist()
    return [
        Golden(text, row, answer, {"nats": surprise})
        for text, row, answer, surprise in zip(texts, ids, answers, nats, strict=True)
    ]
