"""The parts of the report, top to bottom. Each takes the report and the candidate it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import starmap

from wenlu.base.errors import WenluError
from wenlu.drawing import charts
from wenlu.drawing.figures import count, duration, percent, percent_range, points
from wenlu.drawing.markup import Markup, joined, named, tag
from wenlu.evaluation.facts import CandidateFacts, Report
from wenlu.evaluation.hardest import HardText
from wenlu.evaluation.metrics import ClassMetrics, Metrics
from wenlu.evaluation.verdict import Epoch, Finding, best_epoch
from wenlu.evaluation.words import knows, say

# More columns than this are not read but searched: a list of the commonest confusions says more.
_MOST_IN_HEAT_MAP = 20
_CONFUSIONS_BESIDE_MAP, _CONFUSIONS_ALONE = 6, 20
_MOST_LABELS_COUNTED = 20

# How evidence is written, by its key.
_COUNTS = frozenset({"texts", "epochs", "since_epoch"})
_DIFFERENCES = frozenset({"gap", "half_width"})


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
    origin = tag("p", tag("span", say("page.kind")), tag("time", report.created), class_="origin")
    state = tag("span", say(f"finding.{report.verdict.findings[0].code}"), class_="state")
    title = tag("h1", named(report.title), tag("span", named(report.version), class_="version"), state)
    verdict = tag("p", _glued(report.verdict.sentence), class_="verdict")
    choice = tag("p", _glued(report.choice), class_="choice")
    return tag(
        "header",
        origin,
        title,
        verdict,
        choice,
        _key_figures(subject),
        class_=f"summary {_mood(report.verdict.findings[0])}",
    )


def _key_figures(subject: CandidateFacts) -> Markup:
    test, gap = subject.test, subject.train.accuracy - subject.test.accuracy
    sign = "−" if gap < 0 else ""
    figures = (
        ("accuracy", percent(test.accuracy), {"interval": percent_range(*test.accuracy_interval)}),
        ("macro_f1", percent(test.macro_f1), {"labels": str(len(test.per_class))}),
        ("gap", sign + points(gap), {"train": percent(subject.train.accuracy)}),
    )
    return tag("dl", *starmap(_key_figure, figures), class_="figures")


def _key_figure(key: str, value: str, values: dict[str, str]) -> Markup:
    amount, unit = value.split(" ")
    return tag(
        "div",
        tag("dt", say(f"figure.{key}")),
        tag("dd", amount, tag("span", unit, class_="unit"), class_="amount"),
        tag("dd", _glued(say(f"figure.{key}.note", **values)), class_="note"),
    )


def findings(report: Report, subject: CandidateFacts) -> Markup:
    """What is so, what it rests on, what to do."""
    return _section("findings", tag("ol", *map(_finding, report.verdict.findings), class_="findings"))


def _finding(finding: Finding) -> Markup:
    evidence = [
        tag(
            "div",
            tag("dt", say(f"evidence.{key}") if knows(f"evidence.{key}") else key),
            tag("dd", _evidence(key, value)),
        )
        for key, value in finding.evidence.items()
    ]
    return tag(
        "li",
        tag("h3", say(f"finding.{finding.code}"), tag("code", finding.code)),
        tag("p", _glued(finding.sentence)),
        tag("p", _glued(finding.advice), class_="advice"),
        tag("dl", *evidence, class_="evidence"),
        class_=_mood(finding),
    )


def _mood(finding: Finding) -> str:
    return "good" if finding.code == "healthy" else "mind"


def _evidence(key: str, value: float) -> Markup:
    """Counts, differences and losses each in their way; everything else is a share."""
    if key in _COUNTS:
        return joined(count(round(value)))
    if key in _DIFFERENCES:
        return joined(points(value))
    return joined(f"{value:.3f}" if key.startswith("loss_") else _glued(percent(value)))


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
    legend = _legend([("validation", say("split.validation")), ("test", say("split.test"))])
    return _section("candidates", legend, tag("div", table, class_="scroll"))


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
        *(tag("td", _glued(figure), class_="figure") for figure in figures),
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
    legend = _legend([("train", say("split.train")), ("validation", say("split.validation"))])
    return _section("learning", legend, *drawn)


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
    head = tag("h3", named(candidate.name), tag("small", _glued(summed)))
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
        mark_name=say(
            "learning.best", value=_glued(percent(validation[best]) if shares else f"{validation[best]:.3f}")
        ),
    )
    return tag("figure", tag("figcaption", say(f"learning.{kind}")), plot)


def labels(report: Report, subject: CandidateFacts) -> Markup:
    """Each label's figures, and which labels are taken for each other, on the test texts."""
    test = subject.test
    heads = ("label", "bar", "precision", "recall", "f1", "support")
    head = tag("tr", *(tag("th", say(f"labels.{key}"), scope="col", class_=key) for key in heads))
    table = tag("table", tag("thead", head), tag("tbody", *map(_label, test.per_class)), class_="labels")
    return _section("labels", tag("div", table, class_="scroll"), *_confusions(test), language=report.dataset.language)


def _label(one: ClassMetrics) -> Markup:
    spoken = f"F1 {percent(one.f1)}"
    figures = (percent(one.precision), percent(one.recall), percent(one.f1), count(one.support))
    return tag(
        "tr",
        tag("th", named(one.label, title=one.label), scope="row"),
        tag("td", charts.bar(one.f1, style="strong", spoken=spoken), class_="bar"),
        *(tag("td", _glued(figure), class_="figure") for figure in figures),
    )


def _confusions(test: Metrics) -> list[Markup]:
    """A map of all where it can be read, and a list of the commonest where the map has more than a few fields."""
    names = [one.label for one in test.per_class]
    parts = []
    if len(names) <= _MOST_IN_HEAT_MAP:
        parts += [_heading("confusion"), charts.heat_map(names, test.confusion, corner=say("confusion.corner"))]
    if len(names) > 3:
        most = _CONFUSIONS_BESIDE_MAP if parts else _CONFUSIONS_ALONE
        parts += [_heading("confused"), _confused_pairs(names, test.confusion, most)]
    return parts


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
            tag("td", _glued(percent(cell / sum(confusion[row]))), class_="figure"),
        )
        for cell, row, column in commonest
    ]
    heads = ("truth", "answer", "texts", "share")
    head = tag("tr", *(tag("th", say(f"confused.{key}"), scope="col", class_=key) for key in heads))
    return tag("div", tag("table", tag("thead", head), tag("tbody", *rows), class_="confused"), class_="scroll")


def hardest(report: Report, subject: CandidateFacts) -> Markup:
    """The surest mistakes, to be read."""
    if not report.hardest:
        return Markup("")
    return _section(
        "hardest", tag("ol", *map(_hard_text, report.hardest), class_="hardest"), language=report.dataset.language
    )


def _hard_text(hard: HardText) -> Markup:
    said = tag("span", say("hardest.answer"), " ", named(hard.answer, class_="wrong"), " ", _sure(hard.probability))
    true = tag("span", say("hardest.truth"), " ", named(hard.truth, class_="right"))
    return tag("li", tag("p", named(hard.text), class_="quote"), tag("p", said, true, class_="labels"))


def _sure(probability: float) -> Markup:
    return tag("span", _glued(percent(probability)), class_="sure")


def texts(report: Report, subject: CandidateFacts) -> Markup:
    """Where the texts went, how they are labelled, how they became ids."""
    dataset = report.dataset
    segments = _fates(report)
    read, kept = sum(segment.size for segment in segments), sum(dataset.splits.values())
    spoken = say("texts.spoken", read=count(read), kept=count(kept), dropped=count(read - kept))
    return _section(
        "texts",
        tag("p", named(dataset.name), " ", tag("code", named(dataset.version)), tag("span", spoken), class_="lead"),
        charts.stacked_bar(segments, spoken=spoken),
        tag("ul", *(_fate(segment, read) for segment in segments), class_="fates"),
        tag("div", _label_counts(report), _tokenizer(report), class_="pair"),
        language=dataset.language,
    )


def _fates(report: Report) -> list[charts.Segment]:
    kept = [
        charts.Segment(_known(f"split.{split}", split), size, f"kept-{min(index, 2)}")
        for index, (split, size) in enumerate(report.dataset.splits.items())
    ]
    reasons = sorted(report.dataset.dropped.items(), key=lambda item: -item[1])
    dropped = [
        charts.Segment(_known(f"reason.{reason}", reason), size, f"dropped-{min(index, 3)}")
        for index, (reason, size) in enumerate(reasons)
        if size
    ]
    return [*kept, *dropped]


def _fate(segment: charts.Segment, read: int) -> Markup:
    share = segment.size / read if read else 0.0
    return tag(
        "li",
        tag("span", "", class_=f"swatch {segment.style}"),
        named(segment.name),
        tag("b", count(segment.size)),
        tag("span", _glued(percent(share)), class_="note"),
    )


def _label_counts(report: Report) -> Markup:
    counted = sorted(report.dataset.labels.items(), key=lambda item: -item[1])
    total = sum(report.dataset.labels.values()) or 1
    rows = [_label_count(label, size, total) for label, size in counted[:_MOST_LABELS_COUNTED]]
    notes = [say("texts.conflicts", number=count(report.dataset.label_conflicts))]
    if len(counted) > _MOST_LABELS_COUNTED:
        notes.insert(0, say("texts.more_labels", number=count(len(counted) - _MOST_LABELS_COUNTED)))
    table = tag("table", tag("tbody", *rows), class_="shares")
    return tag("div", tag("h3", say("texts.labels")), table, tag("p", " ".join(notes), class_="note"))


def _label_count(label: str, size: int, total: int) -> Markup:
    share = size / total
    return tag(
        "tr",
        tag("th", named(label, title=label), scope="row"),
        tag("td", charts.bar(share, style="soft", spoken=percent(share)), class_="bar"),
        tag("td", count(size), class_="figure"),
        tag("td", _glued(percent(share)), class_="figure note"),
    )


def _tokenizer(report: Report) -> Markup:
    tokenizer = report.tokenizer
    rows = {
        "name": tokenizer.name,
        "segmenter": tokenizer.segmenter,
        "size": count(tokenizer.size),
        "coverage": _glued(percent(tokenizer.coverage)),
        "oov_rate": _glued(percent(tokenizer.oov_rate)),
    }
    table = _rows((say(f"tokenizer.{key}"), value) for key, value in rows.items())
    return tag("div", tag("h3", say("tokenizer")), table)


def lineage(report: Report, subject: CandidateFacts) -> Markup:
    """What this was made from, to make it again."""
    recipe = [tag("h3", say("lineage.recipe")), tag("pre", tag("code", named(report.recipe)))] if report.recipe else []
    return _section("lineage", _rows(report.lineage.items()), *recipe)


def _rows(rows: Iterable[tuple[str, str]]) -> Markup:
    return tag(
        "dl", *(tag("div", tag("dt", named(key)), tag("dd", named(value))) for key, value in rows), class_="rows"
    )


def _section(key: str, *parts: str, language: str = "") -> Markup:
    """`language` is that of the users' words in it: it decides how shared characters are drawn."""
    head = tag("div", tag("h2", say(f"section.{key}")), tag("p", say(f"section.{key}.note")), class_="head")
    spoken = {"lang": language} if language else {}
    return tag("section", head, tag("div", *parts, class_="content", **spoken), class_=f"section-{key}")


def _heading(key: str) -> Markup:
    return tag("div", tag("h3", say(key)), tag("p", say(f"{key}.note"), class_="note"), class_="heading")


def _legend(entries: Sequence[tuple[str, str]]) -> Markup:
    items = [tag("li", tag("span", "", class_=f"swatch {style}"), name) for style, name in entries]
    return tag("ul", *items, class_="legend")


def _known(key: str, fallback: str) -> str:
    """Our word for it; a reason or a split that somebody else named is shown as they named it."""
    return say(key) if knows(key) else fallback.replace("_", " ")


def _glued(figure: str) -> str:
    """A number is not parted from its unit, nor a range in two (U+2060 forbids a break)."""
    return figure.replace(" %", "\u00a0%").replace("± ", "±\u00a0").replace("–", "\u2060–\u2060")
