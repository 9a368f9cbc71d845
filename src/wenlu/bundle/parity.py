"""Proof that what is served is what was trained: recorded answers, asked again.

The golden file holds texts with the answers that the trained torch model gave. A gate asks the service the same
texts over HTTP and refuses on the first doubt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from wenlu.base.errors import WenluError
from wenlu.bundle.manifest import GOLDEN
from wenlu.bundle.predict import Answer, Prediction, as_numbers
from wenlu.bundle.seal import Bundle

_LEAST_TOLERANCE, _LARGEST_TOLERANCE = 1e-5, 1e-4

# Kinds of input that have broken other people's serving. Recorded beside texts of the user's own.
HARD_TEXTS = (
    "ＡＢＣ１２３　ｶﾞｷﾞｸﾞ",
    "好好好好好好好好好好好好好好好好好好好好好好好好好好好好好好",
    "👨‍👩‍👧‍👦很好🎉！",
    "質量很差，再也不買了。",
    "とても良かったです。また利用します！",
    "  \t前后有空格\u3000\n",
    "𠮷野家で𩸽を食べた",
    "<b>不错</b> &amp; https://example.com/?q=好",
    "☆",
)


class Golden(msgspec.Struct, frozen=True):
    """One recorded answer: the text as a user would send it, its ids, and the probability of each label, or a value."""

    text: str
    ids: list[int]
    label: str
    scores: dict[str, float]

    @classmethod
    def of(cls, text: str, ids: list[int], said: Prediction) -> Golden:
        """What a predictor said to a text."""
        return cls(text, ids, said.label if isinstance(said, Answer) else "", as_numbers(said))


def golden_bytes(rows: Sequence[Golden]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def read_golden(bundle: Bundle) -> list[Golden]:
    """The recorded answers; raises WenluError `no_golden` if the bundle holds none."""
    path = bundle.folder / GOLDEN
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    rows = [msgspec.json.decode(line, type=Golden) for line in lines if line]
    if not rows:
        raise WenluError("no_golden", f"{bundle.title} holds no recorded answers, so nothing can prove what it serves.")
    return rows


def differences(rows: Sequence[Golden], answers: Sequence[Mapping[str, float]], *, tolerance: float) -> list[str]:
    """A sentence for each recorded answer that `answers` (probability of each label, in order) don't give again."""
    return [
        f"'{_shown(row.text)}': {label} was {row.scores.get(label, 0.0):.6f}, is {scores.get(label, 0.0):.6f}"
        for row, scores in zip(rows, answers, strict=True)
        for label in _differing(row.scores, scores, tolerance)
    ]


def tolerance_for(
    rows: Sequence[Golden],
    answers: Sequence[Mapping[str, float]],
    *,
    unit: float = 1.0,
    most: float = _LARGEST_TOLERANCE,
) -> float:
    """How far a number may be from the recorded one, given what the export answers where it is made. `unit` is 1 for
    probabilities, the deviation of the scale for values.

    1e-5, or four times the largest difference seen: a long text goes through hundreds of additions, whose order differs
    between runtimes and processors. Raises WenluError `export_differs` where that would be more than `most`: that is no
    rounding.
    """
    wrong = differences(rows, answers, tolerance=unit * most / 4)
    if wrong:
        raise WenluError("export_differs", f"The exported model differs from the trained one: {'; '.join(wrong[:3])}.")
    largest = max(gap for row, scores in zip(rows, answers, strict=True) for gap in _gaps(row.scores, scores).values())
    return max(unit * _LEAST_TOLERANCE, 4 * largest)


def explain(bundle: Bundle, rows: Sequence[Golden]) -> str:
    """Which half is to blame when answers differ: the text pipeline (other ids) or the computation."""
    now = bundle.pipeline.encode([row.text for row in rows])
    changed = sum(ids != row.ids for row, ids in zip(rows, now, strict=True))
    if changed:
        return (
            f"The text pipeline gives other ids for {changed} of {len(rows)} recorded texts; "
            f"here it runs on {bundle.pipeline.tokenizer.version}."
        )
    return "The text pipeline gives the recorded ids; the computation of the model differs."


def _differing(recorded: Mapping[str, float], now: Mapping[str, float], tolerance: float) -> list[str]:
    """The label that differs most, if any does by more than `tolerance` (a NaN always does)."""
    gaps = _gaps(recorded, now)
    wrong = [label for label, gap in gaps.items() if not gap <= tolerance]
    return [max(wrong, key=lambda label: gaps[label])] if wrong else []


def _gaps(recorded: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    return {label: abs(recorded.get(label, 0.0) - now.get(label, 0.0)) for label in {**recorded, **now}}


def _shown(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:20]}…"
