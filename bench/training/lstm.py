"""An LSTM's training beside the classic loop: `python bench/training/lstm.py --data ${WENLU_DATA}`.

The classic loop pads every text to one length, reads batches of 64 in float32 with plain Adam and takes the state at
the last place, as tutorials have it. Ours is `wenlu.training` with the same model, texts and numbers of ids. Both train
for some hundred steps, in turns; texts a second, medians.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.models.lstm import Lstm
from wenlu.text.pipeline import PipelineConfig, TextPipeline
from wenlu.training.checkpoint import Checkpoints
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded
from wenlu.training.loop import Training
from wenlu.training.losses import CrossEntropy
from wenlu.training.place import choose_place
from wenlu.training.settings import TrainingConfig
from wenlu.training.tasks.classify import Classify

LONGEST = 200
ROUNDS = 5
SECONDS = 6.0


class Classic(nn.Module):
    """The same LSTM, read at the last place of a padded row."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 128)
        self.lstm = nn.LSTM(128, 128, 2, batch_first=True, dropout=0.5)
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(128, 2)

    def forward(self, tokens_BT: Tensor) -> Tensor:
        states_BTH, _ = self.lstm(self.embedding(tokens_BT))
        return self.output(self.dropout(states_BTH[:, -1]))


def classic(texts: EncodedTexts, vocabulary: int) -> Callable[[float], float]:
    """A function that trains for so many seconds and gives texts a second."""
    torch.manual_seed(1)
    tokens = torch.zeros(len(texts), LONGEST, dtype=torch.long)
    for number in range(len(texts)):
        row = torch.from_numpy(texts.row(number)[:LONGEST].astype(np.int64))
        tokens[number, LONGEST - len(row) :] = row
    loader = DataLoader(TensorDataset(tokens, torch.from_numpy(texts.truth.astype(np.int64))), 64, shuffle=True)
    model = Classic(vocabulary)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def run(seconds: float) -> float:
        started, seen = time.perf_counter(), 0
        for rows, labels in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(rows), labels).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            seen += len(rows)
            if time.perf_counter() - started > seconds:
                break
        return seen / (time.perf_counter() - started)

    return run


def ours(texts: EncodedTexts, vocabulary: int, folder: Path, *, batch: int, precision: str) -> Callable[[float], float]:
    torch.manual_seed(1)
    config = check(TrainingConfig, {"batch": batch, "precision": precision}, where="bench")
    model = Lstm(Lstm.Config(), vocabulary_size=vocabulary, labels=2)
    task = Classify(texts, texts, loss=CrossEntropy(CrossEntropy.Config()), batch=batch, seed=1)
    place = choose_place("cpu", config.precision, gains_by_half=False)
    training = Training(model, task, config, place=place, checkpoints=Checkpoints(folder), events=Silent())
    batches = task.batches(1)
    model.train()

    def run(seconds: float) -> float:
        started, seen = time.perf_counter(), 0
        while time.perf_counter() - started < seconds:
            rows = batches[training.progress.steps % len(batches)]
            training._step(rows)
            training.progress.steps += 1
            seen += len(rows)
        return seen / (time.perf_counter() - started)

    return run


def encoded(data: Path, folder: Path) -> tuple[EncodedTexts, int]:
    with gzip.open(data / "online-shopping-7-cats/train.csv.gz") as file:
        rows = list(csv.DictReader(TextIOWrapper(file, encoding="utf-8")))
    config = PipelineConfig(max_length=LONGEST)
    pipeline = TextPipeline.train((row["review"] for row in rows), config, clean=["nfkc", "spaces"])
    ids = pipeline.encode([row["review"] for row in rows])
    write_encoded(folder, [EncodedBlock.of(ids, [int(row["label"]) for row in rows])])
    return EncodedTexts.open(folder), pipeline.tokenizer.size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("WENLU_DATA"))
    options = parser.parse_args()
    if not (options.data and Path(options.data).is_dir()):
        sys.exit("No data: give --data or set WENLU_DATA to the folder of texts.")
    with tempfile.TemporaryDirectory() as folder:
        texts, vocabulary = encoded(Path(options.data), Path(folder) / "texts")
        print(f"{len(texts):,} reviews, {texts.lengths.mean():.0f} words, {torch.get_num_threads()} threads")
        ways = {"classic, batch 64": classic(texts, vocabulary)}
        for batch, precision in ((64, "float32"), (64, "bfloat16"), (256, "float32"), (256, "bfloat16")):
            place = Path(folder) / f"{batch}-{precision}"
            ways[f"ours, batch {batch}, {precision}"] = ours(texts, vocabulary, place, batch=batch, precision=precision)
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, run in ways.items():
                found[name].append(run(SECONDS))
        first = statistics.median(next(iter(found.values())))
        for name, speeds in found.items():
            speed = statistics.median(speeds)
            print(f"{name:28} {speed:8,.0f} texts/s {speed / first:5.2f} times")


if __name__ == "__main__":
    main()
