"""The report on a language model: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable

from wenlu.base.finding import Finding
from wenlu.drawing import charts, parts
from wenlu.drawing.figures import count, duration, percent
from wenlu.drawing.markup import Markup, named, tag
from wenlu.drawing.page import page
from wenlu.drawing.parts import glued, heading, legend, rows, section
from wenlu.evaluation.language.facts import LanguageReport, Sample, StrangeText
from wenlu.evaluation.language.measures import Surprise, Variety
from wenlu.evaluation.language.verdict import bits, span
from wenlu.evaluation.language.words import WORDS, say
from wenlu.evaluation.sections import tokenizer_table
from wenlu.evaluation.words import WORDS as SHARED_WORDS


def render_report(report: LanguageReport) -> str:
    """A whole HTML page. It asks for no other file, runs no script, and shows users' and the model's words as words."""
    return page(say("page.title", title=report.title), *(part(report) for part in _PARTS))


def _summary(report: LanguageReport) -> Markup:
    gravest, test = report.verdict.findings[0], report.judged.test
    low, high = report.judged.gain
    figures = (
        (
            "bits",
            bits(test.bits_per_character),
            {"interval": span(test.bits_per_character_interval), "bytes": bits(test.bits_per_byte)},
        ),
        ("perplexity", f"{test.perplexity:,.1f}", {"size": count(report.tokenizer.size)}),
        (
            "gain",
            bits((low + high) / 2),
            {"interval": span((low, high)), "counting": bits(report.judged.counting.bits_per_character)},
        ),
    )
    return parts.summary(
        kind=say("page.kind"),
        created=report.created,
        title=report.title,
        version=report.version,
        state=say(f"finding.{gravest.code}"),
        good=gravest.good,
        sentence=report.verdict.sentence,
        note=gravest.advice,
        figures=[
            parts.key_figure(say(f"figure.{key}"), value, say(f"figure.{key}.note", **values))
            for key, value, values in figures
        ],
    )


def _findings(report: LanguageReport) -> Markup:
    return section(WORDS, "findings", tag("ol", *map(_finding, report.verdict.findings), class_="findings"))


def _finding(finding: Finding) -> Markup:
    shown = {
        key: percent(value) if key.endswith("repeated") else f"{value:.3f}" for key, value in finding.evidence.items()
    }
    return parts.finding(
        title=say(f"finding.{finding.code}"),
        code=finding.code,
        sentence=finding.sentence,
        advice=finding.advice,
        evidence=[(say(f"evidence.{key}"), glued(value)) for key, value in shown.items()],
        good=finding.good,
    )


def _samples(report: LanguageReport) -> Markup:
    drawn = map(_sample, report.judged.samples)
    kind = "answers" if report.judged.answers else "samples"
    return section(WORDS, kind, tag("ol", *drawn, class_="samples"), language=report.dataset.language)


def _sample(sample: Sample) -> Markup:
    if sample.people:
        people = tag("p", named(say("answers.people", text=sample.people)), class_="labels")
        return tag("li", tag("p", named(sample.prompt), class_="prompt"), tag("p", named(sample.text), class_="quote"),
                   people)  # fmt: skip
    return tag("li", tag("p", named(sample.prompt, class_="prompt"), named(sample.text), class_="quote"))


def _learning(report: LanguageReport) -> Markup:
    history, best = report.history, report.best - 1
    train, validation = [one.train_loss for one in history], [one.validation_loss for one in history]
    y = charts.round_range([*train, *validation], lowest=0)
    plot = charts.curves(
        [charts.Line("train", train, "train"), charts.Line("validation", validation, "validation")],
        spoken=say("learning.spoken", first=f"{validation[0]:.3f}", best=f"{validation[best]:.3f}"),
        y=y,
        y_names=[f"{tick:g}" for tick in y.ticks],
        mark=best,
        mark_name=say("learning.best", value=f"{validation[best]:.3f}"),
    )
    summed = say(
        "learning.summary",
        epochs=f"{history[-1].epoch:g}",
        seconds=duration(report.seconds),
        parameters=count(report.parameters),
    )
    colours = legend([("train", say("split.train")), ("validation", say("split.validation"))])
    figure = tag("figure", tag("figcaption", say("learning.loss")), plot)
    return section(WORDS, "learning", colours, tag("p", glued(summed), class_="lead"), figure)


def _measures(report: LanguageReport) -> Markup:
    judged = report.judged
    heads = [say(f"measures.{key}") for key in ("split", "bits", "bytes", "perplexity", "texts")]
    body = [
        _surprise(say(f"split.{split}"), getattr(judged, split), by_token=True)
        for split in ("train", "validation", "test")
    ]
    body.append(_surprise(say("measures.counting"), judged.counting, by_token=False))
    table = parts.table("measures", heads, body)
    heads = [say(f"variety.{key}") for key in ("who", "one", "two", "three", "repeated")]
    both = [_variety(say("variety.own"), judged.own), _variety(say("variety.people"), judged.people)]
    variety = parts.table("variety", heads, both)
    return section(WORDS, "measures", table, heading(say("variety"), say("variety.note")), variety)


def _surprise(name: str, found: Surprise, *, by_token: bool) -> Markup:
    figures = (
        f"{bits(found.bits_per_character)} ({span(found.bits_per_character_interval)})",
        bits(found.bits_per_byte),
        f"{found.perplexity:,.1f}" if by_token else "",
        count(found.texts),
    )
    return tag("tr", tag("th", name, scope="row"), *(tag("td", glued(one), class_="figure") for one in figures))


def _variety(name: str, found: Variety) -> Markup:
    figures = [percent(share) for share in (*found.distinct, found.repeated)]
    return tag("tr", tag("th", name, scope="row"), *(tag("td", glued(one), class_="figure") for one in figures))


def _strangest(report: LanguageReport) -> Markup:
    drawn = map(_strange, report.judged.strangest)
    return section(WORDS, "strangest", tag("ol", *drawn, class_="hardest"), language=report.dataset.language)


def _strange(one: StrangeText) -> Markup:
    return tag("li", tag("p", named(one.text), class_="quote"), tag("p", f"{bits(one.bits)} bits", class_="labels"))


def _lineage(report: LanguageReport) -> Markup:
    recipe = [tag("h3", SHARED_WORDS.say("lineage.recipe")), tag("pre", tag("code", named(report.recipe)))]
    from_what = rows(report.lineage.items())
    return section(SHARED_WORDS, "lineage", from_what, tokenizer_table(report.tokenizer), *recipe)


_PARTS: tuple[Callable[[LanguageReport], Markup], ...] = (
    _summary,
    _findings,
    _samples,
    _learning,
    _measures,
    _strangest,
    _lineage,
)
