"""Texts in, answers out, each text computed once: whoever asks the same meanwhile or later gets what was computed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import msgspec

from wenlu.bundle.predict import Answer, Estimate, Prediction
from wenlu.serving.asks import Asked, Computes
from wenlu.serving.cache.disk import Disk
from wenlu.serving.cache.memory import Memory
from wenlu.serving.metrics import Metrics


@dataclass(slots=True, eq=False)
class _Waiting:
    """A request of which some answers are still to come: `left` distinct texts, each at some places."""

    future: Asked
    answers: list[Prediction | None]
    places: dict[bytes, list[int]]
    left: int

    def take(self, key: bytes, prediction: Prediction) -> None:
        for place in self.places[key]:
            self.answers[place] = prediction
        self.left -= 1
        if not self.left and not self.future.done():
            self.future.set_result([answer for answer in self.answers if answer is not None])


@dataclass(slots=True, eq=False)
class _Flight:
    """Texts that are being computed together, and who waits for which: the outcome of computing them."""

    keys: Sequence[bytes]
    landed: Callable[[_Flight, list[Prediction]], None]
    failed: Callable[[_Flight, Exception], None]
    began: float = field(default_factory=perf_counter)
    waiting: dict[bytes, list[_Waiting]] = field(default_factory=dict)

    given_up: bool = False

    @property
    def wanted(self) -> bool:
        return any(not one.future.done() for ones in self.waiting.values() for one in ones)

    def done(self) -> bool:
        """If it was given up; also asked by who computes, in another thread."""
        return self.given_up

    def set_result(self, result: list[Prediction], /) -> None:
        self.landed(self, result)

    def set_exception(self, exception: Exception, /) -> None:
        self.failed(self, exception)


class Answers:
    """In front of somebody who computes. Belongs to the event loop.

    An answer is looked for among those in flight, in memory and on disk. Errors are never kept. A request that is given
    up stops the computing of what nobody else waits for.
    """

    def __init__(
        self,
        computes: Computes,
        keys: Callable[[Sequence[str]], list[bytes]],
        metrics: Metrics,
        *,
        memory: Memory,
        disk: Disk | None,
        kind: type[Answer] | type[Estimate],
    ) -> None:
        """`kind` is what the model answers with."""
        self._computes, self._keys, self._metrics = computes, keys, metrics
        self._memory, self._disk = memory, disk
        self._flights: dict[bytes, _Flight] = {}
        self._read = msgspec.msgpack.Decoder(tuple[float, kind]).decode  # type: ignore[valid-type]
        self._written = msgspec.msgpack.Encoder().encode
        metrics.watch_cache(
            entries=lambda: len(memory),
            memory=lambda: memory.bytes,
            disk=lambda: disk.bytes if disk else 0,
            faults=lambda: disk.faults if disk else 0,
        )

    def ask(self, texts: Sequence[str], *, who: str = "", within: float | None = None) -> Asked:
        """As of whoever computes. Raises WenluError at once where texts have to be computed and can't be queued."""
        future: Asked = asyncio.get_running_loop().create_future()
        answers: list[Prediction | None] = [None] * len(texts)
        places: dict[bytes, list[int]] = {}
        for place, key in enumerate(self._keys(texts)):
            if key in places:
                places[key].append(place)
            elif (answer := self._kept(key)) is None:
                places[key] = [place]
            else:
                answers[place] = answer
        if not places:
            future.set_result([answer for answer in answers if answer is not None])
            return future
        missing = [(key, texts[first[0]]) for key, first in places.items() if key not in self._flights]
        self._compute(missing, who=who, within=within)
        self._wait(_Waiting(future, answers, places, len(places)))
        return future

    def _kept(self, key: bytes) -> Prediction | None:
        """What was answered before."""
        content, tier = self._memory.get(key), "memory"
        if content is None and self._disk is not None and key not in self._flights:
            content, tier = self._disk.get(key), "disk"
        if content is None:
            return None
        try:
            seconds, prediction = self._read(content)
        except msgspec.MsgspecError:  # of a version that wrote otherwise
            return None
        if tier == "disk":
            self._memory.put(key, content)
        self._metrics.cached(tier, seconds)
        return prediction

    def _compute(self, missing: Sequence[tuple[bytes, str]], *, who: str, within: float | None) -> None:
        if not missing:
            return
        keys = [key for key, _ in missing]
        flight = _Flight(keys, self._landed, self._failed)
        self._computes.compute([text for _, text in missing], flight, who=who, within=within)
        self._flights |= dict.fromkeys(keys, flight)
        self._metrics.not_cached(len(keys))

    def _wait(self, waiting: _Waiting) -> None:
        for key in waiting.places:
            flight = self._flights[key]
            if key in flight.waiting:
                self._metrics.cached("in_flight", 0.0)
            flight.waiting.setdefault(key, []).append(waiting)
        waiting.future.add_done_callback(lambda done: self._left(waiting) if done.cancelled() else None)

    def _left(self, waiting: _Waiting) -> None:
        """Nobody waits for it any more: what nobody else waits for is given up."""
        for flight in {id(flight): flight for key in waiting.places if (flight := self._flights.get(key))}.values():
            if not flight.wanted:
                flight.given_up = True
                self._forget(flight)

    def _forget(self, flight: _Flight) -> None:
        for key in flight.keys:
            if self._flights.get(key) is flight:
                del self._flights[key]

    def _landed(self, flight: _Flight, predictions: list[Prediction]) -> None:
        self._forget(flight)
        seconds = perf_counter() - flight.began
        for key, prediction in zip(flight.keys, predictions, strict=True):
            content = self._written((seconds, prediction))
            self._memory.put(key, content)
            if self._disk is not None:
                self._disk.put(key, content)
            for waiting in flight.waiting.get(key, ()):
                waiting.take(key, prediction)

    def _failed(self, flight: _Flight, error: Exception) -> None:
        self._forget(flight)
        for waiting in {id(one): one for ones in flight.waiting.values() for one in ones}.values():
            if not waiting.future.done():
                waiting.future.set_exception(error)
