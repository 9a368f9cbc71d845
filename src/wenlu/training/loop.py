"""The training loop: steps, rounds, early stop, and a state that can be put down and taken up at any step.

Stopped anywhere and started again, a run ends with the very weights it would have had (on a processor, with the
same number of threads and processes): a checkpoint holds weights, optimisers, average, random state and the place in
the epoch. Every process of a training runs this same loop; see `process.py`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace

import msgspec
import torch
from torch import Tensor, nn

from wenlu.base.component import component
from wenlu.base.errors import WenluError
from wenlu.base.events import Events
from wenlu.training.average import Average
from wenlu.training.checkpoint import Checkpoints, optimizer_tensors, restore_optimizers
from wenlu.training.lora import frozen, without
from wenlu.training.optimizers import OPTIMIZERS, Optimizers, Weight, set_rate
from wenlu.training.place import Place
from wenlu.training.process import ALONE, Process
from wenlu.training.progress import Progress, Round, Trained
from wenlu.training.schedules import SCHEDULES
from wenlu.training.settings import TrainingConfig
from wenlu.training.task import Rows, Task

Show = Callable[[Rows], str]
"""What some rows of the training texts are, for a person who looks for what is wrong with them."""


Watch = Callable[[nn.Module, int], None]
"""Looks at a model in evaluation mode after so many steps, and leaves it and chance as they are."""


class Training:
    """One model learning one task."""

    def __init__(
        self,
        model: nn.Module,
        task: Task,
        config: TrainingConfig,
        *,
        place: Place,
        checkpoints: Checkpoints,
        events: Events,
        weights: Sequence[Weight] | None = None,
        show: Show | None = None,
        watch: Watch | None = None,
        process: Process = ALONE,
    ) -> None:
        """`weights` are the parameters that are trained, all of them if left out; `watch` is called as often as
        `config.samples` says."""
        self.model, self.task, self.config, self.events = process.place(model, place.device), task, config, events
        self.place, self.checkpoints, self.process = place, checkpoints, process
        self._learner = process.learner(self.model, place.device)
        self.weights = trainable(self.model) if weights is None else _again(weights, self.model)
        named = component(OPTIMIZERS, config.optimizer, where="training: optimizer")
        self.optimizers: Optimizers = named.kind(named.config)(self.weights)
        planned = component(SCHEDULES, config.schedule, where="training: schedule")
        self.schedule = planned.kind(planned.config)
        self.average = None if config.average is None else Average(model, config.average)
        self.progress = Progress()
        self._frozen = frozen(self.model)
        self.epoch_steps = len(task.batches(1))
        process.seed(config.seed)
        self._watch = watch
        self._show = show or (lambda rows: f"rows {', '.join(map(str, rows[:8]))}")

    @property
    def total_steps(self) -> int:
        return self.epoch_steps * self.config.epochs

    def run(self) -> Trained:
        """Train until the epochs or the patience end; the model then has the best weights seen on validation.

        Raises WenluError: `diverged` if the loss is no longer a finite number, `out_of_memory`, `broken_checkpoint`.
        """
        if not self._resume() and self.config.recover:
            self._save()
        while not self._finished():
            try:
                self._epoch()
            except _NotFiniteError as found:
                self._recover(found)
        self._load(self.checkpoints.best(self.progress.best))
        self.model.eval()
        return Trained(tuple(self.progress.history), self.progress.best)

    def _finished(self) -> bool:
        progress = self.progress
        rounds = len(progress.history)
        return progress.epoch > self.config.epochs or rounds - progress.best >= self.config.patience

    def _epoch(self) -> None:
        """From where it stands to the end of the epoch, or of the training."""
        progress = self.progress
        batches = self.task.batches(progress.epoch)
        self.model.train()
        while not self._finished():
            started = time.monotonic()
            self._step(batches[progress.step])
            progress.seconds += time.monotonic() - started
            self._tell()
            progress.step += 1
            progress.steps += 1
            ends_epoch = progress.step == len(batches)
            if ends_epoch:
                progress.epoch, progress.step = progress.epoch + 1, 0
            if self._ends_round():
                self._end_round()
                self._save()
            elif progress.steps % self.config.checkpoint_every == 0:
                self._save()
            self._let_watch()
            if ends_epoch:
                return

    def _ends_round(self) -> bool:
        every = self.config.validate_every or self.epoch_steps
        return self.progress.steps % every == 0 or self.progress.epoch > self.config.epochs

    def _let_watch(self) -> None:
        """Show the weights that would be kept now, if it is time to."""
        samples, steps = self.config.samples, self.progress.steps
        if self._watch is None or samples is None or not self.process.main:
            return
        if self._ends_round() if samples.every is None else steps % samples.every == 0:
            with self.average.lent_to(self.model) if self.average is not None else nullcontext():
                self.model.eval()
                self._watch(self.model, steps)
                self.model.train()

    def _step(self, rows: Rows) -> None:
        progress = self.progress
        total = self.task.weight(rows)
        for part in (parts := list(_parts(rows, self.config.accumulate))):
            with self.process.exchanging(self._learner, last=part is parts[-1]):
                sums = self._backward(part, total)
            progress.add(sums, self.task.weight(part))
        norm = nn.utils.clip_grad_norm_([weight.parameter for weight in self.weights], self.config.clip)
        if not torch.isfinite(norm):
            raise _NotFiniteError("The gradient", rows)
        set_rate(self.optimizers, progress.rate * self.schedule(progress.steps, self.total_steps))
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        if self.average is not None:
            self.average.take(self.model, steps=progress.steps)

    def _backward(self, rows: Rows, total: int) -> dict[str, float]:
        """Add the gradient of some rows of a step that counts `total` in all: of this process's share of them, as many
        times as there are processes, since of their gradients the mean is taken."""
        own, counts = self.process.mine(rows)
        try:
            with self.place.computing():
                loss, sums = self._learner(lambda model: self._measured(model, own))
            sums = self.process.summed({"loss": loss.item(), **sums}, counts=counts)
            if not math.isfinite(sums["loss"]):
                raise _NotFiniteError("The loss", rows)
            (loss * counts / (total / self.process.size)).backward()
        except (torch.OutOfMemoryError, RuntimeError) as error:
            raise self._out_of_memory() if _says_no_memory(error) else error from None
        return sums

    def _measured(self, model: nn.Module, rows: Rows) -> tuple[Tensor, dict[str, float]]:
        outcome = self.task.loss(model, rows)
        return outcome.loss, dict(outcome.sums)

    def _end_round(self) -> None:
        """Look at validation, and keep the weights if they are the best so far."""
        progress = self.progress
        with self.average.lent_to(self.model) if self.average is not None else nullcontext():
            self.model.eval()
            measures = self._validated()
            self.model.train()
            best = not progress.history or self._merit(measures) > max(
                self._merit(one.validation) for one in progress.history
            )
            number = len(progress.history) + 1
            if best:
                progress.best = number
                self.checkpoints.write_best(self._state(), number=number)
        epoch = round(progress.steps / self.epoch_steps, 3)
        done = Round(number, epoch, progress.steps, progress.seconds, progress.means(), measures)
        progress.history.append(done)
        progress.begin_round()
        self.events.measured(done.steps, {f"validation_{name}": value for name, value in measures.items()})

    def _validated(self) -> dict[str, float]:
        """What the first process finds; those that hold parts of its model compute with it."""
        measures: dict[str, float] = {}
        with self.place.computing():
            if self.process.shard:
                measures = self._learner(self.task.validate)
            elif self.process.main:
                measures = self.task.validate(self.model)
        return self.process.agreed(measures)

    def _merit(self, measures: dict[str, float]) -> tuple[float, ...]:
        """Of measures that are no numbers: less than of any that are."""
        if not all(map(math.isfinite, measures.values())):
            return (-math.inf,)
        return self.task.merit(measures)

    def _tell(self) -> None:
        progress, done = self.progress, self.progress.steps + 1
        means = progress.means()
        self.events.measured(done, {**means, "learning_rate": self.optimizers[0].param_groups[0]["lr"]})
        speed = progress.weight / max(progress.seconds, 1e-9)
        pace = progress.seconds / max(done - (progress.history[-1].steps if progress.history else 0), 1)
        shown = " · ".join(f"{name} {value:.3f}" for name, value in means.items())
        left = _clock(pace * (self.total_steps - done))
        note = f"epoch {progress.epoch}/{self.config.epochs} · {shown} · {speed:,.0f} {self.task.unit}/s · {left} left"
        self.events.progress(done, self.total_steps, note)

    def _save(self) -> None:
        progress = self.progress
        groups: dict[str, dict[str, Tensor]] = {
            "model": self._state(),
            "average": {} if self.average is None else self.average.tensors,
            "optimizer": optimizer_tensors(self.optimizers),
            "random": self.process.gathered(_random_state(self.place.device)),
        }
        self.checkpoints.write(groups, msgspec.to_builtins(progress), step=progress.steps, best=progress.best)

    def _state(self) -> dict[str, Tensor]:
        """The model's tensors but for those that adapters leave alone."""
        return without(self.model.state_dict(), self._frozen)

    def _load(self, tensors: dict[str, Tensor]) -> None:
        own = self.model.state_dict() if self._frozen else {}
        self.process.load(self.model, {name: own[name] for name in self._frozen} | tensors)

    def _resume(self) -> bool:
        """Go on from the newest checkpoint, if there is one."""
        found = self.checkpoints.newest()
        if found is None:
            return False
        groups, state = found
        self.progress = msgspec.convert(state, Progress)
        self._load(groups["model"])
        if self.average is not None:
            self.average.load(groups["average"], process=self.process)
        restore_optimizers(self.optimizers, groups.get("optimizer", {}), process=self.process)
        _restore_random_state(self.process.own(groups["random"]))
        if self.progress.steps:
            self.events.result(f"goes on from its checkpoint: epoch {self.progress.epoch}, step {self.progress.step}")
        return True

    def _recover(self, found: _NotFiniteError) -> None:
        """Back to the last checkpoint with half the learning rate, as often as the settings allow."""
        sentence = (
            f"{found.what} is no longer a finite number in epoch {self.progress.epoch}, step {self.progress.step + 1}, "
            f"at {self._show(found.rows)}."
        )
        if self.progress.recovered >= self.config.recover:
            raise WenluError(
                "diverged",
                sentence,
                hint="Lower training.optimizer.learning_rate or training.clip, or set training.recover.",
            ) from None
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        self._resume()
        self.progress.recovered += 1
        self.progress.rate /= 2
        self._save()
        self.events.result(f"{sentence} It goes on with {self.progress.rate:g} of the learning rate.")

    def _out_of_memory(self) -> WenluError:
        config = self.config
        rows = math.ceil(config.batch / config.accumulate)
        return WenluError(
            "out_of_memory",
            f"A step of {rows} texts at once does not fit into the memory of {self.place}.",
            hint=f"--set training.accumulate={config.accumulate * 2} computes the same step {math.ceil(rows / 2)} "
            "texts at a time; the run goes on from its last checkpoint.",
        )


class _NotFiniteError(Exception):
    """The loss or the gradient of some rows is no number."""

    def __init__(self, what: str, rows: Rows) -> None:
        super().__init__(what)
        self.what, self.rows = what, rows


def trainable(model: nn.Module) -> list[Weight]:
    """The parameters of a model that take gradients."""
    return [Weight(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]


def _again(weights: Sequence[Weight], model: nn.Module) -> list[Weight]:
    """The same weights with the parameters that the model has now: dividing it makes new ones."""
    parameters = dict(model.named_parameters())
    return [replace(weight, parameter=parameters[weight.name]) for weight in weights]


def _parts(rows: Rows, number: int) -> Iterator[Rows]:
    """The rows in at most `number` parts of nearly the same size."""
    size = math.ceil(len(rows) / number)
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _random_state(device: torch.device) -> dict[str, Tensor]:
    state = {"torch": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def _restore_random_state(state: dict[str, Tensor]) -> None:
    if "torch" in state:  # a process that did not take part then has its own chance still
        torch.set_rng_state(state["torch"])
    if "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"])


def _says_no_memory(error: Exception) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error)


def _clock(seconds: float) -> str:
    """`3:05`, or `1:03:05` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
