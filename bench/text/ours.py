"""The same by Wenlu: an import and the tokenizer stage of a run, up to ids on disk."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import rjieba

from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.corpus.importer import import_dataset
from wenlu.corpus.settings import DataConfig
from wenlu.pipeline.recipe import TextConfig
from wenlu.pipeline.stages.tokenizer import ENCODED, tokenizer_stage
from wenlu.storage.workspace import Workspace
from wenlu.training.encoded import EncodedTexts


def main(near: str, files: list[str]) -> None:
    settings = {
        "name": "bench",
        "sources": [{"uri": file, "format": "lines", "label": "x"} for file in files],
        "dedup": {"near": 0.8 if near == "near" else None},
        "split": {"train": 1, "validation": 0, "test": 0},
    }
    rjieba.cut("")  # its dictionary is loaded, as jieba's is in classic.py
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        started, used = time.perf_counter(), time.process_time()
        dataset = import_dataset(check(DataConfig, settings, where="bench"), workspace, Silent())
        imported = time.perf_counter() - started
        (Path(folder) / "stage").mkdir()
        config = check(TextConfig, {"tokenizer": "word", "max_length": 65_536}, where="bench")
        tokenizer_stage("bench", config, dataset, workspace).make(Path(folder) / "stage", Path(folder), Silent())
        seconds, processor = time.perf_counter() - started, time.process_time() - used
        ids = sum(len(EncodedTexts.open(Path(folder) / "stage" / split).ids) for split in ENCODED)
        kept = dataset.manifest.counts.kept
    told = {"seconds": seconds, "processor": processor, "import": imported, "texts": kept, "ids": ids}
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
