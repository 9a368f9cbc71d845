"""Answers given before: the same answers, sooner, whatever happens to the file they lie in."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.serving.conftest import Log
from tests.serving.wire import ask_service, by_size, inputs, request

from wenlu.base.errors import WenluError
from wenlu.bundle.predict import Answer, Estimate
from wenlu.bundle.seal import open_bundle
from wenlu.serving.batching import Batcher
from wenlu.serving.cache.answers import Answers
from wenlu.serving.cache.disk import Disk
from wenlu.serving.cache.keys import Keys, salt_of
from wenlu.serving.cache.memory import Memory, weight
from wenlu.serving.cache.opening import opened
from wenlu.serving.cache.settings import CacheSettings
from wenlu.serving.metrics import Metrics
from wenlu.serving.service import serving

SALT = bytes(32)
TEXTS = [f"{text}{number}" for number in range(100) for text in ("房间很干净", "とても良い", "👨‍👩‍👧‍👦", "𠮷野家")]


def keys(texts: Sequence[str]) -> list[bytes]:
    return Keys(b"model", SALT, lambda text: text)(texts)


class Model:
    """Counts what it computes; waits for `go` where that is asked."""

    def __init__(self) -> None:
        self.computed: list[str] = []
        self.go = threading.Event()
        self.go.set()

    def __call__(self, texts: Sequence[str]) -> list[Any]:
        self.go.wait(10)
        self.computed += texts
        if "毒" in texts:
            raise ValueError("毒")
        return by_size(texts)


class Cached:
    """Answers in front of a batcher in front of a model."""

    def __init__(self, model: Model, disk: Disk | None = None, *, memory: int = 1 << 20, waiting: int = 1_024) -> None:
        self.model, self.metrics = model, Metrics()
        self.batcher = Batcher(model, self.metrics, waiting_texts=waiting)
        self.answers = Answers(self.batcher, keys, self.metrics, memory=Memory(memory), disk=disk, kind=Answer)

    async def ask(self, *texts: str) -> list[Any]:
        return await self.answers.ask(texts)

    def counted(self, tier: str) -> int:
        return int(self.metrics.registry.get_sample_value("wenlu_cache_texts_total", {"tier": tier}) or 0)


@asynccontextmanager
async def cached(model: Model | None = None, disk: Disk | None = None, **more: int) -> AsyncIterator[Cached]:
    found = Cached(model or Model(), disk, **more)
    try:
        yield found
    finally:
        found.model.go.set()
        await found.batcher.close(within=5)


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine)


def test_a_text_is_computed_once_and_answered_as_often_as_it_is_asked():
    async def scene() -> None:
        async with cached() as door:
            first = await door.ask("好", "坏", "好")
            again = await door.ask("坏", "好")
            assert first == by_size(["好", "坏", "好"])
            assert again == by_size(["坏", "好"])
            assert door.model.computed == ["好", "坏"]
            assert (door.counted("nowhere"), door.counted("memory"), door.counted("disk")) == (2, 2, 0)

    run(scene())


def test_who_asks_what_is_being_computed_waits_for_that():
    async def scene() -> None:
        async with cached() as door:
            door.model.go.clear()
            asked = [door.answers.ask(["好", "新"]), *(door.answers.ask(["好"]) for _ in range(9))]
            await asyncio.sleep(0.05)
            door.model.go.set()
            assert [await one for one in asked[1:]] == [by_size(["好"])] * 9
            assert await asked[0] == by_size(["好", "新"])
            assert sorted(door.model.computed) == sorted(["好", "新"])
            assert door.counted("in_flight") == 9

    run(scene())


def test_who_leaves_takes_nobodys_answer_away_and_what_nobody_waits_for_is_given_up():
    async def scene() -> None:
        async with cached() as door:
            door.model.go.clear()
            blocker = door.answers.ask(["先"])
            await asyncio.sleep(0.05)  # it is being computed; the others wait behind it
            leaves, stays, alone = door.answers.ask(["好"]), door.answers.ask(["好"]), door.answers.ask(["孤"])
            leaves.cancel()
            alone.cancel()
            await asyncio.sleep(0)
            door.model.go.set()
            assert await stays == by_size(["好"])
            await blocker
            assert sorted(door.model.computed) == sorted(["先", "好"])
            assert await door.ask("孤") == by_size(["孤"])

    run(scene())


def test_a_failure_reaches_all_who_wait_and_is_not_kept():
    async def scene() -> None:
        async with cached() as door:
            door.model.go.clear()
            asked = [door.answers.ask(["毒"]) for _ in range(3)]
            door.model.go.set()
            for one in asked:
                with pytest.raises(WenluError, match="failed on this request"):
                    await one
            with pytest.raises(WenluError):
                await door.ask("毒")
            assert door.model.computed.count("毒") >= 2

    run(scene())


def test_what_is_kept_is_answered_even_where_the_line_is_full():
    async def scene() -> None:
        async with cached(waiting=2) as door:
            await door.ask("好")
            door.model.go.clear()
            await asyncio.sleep(0)
            for text in "一二三":
                door.answers.ask([text])
                await asyncio.sleep(0.02)
            with pytest.raises(WenluError) as caught:
                door.answers.ask(["新"])
            assert caught.value.code == "overloaded"
            assert await door.ask("好") == by_size(["好"])

    run(scene())


@given(st.lists(st.lists(st.sampled_from("一二三四五六"), min_size=1, max_size=4), max_size=12))
@settings(max_examples=50, deadline=None)
def test_whatever_is_asked_in_whatever_order_the_answers_are_the_models(requests: list[list[str]]):
    async def scene() -> None:
        async with cached(memory=3 * weight(b"x" * 60)) as door:
            found = await asyncio.gather(*(door.answers.ask(texts) for texts in requests))
            assert found == [by_size(texts) for texts in requests]

    run(scene())


def test_memory_keeps_what_was_asked_last_within_its_bytes():
    one = b"an answer"
    memory = Memory(3 * weight(one))
    for number in range(3):
        memory.put(bytes([number]), one)
    assert memory.get(b"\0") == one
    memory.put(b"\3", one)
    assert [memory.get(bytes([number])) is not None for number in range(4)] == [True, False, True, True]
    assert (len(memory), memory.bytes) == (3, 3 * weight(one))


def test_the_same_text_to_the_model_has_one_key_and_another_model_or_salt_another():
    def folded(text: str) -> str:
        return text.replace("Ａ", "A")

    ours = Keys(b"model", SALT, folded)
    assert ours(["Ａ级"]) == ours(["A级"]) != ours(["B级"])
    assert not set(ours(["A级"])) & set(Keys(b"other", SALT, folded)(["A级"]))
    assert not set(ours(["A级"])) & set(Keys(b"model", b"1" * 32, folded)(["A级"]))


def test_bundles_have_keys_of_what_their_pipeline_reads(bundle: Path):
    found = Keys.of(open_bundle(bundle), SALT)
    assert found(["ＡＢＣ　很好"]) == found(["ABC 很好"])


def filled(path: Path, texts: Sequence[str] = TEXTS, *, limit: int = 1 << 30) -> None:
    async def scene() -> None:
        disk = Disk(path, limit=limit)
        async with cached(disk=disk) as door:
            assert await door.ask(*texts) == by_size(texts)
        disk.close()

    run(scene())


def test_what_lies_on_disk_outlives_the_process(tmp_path: Path):
    filled(tmp_path / "answers")

    async def scene() -> None:
        disk = Disk(tmp_path / "answers", limit=1 << 30)
        async with cached(disk=disk) as door:
            assert await door.ask(*TEXTS) == by_size(TEXTS)
            assert door.model.computed == []
            assert door.counted("disk") == len(TEXTS)
            assert await door.ask(TEXTS[0]) == by_size(TEXTS[:1])
            assert door.counted("memory") == 1
        assert disk.faults == 0
        disk.close()

    run(scene())


def test_no_text_can_be_read_in_the_file(tmp_path: Path):
    filled(tmp_path / "answers", ["身份证号码一二三"])
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"positive" in content
    assert "身份证".encode() not in content


@pytest.mark.parametrize("seed", range(12))
def test_damaged_files_give_right_answers_or_none(tmp_path: Path, seed: int):
    path = tmp_path / "answers"
    filled(path)
    chance = random.Random(seed)
    content = bytearray(path.read_bytes())
    for _ in range(100):
        content[chance.randrange(100 if seed % 3 == 0 else len(content))] = chance.randrange(256)
    path.write_bytes(content[: len(content) // 2] if seed == 11 else content)

    async def scene() -> None:
        disk = Disk(path, limit=1 << 30)
        async with cached(disk=disk) as door:
            for _ in range(2):
                for text in TEXTS:
                    assert await door.ask(text) == by_size([text])
        disk.close()

    run(scene())
    filled(path)  # it works again


def test_a_file_that_is_no_cache_is_begun_anew(tmp_path: Path, log: Log):
    path = tmp_path / "answers"
    path.write_bytes(b"not a database" * 1000)
    filled(path, ["好"])
    assert "begin anew" in log.text
    filled(path, ["好"])
    with sqlite3.connect(path) as opened_again:
        assert opened_again.execute("SELECT count(*) FROM answers").fetchone() == (1,)


def test_the_file_stays_within_its_bytes_and_the_newest_answers_stay(tmp_path: Path):
    limit, texts = 200_000, [f"第{number}篇" for number in range(5_000)]
    for start in range(0, len(texts), 100):
        disk = Disk(tmp_path / "answers", limit=limit)
        for key in keys(texts[start : start + 100]):
            disk.put(key, key * 8)
        disk.close()
        assert disk.bytes <= limit
    again = Disk(tmp_path / "answers", limit=limit)
    found = [again.get(key) is not None for key in keys(texts)]
    again.close()
    assert all(found[-100:])
    assert not any(found[:100])
    assert 300 < sum(found) < 5_000


def test_a_folder_that_can_not_be_written_leaves_the_memory(tmp_path: Path, log: Log):
    (tmp_path / "file").write_text("")
    with opened(CacheSettings(folder=tmp_path / "file" / "below")) as (salt, disk):
        assert disk is None
        assert len(salt) == 32
    assert "not kept on disk" in log.text


def test_a_salt_is_made_once(tmp_path: Path):
    assert salt_of(tmp_path / "new") == salt_of(tmp_path / "new")
    assert (tmp_path / "new" / "salt").stat().st_mode & 0o77 == 0


def test_numbers_are_kept_as_they_are(tmp_path: Path):
    async def scene() -> None:
        for expected in (1, 0):
            disk = Disk(tmp_path / "answers", limit=1 << 30)
            computed: list[str] = []

            def predict(texts: Sequence[str], seen: list[str] = computed) -> list[Any]:
                seen += texts
                return [Estimate(0.1 + len(text)) for text in texts]

            metrics = Metrics()
            batcher = Batcher(predict, metrics)
            answers = Answers(batcher, keys, metrics, memory=Memory(1 << 20), disk=disk, kind=Estimate)
            assert await answers.ask(["良い"]) == [Estimate(2.1)]
            assert len(computed) == expected
            await batcher.close(within=5)
            disk.close()

    run(scene())


def test_a_service_that_starts_again_gives_the_answers_of_before(bundle: Path, tmp_path: Path):
    options = ("--cache-folder", str(tmp_path / "answers"))
    asked = request(body=inputs(*TEXTS[:40]))
    with serving(bundle, *options) as address:
        before = ask_service(address, asked).json["outputs"]
    with serving(bundle, *options) as address:
        after = ask_service(address, asked).json["outputs"]
        said = ask_service(address, request("/metrics")).body.decode()
    assert after == before
    assert 'wenlu_cache_texts_total{tier="disk"} 40.0' in said
    with serving(bundle, "--cache-memory", "0", "--cache-disk", "0") as address:
        computed = ask_service(address, asked).json["outputs"]
    assert computed == before


def test_what_was_not_waited_for_is_computed_by_nobody_and_asked_again_is_answered():
    """Whoever computes looks from another thread, also between the asking and the waiting."""

    async def scene() -> None:
        async with cached() as door:
            for number in range(300):
                first, second = door.answers.ask([f"{number}"]), door.answers.ask([f"{number}"])
                if number % 3 == 0:
                    first.cancel()
                    second.cancel()
                    await asyncio.sleep(0)
                assert await door.ask(f"{number}") == by_size([f"{number}"])

    run(scene())
