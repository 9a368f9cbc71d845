"""A training by several processes, small enough for a test: what each of them does, and how they are started."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tests.contracts.classifiers import VOCABULARY, small
from tests.contracts.fillers import small_filler
from tests.contracts.generators import small as small_generator
from torch import nn

from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.training.checkpoint import Checkpoints, read_tensors, write_tensors
from wenlu.training.encoded import EncodedBlock, EncodedTexts, write_encoded
from wenlu.training.group import joined
from wenlu.training.launch import LAUNCHERS
from wenlu.training.launch.worker import Launched
from wenlu.training.loop import Training
from wenlu.training.losses import LOSSES
from wenlu.training.masking import Masking
from wenlu.training.place import choose_place
from wenlu.training.process import ALONE, Process
from wenlu.training.settings import PackingConfig, TrainingConfig
from wenlu.training.task import Task
from wenlu.training.tasks.classify import Classify
from wenlu.training.tasks.fill import Fill
from wenlu.training.tasks.generate import Generate

Tensors = dict[str, torch.Tensor]
Ended = tuple[Tensors, list[Any]]


class Kills(Silent):
    """Ends processes, as the kernel does, when they come to a step: `{"2": 7}` is rank 2 at its 7th. Each time once."""

    def __init__(self, folder: Path, kills: dict[str, int], rank: int, slow: float) -> None:
        self._folder, self._at, self._rank, self._slow = folder, kills.get(str(rank)), rank, slow
        if rank == 0:
            with (folder / "begun").open("a") as file:
                file.write("begun ")

    def progress(self, done: int, total: int | None, note: str = "") -> None:
        time.sleep(self._slow)
        mark = self._folder / f"killed-{self._rank}"
        if done == self._at and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def made_texts(folder: Path) -> None:
    """61 rows, so that the last step of 16 has 13 and of 20 has 1."""
    chance = np.random.default_rng(1)
    rows = [chance.integers(2, VOCABULARY, chance.integers(1, 9)).tolist() for _ in range(61)]
    write_encoded(folder, [EncodedBlock.of(rows, [row[0] % 3 for row in rows])])


def trained(
    folder: Path,
    *,
    processes: int = 1,
    kills: dict[str, int] | None = None,
    slow: float = 0.0,
    cluster: str | None = None,
    **settings: Any,
) -> Ended:
    """Weights and history of a training in `folder`, gone on with if it was begun there. `slow` seconds a step."""
    folder.mkdir(exist_ok=True)
    if not (folder / "texts").exists():
        made_texts(folder / "texts")
    job = {"processes": processes, "kills": kills or {}, "slow": slow, **settings}
    (folder / "job.json").write_text(json.dumps(job))
    (folder / "ended.safetensors").unlink(missing_ok=True)
    if processes == 1:
        _train(folder, job, ALONE)
    else:
        launched = Launched("tests.training.together:work", folder / "job.json")
        launched.refusal.unlink(missing_ok=True)
        LAUNCHERS["ray" if cluster else "local"](launched, processes=processes, device="cpu", address=cluster)
    tensors, state = read_tensors(folder / "ended.safetensors")
    return tensors["model"], state["history"]


def work(path: Path) -> None:
    """What every process does."""
    job = json.loads(path.read_text())
    with joined(shard=job.get("shard", False)) as process:
        _train(path.parent, job, process)


def _train(folder: Path, job: dict[str, Any], process: Process) -> None:
    settings = {key: value for key, value in job.items() if key not in ("name", "kills", "slow", "model")}
    config = check(TrainingConfig, {"batch": 16, "epochs": 3, "checkpoint_every": 2, **settings}, where="test")
    name = job.get("name", "textcnn")
    training = Training(
        _model(name, job.get("model", {})),
        _task(folder, name, config),
        config,
        place=choose_place("cpu", "float32", gains_by_half=False),
        checkpoints=Checkpoints(folder / "checkpoints", config.keep, process),
        events=Kills(folder, job["kills"], process.rank, job["slow"]),
        process=process,
    )
    outcome = training.run()
    history = [[one.steps, one.train, one.validation] for one in outcome.history]
    write_tensors(
        folder / "ended.safetensors", {"model": training.model.state_dict()}, {"history": history}, process=process
    )


def _model(name: str, settings: dict[str, Any]) -> nn.Module:
    if name == "decoder":
        return small_generator(name)
    return small_filler("encoder", **settings) if name == "filler" else small(name, **settings)


def _task(folder: Path, name: str, config: TrainingConfig) -> Task:
    texts = EncodedTexts.open(folder / "texts")
    if name == "decoder":
        packing = PackingConfig(length=8)
        return Generate(texts, texts, packing=packing, separator=1, batch=config.batch, seed=config.seed)
    if name == "filler":
        masking = Masking(0.3, 1, 1, np.arange(2, VOCABULARY), config.seed)
        return Fill(texts, texts, masking=masking, batch=config.batch, seed=config.seed)
    loss = LOSSES["cross_entropy"](LOSSES["cross_entropy"].Config())
    return Classify(texts, texts, loss=loss, batch=config.batch, seed=config.seed)


if __name__ == "__main__":  # a launcher of its own, for a test to kill
    torch.set_num_threads(1)
    trained(Path(sys.argv[1]), **json.loads(sys.argv[2]))
