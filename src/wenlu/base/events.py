"""What a long job tells whoever watches it. The job never knows if that is a terminal, a file or nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Events(Protocol):
    """A listener to one job. Every call returns at once."""

    def stage(self, name: str, *, reused: bool) -> None:
        """A stage begins; `reused` if its earlier result is taken."""

    def progress(self, done: int, total: int | None, note: str = "") -> None:
        """`done` of `total` units of the stage's work (`total` None: not known)."""

    def measured(self, step: int, values: Mapping[str, float]) -> None:
        """What a training measured at a step, by name; for curves."""

    def wrote(self, step: int, prompt: str, text: str) -> None:
        """How a language model goes on from a prompt at a step of its training."""

    def result(self, line: str) -> None:
        """One line a person should read about the stage that ends."""


class Silent:
    """Events that nobody watches."""

    def stage(self, name: str, *, reused: bool) -> None: ...

    def progress(self, done: int, total: int | None, note: str = "") -> None: ...

    def measured(self, step: int, values: Mapping[str, float]) -> None: ...

    def wrote(self, step: int, prompt: str, text: str) -> None: ...

    def result(self, line: str) -> None: ...


def counted(items: Iterable[Item], events: Events, *, total: int | None = None, every: int = 500) -> Iterator[Item]:
    """The same items; `events` hears how many have passed, every `every` items and at the end."""
    done = 0
    for done, item in enumerate(items, 1):
        yield item
        if done % every == 0:
            events.progress(done, total)
    events.progress(done, total if total is not None else done)
