"""Drawings as inline SVG: pure functions from numbers to markup.

Every drawing is stretched to the room it gets: lines keep their width (`non-scaling-stroke`), dots are lines of no
length with round ends, and all words stand beside the SVG as HTML, so that type has the same size on every screen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from wenlu.drawing.markup import Markup, joined, named, number, tag

_TICKS = 4
_MOST_EPOCHS_NAMED = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One curve. `style` is a CSS class that gives its colour."""

    name: str
    values: Sequence[float]
    style: str


@dataclass(frozen=True, slots=True)
class Range:
    """What an axis spans, and where it is marked."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Percent of the way from low to high."""
        return (value - self.low) / (self.high - self.low) * 100


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a whole bar."""

    name: str
    size: int
    style: str


def round_range(
    values: Sequence[float], *, lowest: float = -math.inf, highest: float = math.inf, about: int = _TICKS
) -> Range:
    """The range that holds `values`, with about so many parts between round numbers, within `lowest` and `highest`.

    >>> round_range([0.812, 0.849]).ticks
    (0.81, 0.82, 0.83, 0.84, 0.85)
    """
    low, high = min(values), max(values)
    step = _round_step((high - low) / about or abs(high) / 10 or 1.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if first == last:
        first, last = first - 1, last + 1
    ticks = tuple(round(tick * step, 10) for tick in range(first, last + 1) if lowest <= tick * step <= highest + 1e-9)
    return Range(ticks[0], ticks[-1], ticks)


def _round_step(rough: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def curves(
    lines: Sequence[Line], *, spoken: str, y: Range, y_names: Sequence[str], mark: int, mark_name: str
) -> Markup:
    """Curves over epochs 1, 2, …, with the epoch at index `mark` marked by a dashed line and its name."""
    epochs = len(lines[0].values)
    grid = [_line(0, 100 - y.place(tick), 100, 100 - y.place(tick), "grid") for tick in y.ticks]
    marked = _line(_x(mark, epochs), 0, _x(mark, epochs), 100, "mark")
    drawn = [part for line in lines for part in _curve(line, y, mark)]
    return tag(
        "div",
        tag("div", *_y_names(y, y_names), class_="y-axis"),
        tag("div", _svg(joined(*grid, marked, *drawn), spoken), _mark_name(mark, epochs, mark_name), class_="canvas"),
        tag("div", *_epoch_names(epochs), class_="x-axis"),
        class_="plot",
    )


def _curve(line: Line, y: Range, mark: int) -> list[Markup]:
    at = [(_x(index, len(line.values)), 100 - y.place(value)) for index, value in enumerate(line.values)]
    path = tag("polyline", points=" ".join(f"{number(x)},{number(height)}" for x, height in at), class_=line.style)
    return [path, *(_dot(x, height, f"{line.style} {'best' if at[mark] == (x, height) else ''}") for x, height in at)]


def _x(index: int, epochs: int) -> float:
    return 50.0 if epochs == 1 else index / (epochs - 1) * 100


def _y_names(y: Range, names: Sequence[str]) -> list[Markup]:
    return [
        tag("span", name, style=f"bottom:{number(y.place(tick))}%") for tick, name in zip(y.ticks, names, strict=True)
    ]


def _epoch_names(epochs: int) -> list[Markup]:
    every = math.ceil(epochs / _MOST_EPOCHS_NAMED)
    return [
        tag("span", str(index + 1), style=f"left:{number(_x(index, epochs))}%") for index in range(0, epochs, every)
    ]


def _mark_name(mark: int, epochs: int, name: str) -> Markup:
    """Beside its line, on the side where there is room."""
    x = _x(mark, epochs)
    return tag("span", name, class_="mark-name left" if x > 60 else "mark-name", style=f"left:{number(x)}%")


def scatter(
    points: Sequence[tuple[float, float]], *, axis: Range, names: Sequence[str], style: str, spoken: str
) -> Markup:
    """Dots on a square whose sides are the same axis, with the line on which both numbers are equal."""
    dots = [_dot(axis.place(across), 100 - axis.place(up), style) for across, up in points]
    return _square(_line(0, 100, 100, 0, "mark"), *dots, axis=axis, names=names, spoken=spoken)


def traces(
    lines: Sequence[Sequence[tuple[float, float]]], *, axis: Range, names: Sequence[str], style: str, spoken: str
) -> Markup:
    """Lines through points on a square whose sides are the same axis."""
    paths = [
        " ".join(f"{number(axis.place(across))},{number(100 - axis.place(up))}" for across, up in line)
        for line in lines
    ]
    drawn = [tag("polyline", points=path, class_=style) for path in paths]
    return _square(*drawn, axis=axis, names=names, spoken=spoken)


def _square(*drawn: Markup, axis: Range, names: Sequence[str], spoken: str) -> Markup:
    marks = [axis.place(tick) for tick in axis.ticks]
    grid = [line for at in marks for line in (_line(0, 100 - at, 100, 100 - at, "grid"), _line(at, 0, at, 100, "grid"))]
    below = [tag("span", name, style=f"left:{number(at)}%") for at, name in zip(marks, names, strict=True)]
    return tag(
        "div",
        tag("div", *_y_names(axis, names), class_="y-axis"),
        tag("div", _svg(joined(*grid, *drawn), spoken), class_="canvas"),
        tag("div", *below, class_="x-axis"),
        class_="plot scatter",
    )


def whisker(value: float, interval: tuple[float, float], *, axis: Range, style: str, spoken: str) -> Markup:
    """A dot on `axis` with the interval it may lie in."""
    low, high = (axis.place(end) for end in interval)
    grid = [_line(axis.place(tick), 0, axis.place(tick), 100, "grid") for tick in axis.ticks]
    ends = [_line(end, 25, end, 75, style) for end in (low, high)]
    drawn = joined(*grid, _line(low, 50, high, 50, style), *ends, _dot(axis.place(value), 50, f"{style} best"))
    return tag("div", _svg(drawn, spoken), class_="whisker")


def axis_names(axis: Range, names: Sequence[str]) -> Markup:
    """The words under whiskers: at most every second mark, and always the ends."""
    shown = {0, len(names) - 1} if len(names) > 3 else set(range(len(names)))
    if len(names) % 2:
        shown.add(len(names) // 2)
    spans = [
        tag("span", name, style=f"left:{number(axis.place(tick))}%")
        for index, (tick, name) in enumerate(zip(axis.ticks, names, strict=True))
        if index in shown
    ]
    return tag("div", *spans, class_="x-axis")


def bar(share: float, *, style: str, spoken: str) -> Markup:
    """A share of the whole width, from 0 to 1."""
    full = tag("rect", x=0, y=0, width=100, height=100, class_="rail")
    drawn = tag("rect", x=0, y=0, width=min(max(share, 0.0), 1.0) * 100, height=100, class_=style)
    return tag("div", _svg(joined(full, drawn), spoken), class_="bar")


def histogram(bars: Sequence[tuple[str, int]], *, spoken: str) -> Markup:
    """Bars side by side, each with its name below and its size above."""
    most = max((size for _, size in bars), default=0) or 1
    drawn = [
        tag(
            "div",
            tag("span", f"{size:,}", class_="size"),
            tag("div", "", class_="column", style=f"--share:{number(size / most)}"),
            tag("span", name, class_="name"),
        )
        for name, size in bars
    ]
    return tag("div", *drawn, class_="histogram", role="img", aria_label=spoken)


def stacked_bar(segments: Sequence[Segment], *, spoken: str) -> Markup:
    """Parts of a whole, one after the other."""
    total = sum(segment.size for segment in segments) or 1
    drawn, start = [], 0.0
    for segment in segments:
        width = segment.size / total * 100
        drawn.append(tag("rect", x=start, y=0, width=width, height=100, class_=segment.style))
        start += width
    return tag("div", _svg(joined(*drawn), spoken), class_="bar stacked")


def heat_map(labels: Sequence[str], confusion: Sequence[Sequence[int]], *, corner: str) -> Markup:
    """A row for each true label, a column for each answer; colour is the share of the row, right and wrong apart."""
    heads = [tag("th", named(label, title=label), scope="col") for label in labels]
    body = [_heat_row(number, label, confusion[number], labels) for number, label in enumerate(labels)]
    crowd = "few" if len(labels) <= 3 else "some" if len(labels) <= 10 else "many"
    head = tag("thead", tag("tr", tag("th", corner, class_="corner"), *heads))
    return tag("div", tag("table", head, tag("tbody", *body), class_=f"heat {crowd}"), class_="scroll")


def _heat_row(row: int, label: str, counts: Sequence[int], labels: Sequence[str]) -> Markup:
    total = sum(counts) or 1
    cells = [_heat_cell(count / total, count, right=column == row) for column, count in enumerate(counts)]
    return tag("tr", tag("th", named(label, title=label), scope="row"), *cells)


def _heat_cell(share: float, count: int, *, right: bool) -> Markup:
    # The square root keeps the few per cent that matter visible beside the many that are right.
    depth = math.sqrt(share)
    style = f"{'right' if right else 'wrong'}{' deep' if depth > 0.6 else ''}{'' if count else ' none'}"
    return tag("td", f"{count:,}", class_=style, style=f"--depth:{number(depth)}", title=f"{share:.1%}")


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> Markup:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=style)


def _dot(x: float, y: float, style: str) -> Markup:
    return tag("line", x1=x, y1=y, x2=x, y2=y, class_=f"dot {style}".strip())


def _svg(inside: Markup, spoken: str) -> Markup:
    return tag("svg", inside, viewBox="0 0 100 100", preserveAspectRatio="none", role="img", aria_label=spoken)
