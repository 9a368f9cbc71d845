from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from tests.bundles import make_bundle
from tests.compression.conftest import BAD, GOOD, the, trained
from torch import nn

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.bundle.seal import read_manifest
from wenlu.pipeline.loading import load_recipe
from wenlu.pipeline.run import RunResult, run_recipe
from wenlu.storage.workspace import Workspace
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded
from wenlu.training.losses import CrossEntropy
from wenlu.training.tasks.distil import Distil


class Parrot(nn.Module):
    """Answers with the logits it was made with, whatever the text."""

    def __init__(self, logits: list[list[float]]) -> None:
        super().__init__()
        self.logits_BC = nn.Parameter(torch.tensor(logits))

    def forward(self, tokens_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        return self.logits_BC


def task(folder: Path, teacher: list[list[float]], labels: list[int], **settings: float) -> Distil:
    write_encoded(folder / "texts", [EncodedBlock.of([[2, 3]] * len(labels), labels)])
    texts = EncodedTexts.open(folder / "texts")
    loss = CrossEntropy(CrossEntropy.Config())
    told = {"temperature": 2.0, "weight": 1.0, **settings}
    return Distil(texts, texts, teacher=np.array(teacher, dtype=np.float32), loss=loss, batch=2, seed=1, **told)


def test_who_answers_as_the_teacher_has_nothing_to_learn(tmp_path: Path):
    logits = [[1.0, 0.0, -1.0], [0.0, 2.0, 0.5]]
    teacher = torch.tensor(logits).softmax(1).tolist()
    outcome = task(tmp_path, teacher, [0, 1]).loss(Parrot(logits), [0, 1])
    assert outcome.loss.item() == pytest.approx(0, abs=1e-5)


def test_the_loss_is_the_divergence_at_the_temperature_times_its_square(tmp_path: Path):
    logits, teacher = [[0.3, -0.2]], [[0.9, 0.1]]
    outcome = task(tmp_path, teacher, [0], temperature=3.0).loss(Parrot(logits), [0])
    told = torch.softmax(torch.tensor(teacher).log() / 3, 1)
    said = torch.softmax(torch.tensor(logits) / 3, 1)
    assert outcome.loss.item() == pytest.approx(9 * float((told * (told / said).log()).sum()), rel=1e-5)


def test_a_text_without_a_label_teaches_what_the_teacher_says_and_no_more(tmp_path: Path):
    logits, teacher = [[0.3, -0.2], [0.3, -0.2]], [[0.9, 0.1]] * 2
    half = task(tmp_path, teacher, [1, -1], weight=0.5)
    model = Parrot(logits)
    whole = task(tmp_path / "other", teacher, [1, -1], weight=1.0)
    taught = whole.loss(model, [0, 1]).loss.item() / 2
    true = float(nn.functional.cross_entropy(torch.tensor(logits[:1]), torch.tensor([1])))
    assert half.loss(model, [0, 1]).loss.item() == pytest.approx(0.5 * (taught + true) + 0.5 * taught, rel=1e-5)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where an LSTM and a bag have been trained."""
    root = tmp_path_factory.mktemp("teachers")
    trained(root, {"name": "lstm", "embedding": 16, "hidden": 16, "layers": 1})
    return root


def student(root: Path, distil: dict[str, Any], **changes: Any) -> RunResult:
    """A bag that learns from others what the recipe of `trained` teaches."""
    recipe = yaml.safe_load((root / "tiny.yaml").read_text(encoding="utf-8"))
    recipe |= {"name": "student", "model": {"name": "bag", "buckets": 1024}, "distil": distil, **changes}
    path = root / "student.yaml"
    path.write_text(yaml.safe_dump(recipe, allow_unicode=True), encoding="utf-8")
    return run_recipe(load_recipe(path), Workspace.at(root / ".wenlu"), Silent())


def test_a_student_learns_from_two_teachers_and_from_texts_without_labels(root: Path):
    workspace = Workspace.at(root / ".wenlu")
    teachers = [the(name, workspace).title for name in ("lstm", "bag")]
    more = [f"{phrase}，{other}。" for phrase in GOOD + BAD for other in ("真的", "本当に", "下次再来")]
    (root / "more.txt").write_text("\n".join(more), encoding="utf-8")
    result = student(root, {"teachers": teachers, "sources": [{"uri": str(root / "more.txt")}]})
    own = [
        manifest
        for folder in sorted((workspace.models / "student").glob("*/"))
        if (manifest := read_manifest(folder)).lineage.parents
    ]
    assert [one.lineage.parents for one in own] == [teachers]
    assert own[0].metrics["test_accuracy"] > 0.9
    assert result.model.startswith("student@")
    (told,) = (workspace.stages).rglob("teacher.f32")
    texts = EncodedTexts.open(told.parent / "train")
    assert int((texts.truth < 0).sum()) > len(more) // 2  # those that are like a held-out text are left out
    assert told.stat().st_size == len(texts) * 2 * 4


def test_a_teacher_with_other_labels_or_another_task_is_refused(root: Path):
    stranger = make_bundle(root / "stranger", labels=("差", "好"), positive=None)
    with pytest.raises(WenluError, match="other labels") as refused:
        student(root, {"teachers": [str(stranger)]})
    assert refused.value.code == "other_teacher"


@pytest.mark.parametrize(
    ("distil", "changes", "said"),
    [
        ({"teachers": []}, {}, "teachers"),
        ({"teachers": ["tiny"], "temprature": 2}, {}, "did you mean 'temperature'"),
        ({"teachers": ["tiny"]}, {"model": {"name": "decoder"}, "baseline": None}, "it is for classifiers"),
        ({"teachers": ["nobody"]}, {}, "no model 'nobody'"),
    ],
)
def test_a_mistake_is_told(root: Path, distil: dict[str, Any], changes: dict[str, Any], said: str):
    with pytest.raises(WenluError, match=said):
        student(root, distil, **changes)
