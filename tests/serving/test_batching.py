"""The line and the batches: pure rules first, then the thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
from tests.serving.wire import by_size

from wenlu.base.errors import WenluError
from wenlu.bundle.predict import Answer
from wenlu.serving.batching import Batcher, Entry, Line, compute
from wenlu.serving.metrics import Metrics


class Future:
    """As much of a future as the line looks at."""

    def __init__(self) -> None:
        self.left = False

    def done(self) -> bool:
        return self.left


def entry(*texts: str) -> Entry:
    return Entry(texts, Future(), 0.0)  # type: ignore[arg-type]


def test_a_batch_is_all_that_waits_up_to_its_size_in_order_of_arrival():
    line = Line(most_waiting=100)
    entries = [entry("一", "二"), entry("三"), entry("四", "五"), entry("六")]
    assert all(map(line.join, entries))
    assert line.take(4) == entries[:2]  # the third would not fit, and nobody overtakes it
    assert line.take(4) == entries[2:]
    assert line.take(4) == []
    assert line.waiting == 0


def test_one_request_larger_than_a_batch_is_a_batch_by_itself():
    line = Line(most_waiting=100)
    line.join(large := entry(*"一二三四五"))
    line.join(entry("六"))
    assert line.take(3) == [large]


def test_who_comes_when_the_line_is_full_is_not_let_in():
    line = Line(most_waiting=3)
    assert line.join(entry("一", "二"))
    assert not line.join(entry("三", "四"))
    assert line.join(entry("三"))
    assert line.waiting == 3


def test_who_has_left_is_not_computed():
    line = Line(most_waiting=10)
    gone, stays = entry("一"), entry("二")
    line.join(gone)
    line.join(stays)
    gone.future.left = True  # type: ignore[attr-defined]
    assert line.take(1) == [stays]
    assert line.waiting == 0


def test_a_poisonous_text_fails_alone():
    def predict(texts: Sequence[str]) -> list[Answer]:
        if "毒" in texts:
            raise ValueError("毒")
        return by_size(texts)

    batch = [entry("好"), entry("毒"), entry("良い", "とても")]
    outcomes = [outcome for _, outcome in compute(predict, batch).entries]
    assert isinstance(outcomes[1], ValueError)
    assert outcomes[0] == by_size(["好"])
    assert outcomes[2] == by_size(["良い", "とても"])


def test_what_arrives_while_a_batch_is_computed_is_the_next_batch():
    batches: list[list[str]] = []
    started, go_on = threading.Event(), threading.Event()

    def predict(texts: Sequence[str]) -> list[Answer]:
        batches.append(list(texts))
        started.set()
        go_on.wait(10)
        return by_size(texts)

    async def run() -> None:
        batcher = Batcher(predict, Metrics())
        first = batcher.ask(["一"])
        await asyncio.to_thread(started.wait, 10)
        rest = [batcher.ask([text]) for text in ("二", "三三", "四")]
        go_on.set()
        await first
        assert [(await answers)[0].score for answers in rest] == [0.1, 0.2, 0.1]
        await batcher.close(within=5)

    asyncio.run(run())
    assert batches == [["一"], ["二", "三三", "四"]]


def test_over_the_limit_it_refuses_at_once_and_recovers():
    started, go_on = threading.Event(), threading.Event()

    def predict(texts: Sequence[str]) -> list[Answer]:
        started.set()
        go_on.wait(10)
        return by_size(texts)

    async def run() -> None:
        batcher = Batcher(predict, Metrics(), waiting_texts=2)
        computing = batcher.ask(["一"])
        await asyncio.to_thread(started.wait, 10)
        waiting = batcher.ask(["二", "三"])
        with pytest.raises(WenluError) as caught:
            batcher.ask(["四"])
        assert caught.value.code == "overloaded"
        go_on.set()
        await asyncio.gather(computing, waiting)
        assert len(await batcher.ask(["四"])) == 1
        await batcher.close(within=5)

    asyncio.run(run())


def test_closing_answers_what_waits_and_takes_nothing_new():
    async def run() -> None:
        batcher = Batcher(by_size, Metrics())
        waiting = [batcher.ask([text]) for text in ("好", "悪い")]
        await batcher.close(within=5)
        assert [(await answers)[0].score for answers in waiting] == [0.1, 0.2]
        with pytest.raises(WenluError) as caught:
            batcher.ask(["好"])
        assert caught.value.code == "shutting_down"
        await batcher.close(within=5)  # twice is once

    asyncio.run(run())


def test_a_model_that_never_ends_can_not_hold_up_the_end():
    started, release = threading.Event(), threading.Event()

    def predict(texts: Sequence[str]) -> list[Answer]:
        started.set()
        release.wait(10)
        return by_size(texts)

    async def run() -> None:
        batcher = Batcher(predict, Metrics())
        computing = batcher.ask(["一"])
        await asyncio.to_thread(started.wait, 10)
        waiting = batcher.ask(["二"])
        await batcher.close(within=0)
        for future in (computing, waiting):
            with pytest.raises(WenluError) as caught:
                await future
            assert caught.value.code == "shutting_down"
        release.set()
        batcher._thread.join(10)

    asyncio.run(run())
