"""The work on single texts done by a Ray cluster that exists already.

Ray places the jobs, moves the bytes and does a job again whose node has died; Wenlu must be installed on its nodes.
A job is the same function with the same bytes as on this machine, so the outcome is the same to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, TypeVar

from wenlu.base.cluster import connected
from wenlu.base.crew import in_order, job_of
from wenlu.base.errors import WenluError

Item = TypeVar("Item")


class RayCrew:
    """A crew whose workers are Ray's; `address` as Ray has it: `ray://HOST:10001`, `HOST:6379` or `auto`."""

    def __init__(self, factory: str, settings: bytes, *, address: str) -> None:
        self._ray = connected(address)
        work: Callable[[str, bytes, bytes], bytes] = _work
        self._job = self._ray.remote(num_cpus=1, max_retries=3)(work)
        self._factory, self._settings = factory, settings
        self._workers = max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def __enter__(self) -> RayCrew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ray.shutdown()

    def map(self, items: Iterable[Item], encode: Callable[[Item], bytes]) -> Iterator[tuple[Item, bytes]]:
        """Each item with the answer to it, in order; a bounded number of jobs waits at any time."""

        def begin(item: Item) -> Any:
            return self._job.remote(self._factory, self._settings, encode(item))

        for item, answer in in_order(items, begin, workers=self._workers):
            yield item, self._answer(answer)

    def _answer(self, answer: Any) -> bytes:
        try:
            done: bytes = self._ray.get(answer)
        except self._ray.exceptions.RayTaskError as error:
            cause = error.cause
            raise cause if isinstance(cause, WenluError) else _failed(error) from None
        except self._ray.exceptions.RayError as error:
            raise _failed(error) from None
        return done


def _work(factory: str, settings: bytes, job: bytes) -> bytes:
    """What a node does. What the factory makes is kept between jobs of one process."""
    return job_of(factory, settings)(job)


def _failed(error: Exception) -> WenluError:
    return WenluError(
        "cluster_failed",
        f"A job on the Ray cluster failed: {str(error).strip().splitlines()[-1]}",
        hint="Is the same Wenlu installed on every node?",
    )
