"""The line and the batches: pure rules first, then the thread."""

from __future__ import annotations

import asyncio
import random
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


def entry(*texts: str, who: str = "") -> Entry:
    return Entry(texts, Future(), 0.0, who)  # type: ignore[arg-type]


def test_a_batch_is_all_that_waits_up_to_its_size_in_order_of_arrival():
    line = Line(most_waiting=100)
    entries = [entry("一", "二"), entry("三"), entry("四", "五"), entry("六")]
    assert list(map(line.join, entries)) == [[]] * 4
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
    assert line.join(entry("一", "二")) == []
    assert line.join(entry("三", "四")) is None
    assert line.join(entry("三")) == []
    assert line.waiting == 3


def test_who_has_left_is_not_computed():
    line = Line(most_waiting=10)
    gone, stays = entry("一"), entry("二")
    line.join(gone)
    line.join(stays)
    gone.future.left = True  # type: ignore[attr-defined]
    assert line.take(1) == [stays]
    assert line.waiting == 0


def test_each_is_served_in_turn_however_much_one_asks():
    line = Line(most_waiting=100)
    much = [entry("多", who="much") for _ in range(9)]
    little = [entry("少", who="little") for _ in range(2)]
    for one in [*much, *little]:
        line.join(one)
    assert line.take(5) == [much[0], little[0], much[1], little[1], much[2]]
    assert line.take(100) == much[3:]


def test_in_a_full_line_who_has_most_gives_way_to_who_has_less():
    line = Line(most_waiting=4)
    much = [entry("多", who="much") for _ in range(4)]
    for one in much:
        line.join(one)
    assert line.join(entry("多", who="much")) is None
    assert line.join(first := entry("少", who="little")) == [much[3]]
    assert line.join(second := entry("少", who="little")) == [much[2]]
    assert line.join(entry("少", who="little")) is None
    assert line.join(entry("大" * 9, *"很大很大", who="large")) is None
    assert line.take(9) == [much[0], first, much[1], second]
    assert line.waiting == 0


def test_nine_who_ask_their_share_lose_nothing_to_one_who_asks_fifty_times_it():
    line, lost, served = (
        Line(most_waiting=40),
        dict.fromkeys(map(str, range(10)), 0),
        dict.fromkeys(map(str, range(10)), 0),
    )
    for _ in range(2_000):  # each tick the model answers ten texts; nine ask for one, and one for fifty
        arrivals = [entry("字", who=str(who)) for who in range(9)] + [entry("字", who="9") for _ in range(50)]
        random.Random(1).shuffle(arrivals)
        for one in arrivals:
            gone = line.join(one)
            for left in [one] if gone is None else gone:
                lost[left.who] += 1
        for one in line.take(10):
            served[one.who] += 1
    assert [lost[str(who)] for who in range(9)] == [0] * 9
    assert [served[str(who)] for who in range(9)] == [2_000] * 9


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


def test_who_can_not_wait_as_long_as_it_would_take_is_told_at_once():
    async def scene() -> None:
        go_on = threading.Event()

        def predict(texts: Sequence[str]) -> list[Answer]:
            go_on.wait(5)
            return by_size(texts)

        batcher = Batcher(predict, Metrics(), batch_texts=1)
        first = batcher.ask(["一"], within=0.001)  # nothing is known yet of how long it takes
        await asyncio.sleep(0.2)
        go_on.set()
        await first
        go_on.clear()
        waiting = [batcher.ask(["二"]) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(WenluError) as caught:
            batcher.ask(["三"], within=0.05)
        assert caught.value.code == "deadline"
        waiting.append(batcher.ask(["三"], within=60))
        go_on.set()
        await asyncio.gather(*waiting)
        await batcher.close(within=5)

    asyncio.run(scene())
