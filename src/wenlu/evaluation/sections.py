"""The parts of the report, top to bottom. Each takes the report and the candidate it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wenlu.base.errors import WenluError
from wenlu.base.finding import Finding
from wenlu.corpus.fates import fates, fates_said
from wenlu.drawing import charts, parts
from wenlu.drawing.figures import count, duration, percent, percent_range, points
from wenlu.drawing.markup import Markup, joined, named, tag
from wenlu.drawing.parts import glued, heading, legend, rows, section
from wenlu.evaluation.facts import CandidateFacts, Report, Story, TokenizerFacts
from wenlu.evaluation.hardest import HardText
from wenlu.evaluation.metrics import ClassMetrics, Metrics
from wenlu.evaluation.verdict import Epoch, best_epoch
from wenlu.evaluation.words import WORDS, say

# More columns than this are not read but searched: a list of the commonest confusions says more.
_MOST_IN_HEAT_MAP = 20
_CONFUSIONS_BESIDE_MAP, _CONFUSIONS_ALONE = 6, 20
_MOST_LABELS_COUNTED = 20

# How evidence is written, by its key.
_COUNTS = frozenset({"texts", "epochs", "since_epoch", "leaked_texts", "sure_texts", "doubted_texts"})
_DIFFERENCES = frozenset({"gap", "gain", "half_width"})


def subject_of(report: Report) -> CandidateFacts:
    """The candidate that the report is about: the one it names, else the deployed one.

    Raises WenluError `no_subject` unless that is exactly one.
    """
    named_so = [one for one in report.candidates if (one.name == report.subject if report.subject else one.deployed)]
    if len(named_so) != 1:
        asked = f"called '{report.subject}'" if report.subject else "deployed"
        raise WenluError(
            "no_subject",
            f"A report is about one candidate, but of {len(report.candidates)} {len(named_so)} are {asked}.",
        )
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
    test, gap = subject.test, subject.train.accuracy - subject.test.accuracy
    sign = "−" if gap < 0 else ""
    figures = (
        ("accuracy", percent(test.accuracy), {"interval": percent_range(*test.accuracy_interval)}),
        ("macro_f1", percent(test.macro_f1), {"labels": str(len(test.per_class))}),
        ("gap", sign + points(gap), {"train": percent(subject.train.accuracy)}),
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
        evidence=[
            (WORDS.known(f"evidence.{key}", key), _evidence(key, value)) for key, value in finding.evidence.items()
        ],
        good=finding.good,
        name=finding.name,
        changes=finding.changes,
    )


def _evidence(key: str, value: float) -> Markup:
    """Counts, differences and losses each in their way; everything else is a share."""
    if key in _COUNTS:
        return joined(count(round(value)))
    if key in _DIFFERENCES:
        return joined(points(value))
    return joined(f"{value:.3f}" if key.startswith("loss_") else glued(percent(value)))


def candidates(report: Report, subject: CandidateFacts) -> Markup:
    """All that was trained, side by side."""
    intervals = [end for one in report.candidates for end in (*_ends(one.validation), *_ends(one.test))]
    axis = charts.round_range(intervals, lowest=0, highest=1)
    heads = ("name", "chart", "validation", "test", "macro_f1", "log_loss", "parameters", "seconds")
    head = tag("tr", *(tag("th", say(f"candidates.{key}"), scope="col", class_=key) for key in heads))
    rows = [_candidate(candidate, axis) for candidate in report.candidates]
    names = charts.axis_names(axis, [f"{tick * 100:g}\u00a0%" for tick in axis.ticks])
    foot = tag("tr", tag("td"), tag("td", names, class_="chart"), tag("td", colspan=6), class_="axis")
    table = tag("table", tag("thead", head), tag("tbody", *rows, foot), class_="candidates")
    colours = legend([("validation", say("split.validation")), ("test", say("split.test"))])
    return section(WORDS, "candidates", colours, tag("div", table, class_="scroll"))


def _ends(metrics: Metrics) -> tuple[float, float, float]:
    return (metrics.accuracy, *metrics.accuracy_interval)


def _candidate(candidate: CandidateFacts, axis: charts.Range) -> Markup:
    chart = joined(*(_whisker(split, metrics, axis) for split, metrics in _measured(candidate)))
    badge = tag("span", say("candidates.deployed"), class_="badge") if candidate.deployed else Markup("")
    figures = (
        percent(candidate.validation.accuracy),
        percent(candidate.test.accuracy),
        percent(candidate.test.macro_f1),
        f"{candidate.test.log_loss:.3f}",
        count(candidate.parameters),
        duration(candidate.seconds),
    )
    return tag(
        "tr",
        tag("th", named(candidate.name), badge, scope="row"),
        tag("td", chart, class_="chart"),
        *(tag("td", glued(figure), class_="figure") for figure in figures),
    )


def _measured(candidate: CandidateFacts) -> Iterable[tuple[str, Metrics]]:
    return ("validation", candidate.validation), ("test", candidate.test)


def _whisker(split: str, metrics: Metrics, axis: charts.Range) -> Markup:
    spoken = f"{say(f'split.{split}')}: {percent(metrics.accuracy)} ({percent_range(*metrics.accuracy_interval)})"
    return charts.whisker(metrics.accuracy, metrics.accuracy_interval, axis=axis, style=split, spoken=spoken)


def learning(report: Report, subject: CandidateFacts) -> Markup:
    """Loss and accuracy over the epochs, the subject first."""
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
    accuracy = _curves("accuracy", [e.train_accuracy for e in history], [e.validation_accuracy for e in history], best)
    summed = say(
        "learning.summary",
        epochs=str(len(history)),
        best=str(history[best].number),
        seconds=duration(_seconds_an_epoch(history)),
    )
    head = tag("h3", named(candidate.name), tag("small", glued(summed)))
    return tag("div", head, tag("div", loss, accuracy, class_="pair"), class_="curves")


def _seconds_an_epoch(history: Sequence[Epoch]) -> float:
    return sum(epoch.seconds for epoch in history) / len(history)


def _curves(kind: str, train: Sequence[float], validation: Sequence[float], best: int) -> Markup:
    shares = kind == "accuracy"
    y = charts.round_range([*train, *validation], lowest=0, highest=1 if shares else float("inf"))
    plot = charts.curves(
        [charts.Line("train", train, "train"), charts.Line("validation", validation, "validation")],
        spoken=say(f"learning.{kind}.spoken", first=f"{validation[0]:.3f}", best=f"{validation[best]:.3f}"),
        y=y,
        y_names=[f"{tick * 100:g}\u00a0%" if shares else f"{tick:g}" for tick in y.ticks],
        mark=best,
        mark_name=say("learning.best", value=glued(percent(validation[best]) if shares else f"{validation[best]:.3f}")),
    )
    return tag("figure", tag("figcaption", say(f"learning.{kind}")), plot)


def labels(report: Report, subject: CandidateFacts) -> Markup:
    """Each label's figures, and which labels are taken for each other, on the test texts."""
    test = subject.test
    heads = [say(f"labels.{key}") for key in ("label", "bar", "precision", "recall", "f1", "support")]
    table = parts.table("labels", heads, map(_label, test.per_class))
    return section(WORDS, "labels", table, *_confusions(test), language=report.dataset.language)


def _label(one: ClassMetrics) -> Markup:
    spoken = f"F1 {percent(one.f1)}"
    figures = (percent(one.precision), percent(one.recall), percent(one.f1), count(one.support))
    return tag(
        "tr",
        tag("th", named(one.label, title=one.label), scope="row"),
        tag("td", charts.bar(one.f1, style="strong", spoken=spoken), class_="bar"),
        *(tag("td", glued(figure), class_="figure") for figure in figures),
    )


def _confusions(test: Metrics) -> list[Markup]:
    """A map of all where it can be read, and a list of the commonest where the map has more than a few fields."""
    names = [one.label for one in test.per_class]
    drawn = []
    if len(names) <= _MOST_IN_HEAT_MAP:
        drawn += [
            heading(say("confusion"), say("confusion.note")),
            charts.heat_map(names, test.confusion, corner=say("confusion.corner")),
        ]
    if len(names) > 3:
        most = _CONFUSIONS_BESIDE_MAP if drawn else _CONFUSIONS_ALONE
        drawn += [heading(say("confused"), say("confused.note")), _confused_pairs(names, test.confusion, most)]
    return drawn


def _confused_pairs(names: Sequence[str], confusion: Sequence[Sequence[int]], most: int) -> Markup:
    pairs = [
        (cell, row, column)
        for row, cells in enumerate(confusion)
        for column, cell in enumerate(cells)
        if cell and row != column
    ]
    commonest = sorted(pairs, key=lambda pair: (-pair[0], pair[1:]))[:most]
    rows = [
        tag(
            "tr",
            tag("td", named(names[row])),
            tag("td", named(names[column])),
            tag("td", count(cell), class_="figure"),
            tag("td", glued(percent(cell / sum(confusion[row]))), class_="figure"),
        )
        for cell, row, column in commonest
    ]
    heads = [say(f"confused.{key}") for key in ("truth", "answer", "texts", "share")]
    return parts.table("confused", heads, rows)


def hardest(report: Report, subject: CandidateFacts) -> Markup:
    """The surest mistakes, to be read."""
    if not report.hardest:
        return Markup("")
    return section(
        WORDS,
        "hardest",
        tag("ol", *map(_hard_text, report.hardest), class_="hardest"),
        language=report.dataset.language,
    )


def _hard_text(hard: HardText) -> Markup:
    said = tag("span", say("hardest.answer"), " ", named(hard.answer, class_="wrong"), " ", _sure(hard.probability))
    true = tag("span", say("hardest.truth"), " ", named(hard.truth, class_="right"))
    return tag("li", tag("p", named(hard.text), class_="quote"), tag("p", said, true, class_="labels"))


def _sure(probability: float) -> Markup:
    return tag("span", glued(percent(probability)), class_="sure")


def texts(report: Story, subject: object) -> Markup:
    """Where the texts went, how they are labelled, how they became ids."""
    dataset = report.dataset
    labelled = [_label_counts(report)] if dataset.labels else []
    said = fates_said(dataset.splits, dataset.dropped)
    return section(
        WORDS,
        "texts",
        tag("p", named(dataset.name), " ", tag("code", named(dataset.version)), tag("span", said), class_="lead"),
        fates(dataset.splits, dataset.dropped),
        tag("div", *labelled, tokenizer_table(report.tokenizer), class_="pair"),
        language=dataset.language,
    )


def _label_counts(report: Story) -> Markup:
    labels = report.dataset.labels
    notes = [say("texts.conflicts", number=count(report.dataset.label_conflicts))]
    if len(labels) > _MOST_LABELS_COUNTED:
        notes.insert(0, say("texts.more_labels", number=count(len(labels) - _MOST_LABELS_COUNTED)))
    table = parts.shares(labels, most=_MOST_LABELS_COUNTED)
    return tag("div", tag("h3", say("texts.labels")), table, tag("p", " ".join(notes), class_="note"))


def tokenizer_table(tokenizer: TokenizerFacts) -> Markup:
    """How texts became ids."""
    facts = {
        "name": tokenizer.name,
        "segmenter": tokenizer.segmenter,
        "size": count(tokenizer.size),
        "coverage": glued(percent(tokenizer.coverage)),
        "oov_rate": glued(percent(tokenizer.oov_rate)),
    }
    table = rows((say(f"tokenizer.{key}"), value) for key, value in facts.items())
    return tag("div", tag("h3", say("tokenizer")), table)


def lineage(report: Story, subject: object) -> Markup:
    """What this was made from, to make it again."""
    recipe = [tag("h3", say("lineage.recipe")), tag("pre", tag("code", named(report.recipe)))] if report.recipe else []
    return section(WORDS, "lineage", rows(report.lineage.items()), *recipe)
