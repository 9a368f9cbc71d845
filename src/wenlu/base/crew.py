"""Processes of our own that do one kind of job many times over, on all processors.

A job and its answer are bytes, over pipes. A worker is a plain `python -m wenlu.base.crew`, so it needs nothing of the
program that started it, and it ends when the pipe does: if we are killed, no worker stays behind.
"""

from __future__ import annotations

import importlib
import os
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Generic, TypeVar

from wenlu.base.errors import WenluError

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Begun = TypeVar("Begun")
Job = Callable[[bytes], bytes]

_LENGTH = struct.Struct("<cQ")
_ANSWER, _REFUSAL = b"+", b"-"
ALONE, WORTH = 1.0, 0.5
_AHEAD = 2  # jobs a worker that wait: enough that none is ever idle


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(items: Iterable[Item], begin: Callable[[Item], Begun], *, workers: int) -> Iterator[tuple[Item, Begun]]:
    """Each item with what `begin` gave for it, in order; a bounded number has begun and is not taken yet."""
    waiting: deque[tuple[Item, Begun]] = deque()
    for item in items:
        waiting.append((item, begin(item)))
        if len(waiting) > _AHEAD * workers:
            yield waiting.popleft()
    yield from waiting


@dataclass(frozen=True, slots=True)
class Work(Generic[Item, Answer]):
    """One kind of job: done `here` as it is, or by a crew, for which items and answers become bytes and come back."""

    here: Callable[[Item], Answer]
    factory: str
    settings: bytes
    encode: Callable[[Item], bytes]
    decode: Callable[[bytes], Answer]


def spread(items: Iterable[Item], work: Work[Item, Answer]) -> Iterator[tuple[Item, Answer]]:
    """Each item with the answer to it, in order: at first from here, since starting a crew takes half a second.

    After `ALONE` seconds the rest goes to a crew on all processors, if the work was at least `WORTH` of that time: less
    of it is done sooner here than sent to others and read back.
    """
    items, started, worked = iter(items), time.monotonic(), 0.0
    for item in items:
        alone = time.monotonic() - started
        if processors() > 1 and alone >= ALONE and worked >= WORTH * alone:
            with Crew(work.factory, work.settings, workers=processors()) as crew:
                for asked, answer in crew.map(chain([item], items), work.encode):
                    yield asked, work.decode(answer)
            return
        begun = time.monotonic()
        answer_here = work.here(item)
        worked += time.monotonic() - begun
        yield item, answer_here


class Crew:
    """Workers that each call `factory(settings)` once and the function it gives for every job.

    `factory` is "package.module:function". Answers come in the order of the jobs. Errors of a job are raised here.
    """

    def __init__(self, factory: str, settings: bytes, *, workers: int) -> None:
        self._workers = [_Worker(factory, settings) for _ in range(workers)]
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(workers)

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.end(at_once=error is not None)
        self._threads.shutdown(cancel_futures=True)

    def map(self, items: Iterable[Item], encode: Callable[[Item], bytes]) -> Iterator[tuple[Item, bytes]]:
        """Each item with the answer to it; a bounded number of jobs waits at any time."""

        def begin(item: Item) -> Future[bytes]:
            return self._threads.submit(self._done, encode(item))

        for item, future in in_order(items, begin, workers=len(self._workers)):
            yield item, future.result()

    def _done(self, job: bytes) -> bytes:
        worker = self._idle.get()
        try:
            return worker.ask(job)
        finally:
            self._idle.put(worker)


class _Worker:
    """One process, asked one thing at a time."""

    def __init__(self, factory: str, settings: bytes) -> None:
        command = [sys.executable, "-m", "wenlu.base.crew", factory]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._tell(settings)

    def ask(self, job: bytes) -> bytes:
        """The answer; raises what the worker raised, and WenluError `worker_died` if it is gone."""
        self._tell(job)
        mark, answer = _read(self._process.stdout)
        if mark == _ANSWER:
            return answer
        if mark == _REFUSAL:
            code, message, hint = answer.decode().split("\0")
            raise WenluError(code, message, hint=hint)
        raise WenluError(
            "worker_died",
            f"A worker process ended by itself (exit code {self._process.wait()}).",
            hint="Perhaps memory ran out. What was finished before is kept.",
        )

    def end(self, *, at_once: bool) -> None:
        if at_once:
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()
        self._process.wait()

    def _tell(self, content: bytes) -> None:
        with suppress(BrokenPipeError):  # if it is gone, reading its answer tells so
            _write(self._process.stdin, _ANSWER, content)


def _write(pipe: IO[bytes] | None, mark: bytes, content: bytes) -> None:
    if pipe is not None:
        pipe.write(_LENGTH.pack(mark, len(content)))
        pipe.write(content)
        pipe.flush()


def _read(pipe: IO[bytes] | None) -> tuple[bytes, bytes]:
    """The mark and the content of the next message, two times nothing at the end."""
    head = pipe.read(_LENGTH.size) if pipe is not None else b""
    if pipe is None or len(head) < _LENGTH.size:
        return b"", b""
    mark, length = _LENGTH.unpack(head)
    content = pipe.read(length)
    return (mark, content) if len(content) == length else (b"", b"")


@lru_cache(4)
def job_of(factory: str, settings: bytes) -> Job:
    """What `factory(settings)` makes, made once in this process."""
    module, _, name = factory.partition(":")
    job: Job = getattr(importlib.import_module(module), name)(settings)
    return job


def _work(factory: str) -> None:
    """What a worker does: jobs from standard input, answers to standard output, until there are no more."""
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # whatever a library prints must not look like an answer
    mark, settings = _read(sys.stdin.buffer)
    while mark:
        mark, content = _read(sys.stdin.buffer)
        if not mark:
            return
        try:
            _write(answers, _ANSWER, job_of(factory, settings)(content))
        except WenluError as error:
            _write(answers, _REFUSAL, "\0".join((error.code, error.message, error.hint)).encode())


if __name__ == "__main__":
    try:
        _work(sys.argv[1])
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(1)  # whoever asked is gone: there is nobody to tell
