"""The parts of the report that list what is doubtful about the texts, to be read and corrected."""

from __future__ import annotations

from wenlu.drawing import parts
from wenlu.drawing.figures import count, percent
from wenlu.drawing.markup import Markup, named, tag
from wenlu.drawing.parts import glued, section
from wenlu.evaluation.doubts import CopiedText, DoubtedText
from wenlu.evaluation.facts import CandidateFacts, Report
from wenlu.evaluation.words import WORDS, say


def mislabelled(report: Report, subject: CandidateFacts) -> Markup:
    """The labels that every model doubts."""
    noise = report.doubts.noise if report.doubts else None
    if noise is None or not noise.shown:
        return Markup("")
    listed = tag("ol", *map(_doubted, noise.shown), class_="hardest")
    more = say("mislabelled.more", shown=count(len(noise.shown)), all=count(noise.doubted))
    return section(WORDS, "mislabelled", listed, tag("p", more, class_="note"), language=report.dataset.language)


def _doubted(text: DoubtedText) -> Markup:
    sure = tag("span", glued(percent(text.probability)), class_="sure")
    said = tag("span", say("hardest.answer"), " ", named(text.answer, class_="wrong"), " ", sure)
    true = tag("span", say("hardest.truth"), " ", named(text.label, class_="right"))
    split = tag("span", say("mislabelled.split", split=say(f"split.{text.split}")))
    return tag("li", tag("p", named(text.text), class_="quote"), tag("p", said, true, split, class_="labels"))


def copies(report: Report, subject: CandidateFacts) -> Markup:
    """The likest of the test texts that have a copy in training."""
    leaks = report.doubts.leaks if report.doubts else None
    if leaks is None or not leaks.shown:
        return Markup("")
    heads = [say(f"copies.{key}") for key in ("text", "source", "similarity")]
    return section(
        WORDS, "copies", parts.table("copies", heads, map(_copied, leaks.shown)), language=report.dataset.language
    )


def _copied(one: CopiedText) -> Markup:
    alike = tag("td", glued(percent(one.similarity)), class_="figure")
    return tag("tr", tag("td", named(one.text)), tag("td", named(one.source)), alike)
