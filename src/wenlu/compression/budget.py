"""What a compressed form may cost, and which of several is the one to keep. Arithmetic alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from wenlu.base.errors import WenluError
from wenlu.base.spec import Field, Spec
from wenlu.compression.measure import Figures
from wenlu.drawing.figures import percent

_AS_FAST = 0.9
"""A form of so much of the best one's speed is as good as it."""

_TIMES = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
_HUNDREDTH = 1e-9  # accuracies are counts of texts over their number: what is more than rounding is a text


class Budget(Spec):
    """What a form must keep to."""

    max_accuracy_drop: float = Field(0.5, ge=0, le=100, description="Points of accuracy on test that may be lost")
    max_size: int | None = Field(None, ge=1, description="Bytes that a service reads")
    max_p95: float | None = Field(None, gt=0, description="Seconds that 95 of 100 single answers take at most")


class Refused(msgspec.Struct, frozen=True):
    """A chain of methods that gave no form, and why."""

    name: str
    reason: str


class Choice(msgspec.Struct, frozen=True):
    """The form to keep, and a sentence on it for people."""

    name: str
    sentence: str


def choose_form(parent: Figures, forms: Sequence[Figures], budget: Budget) -> Choice:
    """The fastest of those that keep to the budget; of several about as fast, the smallest.

    Raises WenluError `over_budget` where none does, saying by how much the nearest ones miss it.
    """
    fit = [one for one in forms if not excesses(parent, one, budget)]
    if not fit:
        raise _over_budget(parent, forms, budget)
    quickest = max(one.throughput for one in fit)
    best = min((one for one in fit if one.throughput >= _AS_FAST * quickest), key=lambda one: (one.size, one.p95))
    return Choice(best.name, _sentence(parent, best))


def excesses(parent: Figures, form: Figures, budget: Budget) -> list[str]:
    """How a form misses the budget, if it does."""
    drop = 100 * (parent.accuracy - form.accuracy)
    found = []
    if drop > budget.max_accuracy_drop + _HUNDREDTH:
        found.append(f"loses {drop:.2f} points (at most {budget.max_accuracy_drop:g})")
    if budget.max_size is not None and form.size > budget.max_size:
        found.append(f"has {shown_size(form.size)} (at most {shown_size(budget.max_size)})")
    if budget.max_p95 is not None and form.p95 > budget.max_p95:
        found.append(f"takes {shown_time(form.p95)} (at most {shown_time(budget.max_p95)})")
    return found


def on_front(one: Figures, all_of_them: Sequence[Figures]) -> bool:
    """Whether no other is at least as accurate, as small and as fast, and better in one of them."""
    return not any(_beats(other, one) for other in all_of_them if other is not one)


def slower(parent: Figures, form: Figures) -> bool:
    """Whether a form answers clearly fewer texts a second than its parent."""
    return form.throughput < _AS_FAST * parent.throughput


def seconds_of(said: str) -> float:
    """
    >>> seconds_of("2ms"), seconds_of("0.5s")
    (0.002, 0.5)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]+)", said.strip().lower())
    if found is None or found[2] not in _TIMES or float(found[1]) == 0:
        raise WenluError("bad_settings", f"--max-p95 {said}: should be a time such as 2ms or 0.5s.")
    return float(found[1]) * _TIMES[found[2]]


def shown_size(size: int) -> str:
    """
    >>> shown_size(14_269_133), shown_size(812_300), shown_size(90)
    ('14.27 MB', '812 KB', '90 B')
    """
    if size < 1_000:
        return f"{size} B"
    return f"{size / 1e6:.2f} MB" if size >= 1_000_000 else f"{size / 1e3:.0f} KB"


def shown_time(seconds: float) -> str:
    """
    >>> shown_time(0.00213), shown_time(1.5)
    ('2.13 ms', '1.50 s')
    """
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.2f} ms"


def _beats(one: Figures, other: Figures) -> bool:
    mine = (one.accuracy, -one.size, one.throughput)
    theirs = (other.accuracy, -other.size, other.throughput)
    return all(a >= b for a, b in zip(mine, theirs, strict=True)) and mine != theirs


def _sentence(parent: Figures, best: Figures) -> str:
    points = 100 * (best.accuracy - parent.accuracy)
    speed = best.throughput / parent.throughput
    clause = f"{speed:.2f} times its speed"
    if slower(parent, best):
        clause += f": {best.name} is slower here"
    return (
        f"{best.name} is kept: {percent(best.accuracy)} ({points:+.2f} points), {shown_size(best.size)} "
        f"(1/{parent.size / best.size:.1f} of its parent), {clause}."
    )


def _over_budget(parent: Figures, forms: Sequence[Figures], budget: Budget) -> WenluError:
    nearest = sorted(forms, key=lambda one: (len(excesses(parent, one, budget)), one.size))[:3]
    said = "; ".join(f"{one.name} {', '.join(excesses(parent, one, budget))}" for one in nearest)
    return WenluError(
        "over_budget",
        f"No form of the model keeps to the budget: {said or 'no method can be used on it'}.",
        hint="Allow more, or name other methods: --method vocabulary,min_count=3+int8. Nothing was kept.",
    )
