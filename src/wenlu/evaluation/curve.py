"""The learning curve: how good a model is that learns from a part of the training texts, and what more would bring."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from wenlu.drawing import charts, parts
from wenlu.drawing.figures import count, percent, points
from wenlu.drawing.markup import Markup, tag
from wenlu.drawing.parts import glued, section
from wenlu.evaluation.found import Found
from wenlu.evaluation.metrics import Metrics
from wenlu.evaluation.words import WORDS, say

# Twice the texts are worth their labels from a point on; less is lost in the choice of a seed.
HIGH_VARIANCE_GAIN = 0.01


class Fraction(msgspec.Struct, frozen=True):
    """What was reached with a share of the training texts: accuracy on validation, at the best epoch."""

    share: float
    texts: int
    accuracy: float


Curve = Sequence[Fraction]
"""From the smallest share, each twice the one before, to all."""


def high_variance(curve: Curve, *, train: Metrics, validation: Metrics) -> Found | None:
    """The last doubling of the texts still gained, all of them together more than chance makes, and what is known of
    the training texts is not known of new ones."""
    if len(curve) < 2 or train.accuracy <= validation.accuracy_interval[1]:
        return None
    gain, whole = curve[-1].accuracy - curve[-2].accuracy, curve[-1].accuracy - curve[0].accuracy
    low, high = validation.accuracy_interval
    if gain < HIGH_VARIANCE_GAIN or whole <= (high - low) / 2:
        return None
    evidence = {f"accuracy_with_{round(one.share * 100)}_percent": one.accuracy for one in curve}
    values = {
        "gain": points(gain),
        "before": percent(curve[-2].accuracy),
        "now": percent(curve[-1].accuracy),
        "half": count(curve[-2].texts),
        "texts": count(curve[-1].texts),
        "twice": count(2 * curve[-1].texts),
    }
    return Found("high_variance", "high_variance", {"gain": gain, **evidence}, values)


def drawn(curve: Curve) -> Markup:
    """The part of a report that shows it; nothing where nobody asked."""
    if not curve:
        return Markup("")
    heads = [say(f"curve.{key}") for key in ("texts", "bar", "accuracy")]
    gain = curve[-1].accuracy - curve[-2].accuracy
    said = "rising" if gain >= HIGH_VARIANCE_GAIN else "flat"
    note = tag("p", say(f"curve.{said}", gain=points(max(gain, 0.0))), class_="note")
    return section(WORDS, "curve", parts.table("labels", heads, map(_row, curve)), note)


def _row(one: Fraction) -> Markup:
    shown = percent(one.accuracy)
    return tag(
        "tr",
        tag("th", count(one.texts), scope="row"),
        tag("td", charts.bar(one.accuracy, style="strong", spoken=shown), class_="bar"),
        tag("td", glued(shown), class_="figure"),
    )
