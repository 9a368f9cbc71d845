"""A small classifier that has really learned something, with the workspace it stands in."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from wenlu.base.events import Silent
from wenlu.bundle.seal import Bundle, open_bundle
from wenlu.bundle.shelf import list_models
from wenlu.compression.means import Means
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.run import run_recipe
from wenlu.serving.runtimes import RUNTIMES
from wenlu.storage.workspace import Workspace

GOOD = ("很好吃", "房间干净", "とても良い", "また買います", "服务周到", "满意", "駅から近くて便利", "味道不错")
BAD = ("太难吃", "房间很脏", "とても悪い", "二度と買わない", "服务很差", "失望", "接客が最悪でした", "质量很差")


def reviews(phrases: tuple[str, ...], number: int) -> str:
    """Lines of made-up reviews; every seventh tells its own number, so that some characters are rare."""
    chance = random.Random(phrases[0])
    return "\n".join(
        f"{chance.choice(phrases)}，{chance.choice(phrases)}{chr(0x4E00 + 7 * place)} {place}"
        for place in range(number)
    )


def trained(root: Path, model: dict[str, Any], *, tokenizer: str = "char") -> Workspace:
    """A workspace with a model of 600 reviews in two languages."""
    for name, phrases in (("good", GOOD), ("bad", BAD)):
        (root / f"{name}.txt").write_text(reviews(phrases, 300), encoding="utf-8")
    rate = {"name": "adam", "learning_rate": 0.02}
    training = {"batch": 32, "epochs": 3, "optimizer": rate}
    recipe = {
        "wenlu": 1,
        "name": "tiny",
        "data": {
            "name": "tiny",
            "language": "zh",
            "sources": [{"uri": str(root / f"{name}.txt"), "label": name} for name in ("good", "bad")],
        },
        "text": {"tokenizer": {"name": tokenizer, "min_count": 1}, "max_length": 32},
        "model": model,
        "training": training,
        "baseline": {"text": {"tokenizer": "char"}, "model": {"name": "bag", "buckets": 512}, "training": training},
    }
    path = root / "tiny.yaml"
    path.write_text(yaml.safe_dump(recipe, allow_unicode=True), encoding="utf-8")
    workspace = Workspace.at(root / ".wenlu")
    run_recipe(load_recipe(path), workspace, Silent())
    return workspace


def the(architecture: str, workspace: Workspace) -> Bundle:
    """The one model of that kind in a workspace that was not made of another."""
    (found,) = [
        one
        for one, _ in list_models(workspace)
        if one.architecture.name == architecture and not one.lineage.compression
    ]
    return open_bundle(workspace.models / found.name / found.version)


def means_of(bundle: Bundle, workspace: Workspace, work: Path) -> Means:
    work.mkdir(parents=True, exist_ok=True)
    return Means(
        DatasetVersion.open(workspace, bundle.manifest.lineage.dataset),
        lambda other: DatasetVersion.open(workspace, other),
        RUNTIMES["torch"],
        RUNTIMES["onnx"],
        Silent(),
        work,
    )


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """With an LSTM that reads in both directions, and a bag."""
    model = {"name": "lstm", "embedding": 16, "hidden": 24, "layers": 2, "bidirectional": True, "pooling": "attention"}
    return trained(tmp_path_factory.mktemp("lstm"), model)


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Workspace]:
    """Workspaces of other architectures, by name."""
    models = {
        "encoder": {"name": "encoder", "width": 96, "heads": 2, "layers": 2, "inner": 128},
        "linear": {"name": "linear", "features": 4096},
        "textcnn": {"name": "textcnn", "embedding": 64, "filters": 64, "widths": [2, 3]},
    }
    return {name: trained(tmp_path_factory.mktemp(name), model) for name, model in models.items()}
