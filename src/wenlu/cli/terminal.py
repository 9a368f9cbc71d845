"""A job shown on a terminal: a line a stage, a bar while it works, what came out."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TextIO

_BAR = 24
_BETWEEN = 0.1


class Terminal:
    """Events as text. Bars are drawn on a terminal only; a file or a pipe gets plain lines."""

    def __init__(self, out: TextIO = sys.stderr) -> None:
        self._out = out
        self._live = out.isatty()
        self._drawn = 0.0
        self._bar = False

    def stage(self, name: str, *, reused: bool) -> None:
        self._clear()
        self._print(f"● {name}{'  (unchanged: taken from before)' if reused else ''}")

    def progress(self, done: int, total: int | None, note: str = "") -> None:
        if self._live and (time.monotonic() - self._drawn >= _BETWEEN or done == total):
            self._drawn = time.monotonic()
            self._clear()
            self._out.write(f"  {_bar(done, total)} {note}")
            self._out.flush()
            self._bar = True

    def measured(self, step: int, values: Mapping[str, float]) -> None:
        """The bar's note says as much."""

    def wrote(self, step: int, prompt: str, text: str) -> None:
        self._clear()
        self._print(f"  {step:,}  {_in_a_line(prompt)}|{_in_a_line(text)}")

    def result(self, line: str) -> None:
        self._clear()
        self._print(f"  {line}")

    def _clear(self) -> None:
        if self._bar:
            self._out.write("\r\x1b[2K")
            self._bar = False

    def _print(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()


def _in_a_line(text: str) -> str:
    """What a model writes, for a terminal that must not take any of it for a command.

    >>> _in_a_line("床前\\n明月\\x1b[2J")
    '床前⏎明月·[2J'
    """
    return "".join("⏎" if one == "\n" else one if one.isprintable() else "·" for one in text)


def _bar(done: int, total: int | None) -> str:
    """`━━━━────  1,200/2,400`.

    >>> _bar(1200, 2400)
    '━━━━━━━━━━━━────────────  1,200/2,400'
    """
    if not total:
        return f"{done:,}"
    filled = min(_BAR, _BAR * done // total)
    return f"{'━' * filled}{'─' * (_BAR - filled)}  {done:,}/{total:,}"
