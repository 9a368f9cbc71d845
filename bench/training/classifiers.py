"""Every built-in classifier on a recipe's data, beside TF-IDF + SVM and fastText on the very same texts.

    python bench/training/classifiers.py RECIPE… --others PYTHON --minutes 3

`--others` is a Python that has scikit-learn and fastText. The recipe's own model keeps its settings, the others have
those of `model: auto` and so many minutes each, by the estimate. Accuracy and macro F1 are of the recipe's test split.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from wenlu.base.component import component
from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.auto import SEGMENTERS_OF, AutoConfig, candidates
from wenlu.pipeline.flows.classify import contend
from wenlu.pipeline.flows.flow import Flow
from wenlu.pipeline.loading import LoadedRecipe, load_recipe
from wenlu.pipeline.recipe import BASELINES, Contender
from wenlu.pipeline.stage import run_stage
from wenlu.pipeline.stages.dataset import dataset_stage
from wenlu.storage.workspace import Workspace
from wenlu.text.segment import SEGMENTERS, made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="+", type=Path)
    parser.add_argument("--others", help="a Python with scikit-learn and fastText")
    parser.add_argument("--minutes", type=float, default=3.0, help="for each training, at most")
    parser.add_argument("--root", type=Path, help="a workspace to keep; left out: one that is thrown away")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for recipe in options.recipes:
            measure(recipe, Workspace(options.root or Path(folder)), minutes=options.minutes, others=options.others)


def measure(recipe: Path, workspace: Workspace, *, minutes: float, others: str | None) -> None:
    loaded = load_recipe(recipe)
    stage = run_stage(dataset_stage(loaded.recipe.data, workspace), workspace, Silent())
    dataset = DatasetVersion.open(workspace, stage.result["dataset"])
    counts = ", ".join(f"{split} {dataset.count(split):,}" for split in ("train", "validation", "test"))
    print(f"\n{recipe.name}: {counts}", flush=True)
    for row in chain(theirs(dataset, others), ours(loaded, dataset, workspace, minutes)):
        print(
            f"{row['name']:24} accuracy {row['accuracy']:7.2%}  macro F1 {row['macro_f1']:7.2%}  "
            f"{row['seconds']:7.1f} s  {row['parameters']:>12,} parameters",
            flush=True,
        )


def ours(
    loaded: LoadedRecipe, dataset: DatasetVersion, workspace: Workspace, minutes: float
) -> Iterator[dict[str, Any]]:
    flow = Flow("bench", loaded, dataset, workspace, Silent())
    for name, contender in contenders(loaded, minutes).items():
        found = contend(flow, name, contender)
        yield {
            "name": name,
            "accuracy": found.evaluation.result["test_accuracy"],
            "macro_f1": found.evaluation.result["test_macro_f1"],
            "seconds": found.training.result["seconds"],
            "parameters": found.training.result["parameters"],
        }


def contenders(loaded: LoadedRecipe, minutes: float) -> dict[str, Contender]:
    """The recipe's own model, a bag of the trivial model's ids, and what `model: auto` tries."""
    recipe = loaded.recipe
    auto = AutoConfig(minutes=4 * minutes)
    tried = candidates(auto, task="classify", language=recipe.data.language, pairs=False)
    bag = {
        "text": {"normalize": ["lower"], "max_length": 1024, "tokenizer": {"name": "char", "min_count": 2}},
        "model": "bag",
        "training": {"optimizer": {"name": "adam", "learning_rate": 0.01}, "epochs": 12, "minutes": minutes},
    }
    checked = {name: check(Contender, one, where=name) for name, one in {**tried, "bag": bag}.items()}
    return {"this recipe's": recipe.mine, "trivial": BASELINES["classify"], **checked}


def theirs(dataset: DatasetVersion, python: str | None) -> Iterator[dict[str, Any]]:
    if python is None:
        return
    cut = made(component(SEGMENTERS, SEGMENTERS_OF.get(dataset.manifest.language, "character"), where="bench"))
    with tempfile.TemporaryDirectory() as folder:
        for split in ("train", "test"):
            with Path(folder, f"{split}.jsonl").open("w", encoding="utf-8") as file:
                for text in dataset.texts(split):
                    body = text.body.lower().replace("\n", " ")
                    row = {"text": body, "words": " ".join(cut(body)), "label": text.label}
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
        floors = Path(__file__).with_name("floors.py")
        process = subprocess.Popen([python, str(floors), folder], stdout=subprocess.PIPE, text=True)
        for line in process.stdout or ():
            yield json.loads(line)
        if process.wait():
            sys.exit("The others could not be measured.")


if __name__ == "__main__":
    main()
