from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wenlu.base.relay import Written, followed


class Hears:
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def stage(self, name: str, *, reused: bool) -> None:
        self.heard.append((name, reused))

    def progress(self, done: int, total: int | None, note: str = "") -> None:
        self.heard.append((done, total, note))

    def measured(self, step: int, values: Mapping[str, float]) -> None:
        self.heard.append((step, dict(values)))

    def wrote(self, step: int, prompt: str, text: str) -> None:
        self.heard.append((step, prompt, text))

    def result(self, line: str) -> None:
        self.heard.append(line)


def test_what_is_written_is_heard_in_order_to_the_last_line(tmp_path: Path):
    hears = Hears()
    with followed(tmp_path / "events", hears):
        written = Written(tmp_path / "events")
        written.stage("训练", reused=False)
        written.progress(1, 2, "一半")
        written.measured(1, {"loss": 0.1})
        written.wrote(1, "床前", "明月光\n")
        written.result("好")
        written.close()
    assert hears.heard == [("训练", False), (1, 2, "一半"), (1, {"loss": 0.1}), (1, "床前", "明月光\n"), "好"]


def test_measures_that_are_no_numbers_arrive(tmp_path: Path):
    hears = Hears()
    with followed(tmp_path / "events", hears):
        written = Written(tmp_path / "events")
        written.measured(1, {"loss": math.nan})
        written.close()
    assert math.isnan(hears.heard[0][1]["loss"])


def test_the_half_line_of_a_writer_that_was_killed_is_left_out(tmp_path: Path):
    hears = Hears()
    with followed(tmp_path / "events", hears):
        with (tmp_path / "events").open("ab") as file:
            file.write(b'["result", {"li')
        written = Written(tmp_path / "events")
        written.result("again")
        written.close()
    assert hears.heard == ["again"]
