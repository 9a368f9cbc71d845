"""Texts as ids → the same with a part of the training texts, for those who want to know what fewer would have done."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wenlu.base.events import Events
from wenlu.bundle.manifest import TEXT
from wenlu.pipeline.stage import Finished, Stage
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded

_SEED = 1
_TOGETHER = 4096


def part_stage(name: str, tokenizer: Finished, *, share: float) -> Stage:
    """Draw that share of the training texts; a smaller share is a part of a larger one. The vocabulary stays."""

    def make(folder: Path, work: Path, events: Events) -> dict[str, Any]:
        for beside in (TEXT, "validation"):
            shutil.copytree(tokenizer.folder / beside, folder / beside)
        texts = EncodedTexts.open(tokenizer.folder / "train")
        rows = np.sort(np.random.default_rng(_SEED).permutation(len(texts))[: max(1, round(share * len(texts)))])
        write_encoded(folder / "train", _blocks(texts, rows), targets=texts.truth.dtype.kind == "f")
        events.result(f"{len(rows):,} of {len(texts):,} training texts")
        return {**tokenizer.result, "texts": len(rows)}

    return Stage(
        name=f"part {name}",
        inputs={"tokenizer": tokenizer.fingerprint, "share": share},
        packages=("pipeline.stages.part", "base", "storage", "training.encoded"),
        make=make,
    )


def _blocks(texts: EncodedTexts, rows: NDArray[np.int64]) -> Iterator[EncodedBlock]:
    for start in range(0, len(rows), _TOGETHER):
        mine = rows[start : start + _TOGETHER]
        found = [texts.row(row) for row in mine.tolist()]
        yield EncodedBlock(np.concatenate(found), np.array(list(map(len, found))), texts.truth[mine])
