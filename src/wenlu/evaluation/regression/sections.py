"""The parts of the report on a model of numbers. Each takes the report and the candidate it is about."""

from __future__ import annotations

from collections.abc import Sequence

from wenlu.base.errors import WenluError
from wenlu.base.finding import Finding
from wenlu.drawing import charts, parts
from wenlu.drawing.figures import count, duration, percent
from wenlu.drawing.markup import Markup, joined, named, tag
from wenlu.drawing.parts import glued, heading, legend, section
from wenlu.evaluation.regression.facts import CandidateFacts, Report
from wenlu.evaluation.regression.metrics import Metrics
from wenlu.evaluation.regression.verdict import best_epoch
from wenlu.evaluation.regression.words import WORDS, say, span, written
from wenlu.evaluation.regression.worst import FarText

# How evidence is written, by its key; everything else is in the unit of the targets.
_COUNTS = frozenset({"texts", "epochs"})
_SHARES = frozenset({"learned_share", "half_share"})


def subject_of(report: Report) -> CandidateFacts:
    """The candidate that the report is about: the one it names, else the deployed one.

    Raises WenluError `no_subject` unless that is exactly one.
    """
    named_so = [one for one in report.candidates if (one.name == report.subject if report.subject else one.deployed)]
    if len(named_so) != 1:
        raise WenluError("no_subject", f"A report is about one candidate, not {len(named_so)}.")
    return named_so[0]


def summary(report: Report, subject: CandidateFacts) -> Markup:
    """The verdict, large, and the three figures behind it."""
    gravest = report.verdict.findings[0]
    return parts.summary(
        kind=say("page.kind"),
        created=report.created,
        title=report.title,
        version=report.version,
        state=say(f"finding.{gravest.code}"),
        good=gravest.good,
        sentence=report.verdict.sentence,
        note=report.choice,
        figures=_key_figures(subject),
    )


def _key_figures(subject: CandidateFacts) -> list[Markup]:
    test = subject.test
    figures = (
        ("mae", written(test.mae.value), {"interval": span(test.mae.interval), "mean": written(test.mean_mae)}),
        (
            "pearson",
            f"{test.pearson.value:.3f}",
            {"interval": span(test.pearson.interval), "spearman": f"{test.spearman.value:.3f}"},
        ),
        ("r2", percent(test.r2.value), {"rmse": written(test.rmse.value), "train": written(subject.train.rmse.value)}),
    )
    return [
        parts.key_figure(say(f"figure.{key}"), value, say(f"figure.{key}.note", **values))
        for key, value, values in figures
    ]


def findings(report: Report, subject: CandidateFacts) -> Markup:
    """What is so, what it rests on, what to do."""
    return section(WORDS, "findings", tag("ol", *map(_finding, report.verdict.findings), class_="findings"))


def _finding(finding: Finding) -> Markup:
    return parts.finding(
        title=say(f"finding.{finding.code}"),
        code=finding.code,
        sentence=finding.sentence,
        advice=finding.advice,
        evidence=[(say(f"evidence.{key}"), _evidence(key, value)) for key, value in finding.evidence.items()],
        good=finding.good,
        name=finding.name,
        changes=finding.changes,
    )


def _evidence(key: str, value: float) -> Markup:
    if key in _COUNTS:
        return joined(count(round(value)))
    return joined(glued(percent(value)) if key in _SHARES else written(value))


def candidates(report: Report, subject: CandidateFacts) -> Markup:
    """All that was trained, side by side, and last what the mean alone would do."""
    measured = [metrics for one in report.candidates for metrics in (one.validation, one.test)]
    ends = [end for metrics in measured for end in (metrics.rmse.value, *metrics.rmse.interval, metrics.mean_rmse)]
    axis = charts.round_range(ends, lowest=0)
    keys = ("validation", "test", "mae", "pearson", "spearman", "r2", "parameters", "seconds")
    head = tag(
        "tr", *(tag("th", say(f"candidates.{key}"), scope="col", class_=key) for key in ("name", "chart", *keys))
    )
    rows = [*(_candidate(candidate, axis) for candidate in report.candidates), _mean(subject)]
    names = charts.axis_names(axis, [f"{tick:g}" for tick in axis.ticks])
    foot = tag("tr", tag("td"), tag("td", names, class_="chart"), tag("td", colspan=len(keys)), class_="axis")
    table = tag("table", tag("thead", head), tag("tbody", *rows, foot), class_="candidates")
    colours = legend([("validation", say("split.validation")), ("test", say("split.test"))])
    return section(WORDS, "candidates", colours, tag("div", table, class_="scroll"))


def _candidate(candidate: CandidateFacts, axis: charts.Range) -> Markup:
    measured = (("validation", candidate.validation), ("test", candidate.test))
    chart = joined(*(_whisker(split, metrics, axis) for split, metrics in measured))
    badge = tag("span", say("candidates.deployed"), class_="badge") if candidate.deployed else Markup("")
    test = candidate.test
    figures = (
        written(candidate.validation.rmse.value),
        written(test.rmse.value),
        written(test.mae.value),
        f"{test.pearson.value:.3f}",
        f"{test.spearman.value:.3f}",
        f"{test.r2.value:.3f}",
        count(candidate.parameters),
        duration(candidate.seconds),
    )
    return _row(joined(named(candidate.name), badge), chart, figures)


def _mean(subject: CandidateFacts) -> Markup:
    figures = (written(subject.validation.mean_rmse), written(subject.test.mean_rmse), written(subject.test.mean_mae))
    return _row(Markup(say("candidates.mean")), Markup(""), (*figures, "", "", "", "", ""))


def _row(name: Markup, chart: Markup, figures: Sequence[str]) -> Markup:
    cells = (tag("td", glued(figure), class_="figure") for figure in figures)
    return tag("tr", tag("th", name, scope="row"), tag("td", chart, class_="chart"), *cells)


def _whisker(split: str, metrics: Metrics, axis: charts.Range) -> Markup:
    rmse = metrics.rmse
    spoken = f"{say(f'split.{split}')}: {written(rmse.value)} ({span(rmse.interval)})"
    return charts.whisker(rmse.value, rmse.interval, axis=axis, style=split, spoken=spoken)


def learning(report: Report, subject: CandidateFacts) -> Markup:
    """Loss and RMSE over the epochs, the subject first."""
    subject_first = sorted(report.candidates, key=lambda candidate: candidate is not subject)
    drawn = [_learning_curves(candidate) for candidate in subject_first if candidate.history]
    if not drawn:
        return Markup("")
    colours = legend([("train", say("split.train")), ("validation", say("split.validation"))])
    return section(WORDS, "learning", colours, *drawn)


def _learning_curves(candidate: CandidateFacts) -> Markup:
    history = candidate.history
    best = history.index(best_epoch(history))
    loss = _curves("loss", [e.train_loss for e in history], [e.validation_loss for e in history], best)
    rmse = _curves("rmse", [e.train_rmse for e in history], [e.validation_rmse for e in history], best)
    seconds = duration(sum(epoch.seconds for epoch in history) / len(history))
    summed = say("learning.summary", epochs=str(len(history)), best=str(history[best].number), seconds=seconds)
    head = tag("h3", named(candidate.name), tag("small", glued(summed)))
    return tag("div", head, tag("div", loss, rmse, class_="pair"), class_="curves")


def _curves(kind: str, train: Sequence[float], validation: Sequence[float], best: int) -> Markup:
    y = charts.round_range([*train, *validation], lowest=0)
    what = say(f"learning.{kind}")
    plot = charts.curves(
        [charts.Line("train", train, "train"), charts.Line("validation", validation, "validation")],
        spoken=say("learning.spoken", what=what, first=written(validation[0]), best=written(validation[best])),
        y=y,
        y_names=[f"{tick:g}" for tick in y.ticks],
        mark=best,
        mark_name=say("learning.best", value=written(validation[best])),
    )
    return tag("figure", tag("figcaption", what), plot)


def answers(report: Report, subject: CandidateFacts) -> Markup:
    """Truth against answer, and how the errors are spread."""
    points, residuals = report.answers.points, report.answers.residuals
    axis = charts.round_range([number for point in points for number in point])
    scatter = charts.scatter(
        points,
        axis=axis,
        names=[f"{tick:g}" for tick in axis.ticks],
        style="test",
        spoken=say("answers.scatter.spoken", texts=count(len(points)), pearson=f"{subject.test.pearson.value:.3f}"),
    )
    most = max(residuals, key=lambda name: residuals[name])
    histogram = charts.histogram(list(residuals.items()), spoken=say("answers.residuals.spoken", range=most))
    return section(
        WORDS,
        "answers",
        tag("figure", tag("figcaption", say("answers.scatter")), scatter),
        heading(say("answers.residuals"), ""),
        histogram,
    )


def worst(report: Report, subject: CandidateFacts) -> Markup:
    """The largest errors, to be read."""
    if not report.worst:
        return Markup("")
    listed = tag("ol", *map(_far_text, report.worst), class_="hardest")
    return section(WORDS, "worst", listed, language=report.dataset.language)


def _far_text(far: FarText) -> Markup:
    said = tag("span", say("worst.answer"), " ", tag("b", written(far.answer), class_="wrong"))
    true = tag("span", say("worst.truth"), " ", tag("b", written(far.truth), class_="right"))
    return tag("li", tag("p", named(far.text), class_="quote"), tag("p", said, true, class_="labels"))
