"""Fewer units: a model that is really narrower, and that has learned again what it lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save
from torch import Tensor, nn

from wenlu.base.component import component
from wenlu.base.errors import WenluError
from wenlu.base.spec import Field
from wenlu.bundle.manifest import WEIGHTS, Architecture, Description
from wenlu.bundle.predict import Predictor
from wenlu.bundle.seal import Bundle
from wenlu.compression.means import Means, description_of, require_weights
from wenlu.compression.narrow import NARROW, Cut
from wenlu.models import MODELS
from wenlu.storage.local import write_atomic
from wenlu.training.checkpoint import Checkpoints
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded
from wenlu.training.loop import Training
from wenlu.training.losses import CrossEntropy
from wenlu.training.place import choose_place
from wenlu.training.settings import TrainingConfig
from wenlu.training.tasks.distil import Distil

_TOGETHER = 4096
_SPLITS = ("train", "validation")


class Prune:
    """Units of the least magnitude go (`share` of them), then the rest learns for a while, from the training texts and
    from what the whole model answers to them."""

    class Config(Cut):
        epochs: int = Field(3, ge=0, le=1000, description="Times through the training texts, to learn again")
        learning_rate: float = Field(1e-3, gt=0, le=1, description="Of Adam, falling to nothing")
        batch: int = Field(64, ge=1, le=65_536, description="Texts a step")
        weight: float = Field(0.5, ge=0, le=1, description="How much the whole model's answers count")
        temperature: float = Field(2.0, gt=0, le=100, description="At which they are compared")

    def __init__(self, config: Config) -> None:
        self._config = config

    def __call__(self, parent: Bundle, folder: Path, means: Means) -> Description:
        require_weights(parent, doing="prune")
        manifest, config = parent.manifest, self._config
        name = manifest.architecture.name
        if name not in NARROW or manifest.task != "classify":
            raise WenluError(
                "no_pruning",
                f"{parent.title} is a {name} model to {manifest.task}, which can't be pruned.",
                hint=f"Classifiers of these rows can: {', '.join(NARROW)}.",
            )
        named = component(MODELS, {"name": name, **manifest.architecture.config}, where="bundle")
        sizes = {"vocabulary_size": manifest.vocabulary_size, "labels": manifest.outputs}
        tensors, told = NARROW[name](load_file(parent.folder / WEIGHTS), named.config, **sizes, cut=config)
        narrow = named.config.model_copy(update=told)
        model: nn.Module = named.kind(narrow, **sizes)
        model.load_state_dict(tensors)
        if config.epochs:
            self._learn_again(model, parent, means)
        write_atomic(folder / WEIGHTS, save(_plain(model)))
        parameters = sum(parameter.numel() for parameter in model.parameters())
        said = ", ".join(f"{key} {getattr(named.config, key)} → {value}" for key, value in told.items())
        means.events.result(f"{manifest.parameters:,} → {parameters:,} parameters: {said}")
        architecture = Architecture(name=name, config=narrow.model_dump(mode="json"))
        return description_of(parent).model_copy(update={"architecture": architecture, "parameters": parameters})

    def _learn_again(self, model: nn.Module, parent: Bundle, means: Means) -> None:
        config, work = self._config, means.work / f"learning-{parent.manifest.version}"
        if not work.exists():
            _write_texts(parent, means, work)
        train, validation = (EncodedTexts.open(work / split) for split in _SPLITS)
        torch.manual_seed(1)
        place = choose_place("cpu", "float32", gains_by_half=False)
        task = Distil(
            train,
            validation,
            teacher=_answers(parent, train, means),
            loss=CrossEntropy(CrossEntropy.Config()),
            temperature=config.temperature,
            weight=config.weight,
            batch=config.batch,
            seed=1,
            device=place.device,
        )
        settings = TrainingConfig(
            optimizer={"name": "adam", "learning_rate": config.learning_rate},
            schedule={"name": "linear"},
            batch=config.batch,
            epochs=config.epochs,
            patience=config.epochs,
        )
        checkpoints = Checkpoints(means.work / f"checkpoints-{len(list(means.work.iterdir()))}")
        Training(model, task, settings, place=place, checkpoints=checkpoints, events=means.events).run()


def _write_texts(parent: Bundle, means: Means, work: Path) -> None:
    """Training and validation texts as the parent reads them; raises WenluError `no_texts` where there are none."""
    numbers = {label: number for number, label in enumerate(parent.manifest.labels)}
    for split in _SPLITS:
        rows = list(means.dataset.rows(split))
        if not rows:
            raise WenluError("no_texts", f"{means.dataset.reference} has no {split} text to learn again from.")
        blocks = (
            EncodedBlock.of(
                parent.pipeline.encode([body for body, _ in chunk]),
                [numbers.get(label or "", -1) for _, label in chunk],
            )
            for chunk in (rows[start : start + _TOGETHER] for start in range(0, len(rows), _TOGETHER))
        )
        write_encoded(work / split, blocks)


def _answers(parent: Bundle, train: EncodedTexts, means: Means) -> NDArray[np.float32]:
    """What the whole model answers to the training texts [N, C]."""
    predictor = Predictor(parent, means.onnx(parent))
    ids = [train.row(number).tolist() for number in range(len(train))]
    return predictor.probabilities_of_ids(ids).astype(np.float32)


def _plain(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
