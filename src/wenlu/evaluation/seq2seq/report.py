"""The report on a model from text to text: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wenlu.base.finding import Finding
from wenlu.drawing import charts, parts
from wenlu.drawing.figures import count, duration, percent
from wenlu.drawing.markup import Markup, named, tag
from wenlu.drawing.page import page
from wenlu.drawing.parts import glued, legend, rows, section
from wenlu.evaluation.sections import tokenizer_table
from wenlu.evaluation.seq2seq.facts import Example, PairReport
from wenlu.evaluation.seq2seq.measures import Figure, Foretold, Likeness
from wenlu.evaluation.seq2seq.verdict import span
from wenlu.evaluation.seq2seq.words import WORDS, say
from wenlu.evaluation.words import WORDS as SHARED_WORDS

_SHARES = frozenset({"rouge_l", "trivial_rouge_l", "unended", "own_repeated", "people_repeated"})


def render_report(report: PairReport) -> str:
    """A whole HTML page. It asks for no other file, runs no script, and shows users' and the model's words as words."""
    return page(say("page.title", title=report.title), *(part(report) for part in _PARTS))


def _summary(report: PairReport) -> Markup:
    gravest = report.verdict.findings[0]
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
            for key, value, values in (*_key_figures(report), _last_figure(report))
        ],
    )


_KeyFigure = tuple[str, str, dict[str, str]]


def _key_figures(report: PairReport) -> Sequence[_KeyFigure]:
    own, surprise = report.judged.own, report.judged.test.perplexity
    between = f"{surprise.low:,.2f}–{surprise.high:,.2f}"
    return (
        ("rouge", percent(own.rouge_l.value), {"interval": span(own.rouge_l), "chrf": percent(own.chrf.value)}),
        ("perplexity", f"{surprise.value:,.2f}", {"size": count(report.tokenizer.size), "interval": between}),
    )


def _last_figure(report: PairReport) -> _KeyFigure:
    judged = report.judged
    if judged.ahead is None:
        return "exact", percent(judged.own.exact.value), {"interval": span(judged.own.exact)}
    lead, rival = judged.ahead.rouge_l, judged.trivial[judged.rival]
    values = {
        "interval": _signed_span(lead),
        "trivial": say(f"trivial.{judged.rival}"),
        "rival": percent(rival.rouge_l.value),
    }
    return "ahead", f"{100 * lead.value:+.1f}", values


def _findings(report: PairReport) -> Markup:
    return section(WORDS, "findings", tag("ol", *map(_finding, report.verdict.findings), class_="findings"))


def _finding(finding: Finding) -> Markup:
    shown = {key: percent(value) if key in _SHARES else f"{value:.3f}" for key, value in finding.evidence.items()}
    return parts.finding(
        title=say(f"finding.{finding.code}"),
        code=finding.code,
        sentence=finding.sentence,
        advice=finding.advice,
        evidence=[(say(f"evidence.{key}"), glued(value)) for key, value in shown.items()],
        good=finding.good,
    )


def _examples(report: PairReport) -> Markup:
    return _listed(report, "examples", report.judged.examples)


def _worst(report: PairReport) -> Markup:
    return _listed(report, "worst", report.judged.worst)


def _listed(report: PairReport, key: str, examples: Sequence[Example]) -> Markup:
    drawn = map(_example, examples)
    return section(WORDS, key, tag("ol", *drawn, class_="samples"), language=report.dataset.language)


def _example(one: Example) -> Markup:
    texts = (("source", one.source), ("target", one.target), ("answer", one.answer))
    said = [tag("div", tag("dt", say(f"example.{key}")), tag("dd", named(text))) for key, text in texts]
    alike = tag("p", say("example.alike", alike=glued(percent(one.alike))), class_="labels")
    return tag("li", tag("dl", *said, class_="rows"), alike)


def _learning(report: PairReport) -> Markup:
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


def _measures(report: PairReport) -> Markup:
    judged = report.judged
    heads = [say("measures.who", answers=count(judged.answers)), *(say(f"measures.{key}") for key in _LIKENESS)]
    answers = [_likeness(say("measures.own"), judged.own)]
    answers += [_likeness(say(f"trivial.{name}"), found) for name, found in judged.trivial.items()]
    if judged.ahead is not None:
        ahead = [f"{100 * one.value:+.1f} ({_signed_span(one)})" for one in _figures(judged.ahead)]
        answers.append(_row(say("measures.ahead", trivial=say(f"trivial.{judged.rival}")), ahead))
    foretold = [_foretold(say(f"split.{split}"), getattr(judged, split)) for split in ("train", "validation", "test")]
    heads_below = [say(f"measures.{key}") for key in ("split", "perplexity", "bits", "texts")]
    return section(
        WORDS, "measures", parts.table("measures", heads, answers), parts.table("measures", heads_below, foretold)
    )


_LIKENESS = ("rouge", "chrf", "exact")


def _figures(found: Likeness) -> tuple[Figure, ...]:
    return found.rouge_l, found.chrf, found.exact


def _likeness(name: str, found: Likeness) -> Markup:
    return _row(name, [f"{percent(one.value)} ({span(one)})" for one in _figures(found)])


def _foretold(name: str, found: Foretold) -> Markup:
    figures = (found.perplexity, found.bits_per_character)
    said = [f"{one.value:,.2f} ({one.low:,.2f}–{one.high:,.2f})" for one in figures]
    return _row(name, [*said, count(found.texts)])


def _row(name: str, figures: Sequence[str]) -> Markup:
    return tag("tr", tag("th", name, scope="row"), *(tag("td", glued(one), class_="figure") for one in figures))


def _signed_span(figure: Figure) -> str:
    return f"{100 * figure.low:+.1f} to {100 * figure.high:+.1f}"


def _lineage(report: PairReport) -> Markup:
    recipe = [tag("h3", SHARED_WORDS.say("lineage.recipe")), tag("pre", tag("code", named(report.recipe)))]
    from_what = rows(report.lineage.items())
    return section(SHARED_WORDS, "lineage", from_what, tokenizer_table(report.tokenizer), *recipe)


_PARTS: tuple[Callable[[PairReport], Markup], ...] = (
    _summary,
    _findings,
    _examples,
    _learning,
    _measures,
    _worst,
    _lineage,
)
