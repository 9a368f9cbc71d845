"""The parts that reports are made of. Words come in ready; what they are about is not known here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wenlu.drawing import charts
from wenlu.drawing.figures import count, percent
from wenlu.drawing.markup import Markup, named, tag
from wenlu.drawing.words import Words


def summary(
    *, kind: str, created: str, title: str, version: str, state: str, good: bool, sentence: str, note: str,
    figures: Sequence[Markup],
) -> Markup:  # fmt: skip
    """The top of a page, for who decides: what it is, how it stands, its key figures."""
    return tag(
        "header",
        tag("p", tag("span", kind), tag("time", created), class_="origin"),
        tag("h1", named(title), tag("span", named(version), class_="version"), tag("span", state, class_="state")),
        tag("p", glued(sentence), class_="verdict"),
        tag("p", glued(note), class_="choice"),
        tag("dl", *figures, class_="figures"),
        class_=f"summary {mood(good=good)}",
    )


def key_figure(name: str, value: str, note: str) -> Markup:
    """One large number, its unit small behind a space, and what it means."""
    amount, _, unit = value.partition(" ")
    said = [amount, tag("span", unit, class_="unit")] if unit else [amount]
    return tag("div", tag("dt", name), tag("dd", *said, class_="amount"), tag("dd", glued(note), class_="note"))


def finding(
    *,
    title: str,
    code: str,
    sentence: str,
    advice: str,
    evidence: Iterable[tuple[str, str]],
    good: bool,
    name: str = "",
    changes: Iterable[str] = (),
) -> Markup:
    """What is so, what it rests on, what to do; `name` is what that is called, `changes` the settings that do it."""
    rested = [tag("div", tag("dt", key), tag("dd", value)) for key, value in evidence]
    called = [tag("code", name), " "] if name else []
    settings = [tag("p", *(tag("code", change) for change in changes), class_="changes")] if changes else []
    return tag(
        "li",
        tag("h3", title, tag("code", code)),
        tag("p", glued(sentence)),
        tag("p", *called, glued(advice), class_="advice"),
        *settings,
        tag("dl", *rested, class_="evidence"),
        class_=mood(good=good),
    )


def section(words: Words, key: str, *parts: str, language: str = "") -> Markup:
    """A part of the page: what it is on the left, itself on the right.

    `language` is that of the users' words in it: it decides how shared characters are drawn.
    """
    head = tag("div", tag("h2", words.say(f"section.{key}")), tag("p", words.say(f"section.{key}.note")), class_="head")
    spoken = {"lang": language} if language else {}
    return tag("section", head, tag("div", *parts, class_="content", **spoken), class_=f"section-{key}")


def heading(title: str, note: str) -> Markup:
    """A title inside a section."""
    return tag("div", tag("h3", title), tag("p", note, class_="note"), class_="heading")


def legend(entries: Sequence[tuple[str, str]]) -> Markup:
    """What each colour stands for: style and name."""
    items = [tag("li", tag("span", "", class_=f"swatch {style}"), name) for style, name in entries]
    return tag("ul", *items, class_="legend")


def rows(facts: Iterable[tuple[str, str]]) -> Markup:
    """Facts, a row each."""
    return tag(
        "dl", *(tag("div", tag("dt", named(key)), tag("dd", named(value))) for key, value in facts), class_="rows"
    )


def table(kind: str, heads: Sequence[str], body: Iterable[Markup]) -> Markup:
    """A table of class `kind`; it scrolls where there is no room. Bars stand under an empty head."""
    named_so = [tag("th", head, scope="col") if head else tag("th", class_="bar") for head in heads]
    return tag(
        "div", tag("table", tag("thead", tag("tr", *named_so)), tag("tbody", *body), class_=kind), class_="scroll"
    )


def shares(counts: Mapping[str, int], *, most: int) -> Markup:
    """The largest of some counts with their shares of all, a bar each."""
    total = sum(counts.values()) or 1
    largest = sorted(counts.items(), key=lambda item: -item[1])[:most]
    return tag("table", tag("tbody", *(_share(name, size, total) for name, size in largest)), class_="shares")


def _share(name: str, size: int, total: int) -> Markup:
    share = size / total
    return tag(
        "tr",
        tag("th", named(name, title=name), scope="row"),
        tag("td", charts.bar(share, style="soft", spoken=percent(share)), class_="bar"),
        tag("td", count(size), class_="figure"),
        tag("td", glued(percent(share)), class_="figure note"),
    )


def mood(*, good: bool) -> str:
    """The class that gives a part its colour."""
    return "good" if good else "mind"


def glued(figure: str) -> str:
    """A number is not parted from its unit, nor a range in two (U+2060 forbids a break)."""
    return figure.replace(" %", "\u00a0%").replace("± ", "±\u00a0").replace("–", "\u2060–\u2060")
