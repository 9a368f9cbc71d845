"""Requests that arrive together are computed together, without ever waiting for company.

One thread computes. While it does, requests gather; when it is done it takes all that wait, up to a batch. So a
lone request starts at once, and the busier the service, the fuller the batches: no timer to tune.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from time import perf_counter

from wenlu.base.errors import WenluError
from wenlu.bundle.predict import Prediction
from wenlu.serving.asks import Asked, Outcome
from wenlu.serving.metrics import Metrics

_log = logging.getLogger("wenlu.serving")

_WEIGHT = 0.1  # of the newest batch in the mean time a text
_LATER = "The service is busy; try again later."

Predict = Callable[[Sequence[str]], list[Prediction]]


@dataclass(slots=True, eq=False)
class Entry:
    """A request in the line: its texts, where its answers go, when it joined, and whose it is."""

    texts: Sequence[str]
    future: Outcome
    since: float
    who: str = ""


class Line:
    """Entries, at most `most_waiting` texts together. Knows neither clocks nor threads.

    Each who has a row of its own, in order of arrival, and is served in turn. Where there is no more room, who has the
    most waiting gives way to who has less: so nobody who asks a little is turned away for one who asks much.
    """

    def __init__(self, *, most_waiting: int) -> None:
        self.waiting = 0
        self._most = most_waiting
        self._rows: dict[str, deque[Entry]] = {}  # none of them empty, whose turn it is first
        self._texts: Counter[str] = Counter()

    def join(self, entry: Entry) -> list[Entry] | None:
        """Who had to leave the line for it, mostly nobody; None if there was no room."""
        size = len(entry.texts)
        gone: list[Entry] = []
        while self.waiting + size > self._most:
            most = max(self._texts, key=self._texts.__getitem__, default=entry.who)
            if self._texts[most] <= self._texts[entry.who] + size:
                for one in reversed(gone):
                    self._add(one)
                return None
            gone.append(self._remove(most, self._rows[most].pop()))
        self._add(entry)
        return [one for one in gone if not one.future.done()]

    def take(self, most_texts: int) -> list[Entry]:
        """The next entries, together at most `most_texts` texts (or one entry); whoever left is forgotten."""
        batch: list[Entry] = []
        texts = 0
        while self._rows:
            who, row = next(iter(self._rows.items()))
            if batch and texts + len(row[0].texts) > most_texts:
                break
            entry = self._remove(who, row.popleft())
            if who in self._rows:
                self._rows[who] = self._rows.pop(who)  # the others first
            if not entry.future.done():
                batch.append(entry)
                texts += len(entry.texts)
        return batch

    def _add(self, entry: Entry) -> None:
        self._rows.setdefault(entry.who, deque()).append(entry)
        self._texts[entry.who] += len(entry.texts)
        self.waiting += len(entry.texts)

    def _remove(self, who: str, entry: Entry) -> Entry:
        """What is no longer in its row."""
        if not self._rows[who]:
            del self._rows[who]
        self.waiting -= len(entry.texts)
        self._texts[who] -= len(entry.texts)
        if not self._texts[who]:
            del self._texts[who]
        return entry


@dataclass(slots=True)
class Computed:
    """What became of a batch: answers or a failure of each entry, when it began and how long it took."""

    began: float
    seconds: float
    texts: int
    entries: list[tuple[Entry, list[Prediction] | Exception]] = field(default_factory=list)


def compute(predict: Predict, batch: Sequence[Entry]) -> Computed:
    """Answers of a batch. If it raises, each entry is tried alone, so that a poisonous text fails by itself."""
    began = perf_counter()
    texts = [text for entry in batch for text in entry.texts]
    try:
        answers = iter(predict(texts))
        entries: list[tuple[Entry, list[Prediction] | Exception]] = [
            (entry, [next(answers) for _ in entry.texts]) for entry in batch
        ]
    except Exception as error:  # the edge of the model worker: nothing a model raises may stop the service
        _log.exception("a batch of %d texts failed", len(texts), exc_info=error)
        entries = [(entry, error if len(batch) == 1 else _alone(predict, entry)) for entry in batch]
    return Computed(began, perf_counter() - began, len(texts), entries)


def _alone(predict: Predict, entry: Entry) -> list[Prediction] | Exception:
    try:
        return predict(entry.texts)
    except Exception as error:
        return error


class Batcher:
    """Answers texts from the event loop by computing them in one thread of its own.

    `ask` and `close` belong to the event loop; the line is shared with the thread under `_lock`.
    """

    def __init__(
        self, predict: Predict, metrics: Metrics, *, batch_texts: int = 64, waiting_texts: int = 1_024
    ) -> None:
        self._predict = predict
        self._metrics = metrics
        self._batch_texts = batch_texts
        self._line = Line(most_waiting=waiting_texts)
        self._lock = threading.Lock()
        self._work: SimpleQueue[bool] = SimpleQueue()  # True: there is something in the line; False: stop
        self._idle = True
        self._seconds_a_text = 0.0  # of late
        self._stopped = False
        self._computing: Sequence[Entry] = ()
        self._loop = asyncio.get_running_loop()
        self._finished = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="wenlu-predict", daemon=True)
        self._thread.start()
        metrics.watch_waiting(lambda: self._line.waiting)

    def ask(self, texts: Sequence[str], *, who: str = "", within: float | None = None) -> Asked:
        """The answers to come. Cancel the future to leave the line.

        Raises WenluError at once: `overloaded` if too many texts wait, `deadline` if what waits will take longer than
        the `within` seconds that are left, `shutting_down` after `close` was called. The future raises WenluError
        `prediction_failed` if the model could not answer, `overloaded` if it had to leave the line for others.
        """
        future: Asked = self._loop.create_future()
        self.compute(texts, future, who=who, within=within)
        return future

    def compute(self, texts: Sequence[str], outcome: Outcome, *, who: str, within: float | None) -> None:
        """As `ask`, with the answers put into `outcome`; it leaves the line by being done."""
        if self._stopped:
            raise shutting_down()
        entry = Entry(texts, outcome, perf_counter(), who)
        with self._lock:
            if within is not None and self._seconds_a_text * self._line.waiting > within:
                raise WenluError("deadline", "What waits already takes longer than this request may.", hint=_LATER)
            gone = self._line.join(entry)
            if gone is None:
                raise _overloaded(f"{self._line.waiting} texts wait already; this request was not queued.")
            wake, self._idle = self._idle, False
        for one in gone:
            one.future.set_exception(_overloaded("Too many texts wait, most of them this key's."))
        if wake:
            self._work.put(True)

    async def close(self, *, within: float) -> None:
        """Answer what waits, for `within` seconds at most; then fail the rest."""
        if not self._stopped:
            self._stopped = True
            self._work.put(False)
        try:
            async with asyncio.timeout(within):
                await self._finished.wait()
        except TimeoutError:
            _log.error("the model did not finish within %.0f s", within)
        with self._lock:
            left = [*self._computing, *self._line.take(self._line.waiting)]
        for entry in left:
            if not entry.future.done():
                entry.future.set_exception(shutting_down())

    def _run(self) -> None:
        try:
            while self._work.get():
                self._empty_line()
            self._empty_line()  # what joined between the last batch and the word to stop
        finally:
            self._call(self._finished.set)

    def _empty_line(self) -> None:
        while True:
            with self._lock:
                batch = self._computing = self._line.take(self._batch_texts)
                if not batch:
                    self._idle = True
                    return
            self._call(self._deliver, compute(self._predict, batch))

    def _call(self, function: Callable[..., None], *arguments: Computed) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # the loop was closed: a drain that hit its cap did not wait for us
            _log.warning("an answer came after the service had stopped")

    def _deliver(self, computed: Computed) -> None:
        self._metrics.computed(computed.texts, computed.seconds)
        newest = computed.seconds / computed.texts
        self._seconds_a_text += _WEIGHT * (newest - self._seconds_a_text) if self._seconds_a_text else newest
        for entry, outcome in computed.entries:
            self._metrics.waited(computed.began - entry.since)
            if entry.future.done():
                continue
            if isinstance(outcome, Exception):
                entry.future.set_exception(WenluError("prediction_failed", "The model failed on this request."))
            else:
                entry.future.set_result(outcome)


def _overloaded(message: str) -> WenluError:
    return WenluError("overloaded", message, hint="Try again.")


def shutting_down() -> WenluError:
    return WenluError("shutting_down", "This service is shutting down.", hint="Try again in a few seconds.")
