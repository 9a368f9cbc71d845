"""Runs with one fault planted in each, and what the verdict calls them.

Real texts, Chinese and Japanese, are made into small datasets: one that leaks, one with wrong labels, one with rare
labels, and models that can't learn them, learn them by heart, or are fine. The table shows how often the main finding
on the recipe's own model is the planted one.

    WENLU_DATA=… python bench/evaluation/planted.py                    # seeds 31 to 35
    WENLU_DATA=… python bench/evaluation/planted.py --seeds 1 2 --only leak --json planted.jsonl
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import random
import sys
import tarfile
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
import yaml

from wenlu.base.events import Silent
from wenlu.pipeline.flows.flow import RunResult
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.run import run_recipe
from wenlu.storage.workspace import Workspace

Rows = list[tuple[str, str]]  # text, label

DATA = Path(os.environ.get("WENLU_DATA", "../shared/data"))


# The texts


@cache
def waimai() -> Rows:
    """Reviews of take-aways, good or bad."""
    with gzip.open(DATA / "waimai-10k/train.csv.gz", "rt", encoding="utf-8") as file:
        return [(row["review"], "bad" if row["label"] == "0" else "good") for row in csv.DictReader(file)]


@cache
def shopping() -> Rows:
    """Reviews of goods, good or bad."""
    with gzip.open(DATA / "online-shopping-7-cats/train.csv.gz", "rt", encoding="utf-8-sig") as file:
        return [(row["review"], "bad" if row["label"] == "0" else "good") for row in csv.DictReader(file)]


@cache
def titles() -> Rows:
    """Titles of news in ten classes."""
    folder = DATA / "thucnews-titles"
    names = (folder / "class.txt").read_text(encoding="utf-8").split()
    with gzip.open(folder / "train.txt.gz", "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").rsplit("\t", 1) for line in file]
    return [(text, names[int(number)]) for text, number in rows]


@cache
def magazines() -> Rows:
    """The beginnings of Japanese articles, by magazine."""
    rows = []
    with tarfile.open(DATA / "livedoor-news/train.tar.xz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() and "-" in Path(member.name).name else None
            if file is not None:
                body = file.read().decode().split("\n", 3)[3]
                rows.append(("".join(body.split())[:150], Path(member.name).parent.name))
    return rows


SETS = (waimai, titles, shopping, magazines, titles)  # by seed
EASY: Mapping[Callable[[], Rows], tuple[str, ...]] = {
    titles: ("sports", "realty", "stocks"),
    magazines: ("sports-watch", "movie-enter", "kaden-channel"),
}
"""Labels that a small model tells apart well."""


def drawn(texts: Callable[[], Rows], number: int, chance: random.Random, labels: tuple[str, ...] = ()) -> Rows:
    """So many different texts, as many of each label as there are, at most."""
    by_label: dict[str, list[str]] = defaultdict(list)
    for text, label in dict(texts()).items():
        if (not labels or label in labels) and len(text) >= 8:
            by_label[label].append(text)
    each = number // len(by_label)
    rows = [
        (text, label)
        for label in sorted(by_label)
        for text in chance.sample(by_label[label], k=min(each, len(by_label[label])))
    ]
    chance.shuffle(rows)
    return rows


# The faults


@dataclass(frozen=True)
class Planted:
    """A dataset and the recipe's settings that go with it."""

    rows: Rows
    model: dict[str, Any]
    training: dict[str, Any]
    data: dict[str, Any] | None = None
    text: dict[str, Any] | None = None


GOOD_MODEL = {"name": "textcnn", "embedding": 48, "filters": 48, "widths": [1, 2, 3], "dropout": 0.5}
GOOD_TRAINING = {"optimizer": {"name": "adam", "learning_rate": 0.002}, "batch": 32, "epochs": 12, "patience": 3}
VOTES = {
    "optimizer": {"name": "adam", "learning_rate": 0.02},
    "schedule": {"name": "linear"},
    "loss": {"name": "hinge"},
    "clip": 1000.0,
    "batch": 128,
    "epochs": 3,
}


def healthy(seed: int, chance: random.Random) -> Planted:
    """Enough texts of what can be told apart."""
    texts = tuple(EASY)[seed % len(EASY)]
    rows = drawn(texts, 3000, chance, EASY[texts])
    if texts is magazines:
        return Planted(rows, {"name": "linear", "ngrams": 4}, VOTES)
    training = {**GOOD_TRAINING, "optimizer": {"name": "adam", "learning_rate": 0.004}, "epochs": 40}
    return Planted(rows, GOOD_MODEL, training)


def overfit(seed: int, chance: random.Random) -> Planted:
    """Few texts, a large model that nothing holds back, many epochs."""
    model = {"name": "textcnn", "embedding": 128, "filters": 128, "widths": [2, 3, 4], "dropout": 0.0}
    training = {**GOOD_TRAINING, "patience": 12}
    train = 2 if SETS[seed % 5] in (waimai, shopping) else 4
    return Planted(
        drawn(SETS[seed % 5], 1500, chance),
        model,
        training,
        data={"split": {"train": train, "validation": 3, "test": 8}},
    )


def underfit(seed: int, chance: random.Random) -> Planted:
    """A model too small for its labels, or that sees two characters of each text."""
    texts = SETS[seed % 5]
    rows = drawn(texts, 2000, chance)
    model = {"name": "bag", "embedding": 1, "ngrams": 1, "buckets": 4096, "dropout": 0.0}
    seen = 2 if texts in (waimai, shopping) else 150
    training = {**GOOD_TRAINING, "epochs": 40, "optimizer": {"name": "adam", "learning_rate": 0.01}}
    return Planted(rows, model, training, text={"max_length": seen})


def leak(seed: int, chance: random.Random) -> Planted:
    """Of every third text there is another version with a word before or behind it, and nobody looks for copies."""
    rows = drawn(SETS[seed % 5], 1800, chance)
    again = [
        (chance.choice(("转", "热", "再")) + text + chance.choice(("!", "。", "…", "")), label)
        for text, label in rows[::3]
    ]
    return Planted([*rows, *again], GOOD_MODEL, GOOD_TRAINING, data={"dedup": {"near": None}})


def noise(seed: int, chance: random.Random) -> Planted:
    """One label in four is another one."""
    rows = drawn(SETS[seed % 5], 2500, chance)
    labels = sorted({label for _, label in rows})
    wrong = [
        (text, chance.choice([one for one in labels if one != label]) if chance.random() < 0.25 else label)
        for text, label in rows
    ]
    return Planted(wrong, GOOD_MODEL, GOOD_TRAINING)


def imbalance(seed: int, chance: random.Random) -> Planted:
    """Of one label there is hardly a text."""
    rows = drawn(SETS[seed % 5], 3000, chance)
    rare = chance.choice(sorted({label for _, label in rows}))
    few = [row for row in rows if row[1] == rare][: len(rows) // 60]
    return Planted([row for row in rows if row[1] != rare] + few, GOOD_MODEL, GOOD_TRAINING)


PLANTS: Mapping[str, tuple[Callable[[int, random.Random], Planted], str]] = {
    "overfit": (overfit, "overfitting"),
    "underfit": (underfit, "underfitting"),
    "leaking": (leak, "leak"),
    "label noise": (noise, "label_noise"),
    "imbalanced": (imbalance, "imbalance"),
    "healthy": (healthy, "healthy"),
}


# The runs


def recipe(folder: Path, planted: Planted, seed: int) -> Path:
    """The recipe over the dataset, both in `folder`."""
    with (folder / "texts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *planted.rows])
    data = {
        "wenlu": 1,
        "name": "planted",
        "data": {
            "name": "planted",
            "sources": [{"uri": str(folder / "texts.csv")}],
            "split": {"train": 6, "validation": 1, "test": 3, "salt": str(seed)},
            **(planted.data or {}),
        },
        "text": {
            "normalize": ["lower"],
            "tokenizer": {"name": "char", "min_count": 1},
            "max_length": 150,
            **(planted.text or {}),
        },
        "model": planted.model,
        "training": {**planted.training, "seed": seed},
    }
    path = folder / "planted.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def run(kind: str, seed: int) -> RunResult:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        planted = PLANTS[kind][0](seed, random.Random(f"{kind} {seed}"))
        return run_recipe(load_recipe(recipe(folder, planted, seed)), Workspace(folder / "root"), Silent())


def table(named: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Planted faults down, main findings across."""
    main = list(dict.fromkeys([wanted for _, wanted in PLANTS.values()] + [code for _, code in named]))
    yield " " * 12 + "".join(f"{code:>16}" for code in main)
    for kind in PLANTS:
        yield f"{kind:12}" + "".join(f"{named.get((kind, code), 0) or '·':>16}" for code in main)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[31, 32, 33, 34, 35])
    parser.add_argument("--only", choices=PLANTS, nargs="+", default=list(PLANTS))
    parser.add_argument("--json", type=Path, help="a file to which each run's findings are added, a line each")
    asked = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"There is no folder {DATA}: set WENLU_DATA.")
    torch.set_num_threads(1)
    named: Counter[tuple[str, str]] = Counter()
    started = time.monotonic()
    for seed in asked.seeds:
        for kind in asked.only:
            begun = time.monotonic()
            found = run(kind, seed).findings
            named[kind, found[0].code] += 1
            right = "" if found[0].code == PLANTS[kind][1] else "   WRONG"
            told = "; ".join(
                f"{one.code} " + " ".join(f"{k}={v:.3g}" for k, v in one.evidence.items()) for one in found
            )
            print(f"{kind} {seed} ({time.monotonic() - begun:.0f} s){right}: {told}", flush=True)
            if asked.json:
                with asked.json.open("a", encoding="utf-8") as file:
                    file.write(
                        json.dumps({"kind": kind, "seed": seed, "findings": [[f.code, f.evidence] for f in found]})
                        + "\n"
                    )
    right = sum(number for (kind, code), number in named.items() if code == PLANTS[kind][1])
    print("\n".join(["", *table(named), "", f"{right} of {named.total()} right, {time.monotonic() - started:.0f} s"]))


if __name__ == "__main__":
    main()
