"""What was tried and what it came to: lines for a terminal, and one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from wenlu.compression.budget import Choice, Refused, on_front, shown_size, shown_time, slower
from wenlu.compression.measure import Figures
from wenlu.compression.words import WORDS, say
from wenlu.drawing import charts, parts
from wenlu.drawing.figures import count, percent, percent_range
from wenlu.drawing.markup import Markup, joined, named, tag
from wenlu.drawing.page import page
from wenlu.drawing.parts import glued, section

_HEADS = ("form", "accuracy", "interval", "drop", "size", "p50", "p95", "throughput", "speed", "differ", "front")
_NAME = 36


class Compression(msgspec.Struct, frozen=True, kw_only=True):
    """A whole compression."""

    title: str
    created: str
    texts: int
    parent: Figures
    forms: tuple[Figures, ...]
    refused: tuple[Refused, ...]
    choice: Choice
    budget: dict[str, Any]

    @property
    def everything(self) -> tuple[Figures, ...]:
        return (self.parent, *self.forms)

    @property
    def chosen(self) -> Figures:
        return next(one for one in self.forms if one.name == self.choice.name)


def line(parent: Figures, one: Figures) -> str:
    """A form in a line."""
    low, high = (100 * end for end in one.interval)
    note = f", {say('slower')}" if slower(parent, one) else ""
    return (
        f"{one.name:<{_NAME}} {one.accuracy:.2%} ({low:.1f}-{high:.1f})  {shown_size(one.size):>9}  "
        f"p50 {shown_time(one.p50)} p95 {shown_time(one.p95)}  {one.throughput:,.0f} texts/s "
        f"({one.throughput / parent.throughput:.2f} times, computing {one.computed / parent.computed:.2f}{note})  "
        f"{one.disagreement:.2%} differ"
    )


def render_report(found: Compression) -> str:
    """A whole HTML page. It asks for no other file, runs no script, and shows users' words as words."""
    made = (_summary(found), _forms(found), _accuracy(found), _refused(found), _budget(found))
    return page(say("page.title", title=found.title), *made)


def _summary(found: Compression) -> Markup:
    best, parent = found.chosen, found.parent
    figures = (
        (
            "accuracy",
            percent(best.accuracy),
            {"interval": percent_range(*best.interval), "parent": percent(parent.accuracy)},
        ),
        ("size", shown_size(best.size), {"parent": shown_size(parent.size)}),
        (
            "speed",
            f"{best.throughput / parent.throughput:.2f} times",
            {"texts": count(round(best.throughput)), "parent": count(round(parent.throughput))},
        ),
        ("disagreement", percent(best.disagreement), {"largest": f"{best.largest_difference:.3f}"}),
    )
    return parts.summary(
        kind=say("page.kind"),
        created=found.created,
        title=found.title,
        version=best.name,
        state=say("state.kept"),
        good=not slower(parent, best),
        sentence=found.choice.sentence,
        note=say("note", texts=count(found.texts)),
        figures=[
            parts.key_figure(say(f"figure.{key}"), value, say(f"figure.{key}.note", **told))
            for key, value, told in figures
        ],
    )


def _forms(found: Compression) -> Markup:
    heads = [say(f"head.{head}") for head in _HEADS]
    return section(WORDS, "forms", parts.table("forms", heads, [_row(found, one) for one in found.everything]))


def _row(found: Compression, one: Figures) -> Markup:
    parent = found.parent
    speed = f"{one.throughput / parent.throughput:.2f}"
    cells = (
        percent(one.accuracy),
        percent_range(*one.interval),
        f"{100 * (one.accuracy - parent.accuracy):+.2f}",
        shown_size(one.size),
        shown_time(one.p50),
        shown_time(one.p95),
        count(round(one.throughput)),
        f"{speed}, {say('slower')}" if slower(parent, one) else speed,
        percent(one.disagreement),
        "●" if on_front(one, found.everything) else "",
    )
    return tag(
        "tr", tag("th", named(one.name), scope="row"), *(tag("td", glued(cell), class_="figure") for cell in cells)
    )


def _accuracy(found: Compression) -> Markup:
    ends = [end for one in found.everything for end in one.interval]
    axis = charts.round_range(ends, lowest=0, highest=1)
    rows = [_whisker(one, axis) for one in found.everything]
    below = tag("tr", tag("th", ""), tag("td", charts.axis_names(axis, [percent(tick) for tick in axis.ticks])))
    return section(WORDS, "accuracy", tag("table", tag("tbody", *rows, below), class_="whiskers"))


def _whisker(one: Figures, axis: charts.Range) -> Markup:
    low, high = map(percent, one.interval)
    spoken = say("spoken", name=one.name, accuracy=percent(one.accuracy), low=low, high=high)
    drawn = charts.whisker(one.accuracy, one.interval, axis=axis, style="validation", spoken=spoken)
    return tag("tr", tag("th", named(one.name), scope="row"), tag("td", drawn))


def _refused(found: Compression) -> Markup:
    if not found.refused:
        return joined()
    return section(WORDS, "refused", parts.rows((one.name, one.reason) for one in found.refused))


def _budget(found: Compression) -> Markup:
    shown: dict[str, Callable[[Any], str]] = {
        "max_accuracy_drop": lambda drop: f"{drop:g}",
        "max_size": shown_size,
        "max_p95": shown_time,
    }
    facts: Iterable[tuple[str, str]] = (
        (say(f"budget.{key}"), say("budget.none") if value is None else shown[key](value))
        for key, value in found.budget.items()
    )
    return section(WORDS, "budget", parts.rows(facts))
