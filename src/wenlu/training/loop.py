"""The training loop: steps, epochs, early stop, and a state that can be put down and taken up at any step.

Stopped anywhere and started again, a run ends with the very weights it would have had (on a processor, with the
same number of threads): a checkpoint holds weights, optimiser, best weights, random state and the place in the epoch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from torch import Tensor, nn

from wenlu.base.component import component
from wenlu.base.errors import WenluError
from wenlu.base.events import Events
from wenlu.bundle.predict import batches_by_length
from wenlu.evaluation.verdict import Epoch
from wenlu.training.batches import epoch_batches
from wenlu.training.checkpoint import optimizer_tensors, read_checkpoint, restore_optimizer, write_checkpoint
from wenlu.training.encoded import EncodedTexts
from wenlu.training.optimizers import OPTIMIZERS
from wenlu.training.settings import TrainingConfig

Loss = Callable[[Tensor, Tensor], Tensor]
"""Logits [B, C] and label numbers [B] → the mean loss of the batch, a scalar."""


class Progress(msgspec.Struct):
    """Where a training stands, beside its tensors. Sums are over the current epoch so far."""

    epoch: int = 1
    step: int = 0
    loss_sum: float = 0.0
    right: int = 0
    seen: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    history: list[Epoch] = []

    def begin_epoch(self) -> None:
        self.epoch += 1
        self.step = self.right = self.seen = 0
        self.loss_sum = self.seconds = 0.0


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training leaves: its history and the epoch whose weights the model now has."""

    history: tuple[Epoch, ...]
    best_epoch: int


class Training:
    """One model being trained on one set of texts."""

    def __init__(
        self,
        model: nn.Module,
        config: TrainingConfig,
        *,
        train: EncodedTexts,
        validation: EncodedTexts,
        loss: Loss,
        checkpoint: Path,
        events: Events,
    ) -> None:
        self.model, self.config, self.loss, self.events = model, config, loss, events
        self.train, self.validation, self.checkpoint = train, validation, checkpoint
        named = component(OPTIMIZERS, config.optimizer, where="training: optimizer")
        self.optimizer: torch.optim.Optimizer = named.kind(named.config)(model.parameters())
        self.best = _copied(model)
        self.progress = Progress()
        self._lengths = train.lengths

    def run(self) -> Trained:
        """Train until the epochs or the patience end; the model then has the best weights seen on validation."""
        if self.checkpoint.exists():
            self._resume()
        while not self._finished():
            self._epoch()
        self.model.load_state_dict(self.best)
        self.model.eval()
        return Trained(tuple(self.progress.history), self.progress.best_epoch)

    def _finished(self) -> bool:
        done = len(self.progress.history)
        return done >= self.config.epochs or done - self.progress.best_epoch >= self.config.patience

    def _epoch(self) -> None:
        progress, config = self.progress, self.config
        batches = epoch_batches(self._lengths, size=config.batch, seed=config.seed, epoch=progress.epoch)
        self.model.train()
        while progress.step < len(batches):
            started = time.monotonic()
            self._step(batches[progress.step])
            progress.step += 1
            progress.seconds += time.monotonic() - started
            self._tell(len(batches))
            if progress.step % config.checkpoint_every == 0 and progress.step < len(batches):
                self._save()
        self._end_epoch()
        self._save()

    def _step(self, rows: Sequence[int]) -> None:
        tokens_BT, lengths_B, labels_B = map(torch.from_numpy, self.train.batch(rows))
        logits_BC = self.model(tokens_BT, lengths_B)
        loss = self.loss(logits_BC, labels_B)
        if not torch.isfinite(loss):
            raise self._diverged()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimizer.step()
        self.progress.loss_sum += loss.item() * len(rows)
        self.progress.right += int((logits_BC.argmax(1) == labels_B).sum())
        self.progress.seen += len(rows)

    def _end_epoch(self) -> None:
        progress = self.progress
        validation_loss, validation_accuracy = self._validate()
        epoch = Epoch(
            number=progress.epoch,
            train_loss=progress.loss_sum / progress.seen,
            train_accuracy=progress.right / progress.seen,
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
            seconds=progress.seconds,
        )
        if not progress.history or _merit(epoch) > max(map(_merit, progress.history)):
            progress.best_epoch = epoch.number
            self.best = _copied(self.model)
        progress.history.append(epoch)
        progress.begin_epoch()

    @torch.inference_mode()
    def _validate(self) -> tuple[float, float]:
        """Mean loss and accuracy on validation."""
        self.model.eval()
        loss_sum, right = 0.0, 0
        for rows in batches_by_length(self.validation.lengths.tolist()):
            tokens_BT, lengths_B, labels_B = map(torch.from_numpy, self.validation.batch(rows))
            logits_BC = self.model(tokens_BT, lengths_B)
            loss_sum += self.loss(logits_BC, labels_B).item() * len(rows)
            right += int((logits_BC.argmax(1) == labels_B).sum())
        return loss_sum / len(self.validation), right / len(self.validation)

    def _tell(self, steps: int) -> None:
        progress, config = self.progress, self.config
        done = (progress.epoch - 1) * steps + progress.step
        note = (
            f"epoch {progress.epoch}/{config.epochs} · loss {progress.loss_sum / progress.seen:.3f} · "
            f"accuracy {progress.right / progress.seen:.1%} · {progress.seen / progress.seconds:,.0f} texts/s"
        )
        self.events.progress(done, steps * config.epochs, note)

    def _save(self) -> None:
        tensors = {
            "model": _copied(self.model),
            "best": self.best,
            "optimizer": optimizer_tensors(self.optimizer),
            "random": {"torch": torch.get_rng_state()},
        }
        write_checkpoint(self.checkpoint, tensors, msgspec.to_builtins(self.progress))

    def _resume(self) -> None:
        tensors, state = read_checkpoint(self.checkpoint)
        self.progress = msgspec.convert(state, Progress)
        self.model.load_state_dict(tensors["model"])
        self.best = tensors["best"]
        restore_optimizer(self.optimizer, tensors.get("optimizer", {}))
        torch.set_rng_state(tensors["random"]["torch"])
        self.events.result(f"goes on from its checkpoint: epoch {self.progress.epoch}, step {self.progress.step}")

    def _diverged(self) -> WenluError:
        return WenluError(
            "diverged",
            f"The loss is no longer a finite number in epoch {self.progress.epoch}, step {self.progress.step + 1}.",
            hint="Lower training.optimizer.learning_rate or training.clip.",
        )


def _merit(epoch: Epoch) -> tuple[float, float]:
    """What makes an epoch the best: accuracy on validation, then the lower loss there."""
    return epoch.validation_accuracy, -epoch.validation_loss


def _copied(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
