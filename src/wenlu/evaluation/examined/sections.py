"""The parts of an examination's page. Each takes the examination, and the words of a language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wenlu.drawing import charts, parts
from wenlu.drawing.figures import count, percent, percent_range
from wenlu.drawing.markup import Markup, named, tag
from wenlu.drawing.parts import glued, heading, rows, section
from wenlu.drawing.words import Words
from wenlu.evaluation.abstention import Answered
from wenlu.evaluation.calibration import Calibration
from wenlu.evaluation.examination import Examination
from wenlu.evaluation.metrics import Metrics
from wenlu.evaluation.ranking import LabelRanking, Ranking
from wenlu.evaluation.robustness import Disturbed
from wenlu.evaluation.slices import Slice

_CURVES = 5  # more lines in one drawing can't be told apart
_MOST_IN_HEAT_MAP = 20
_WHOLE = charts.round_range([0.0, 1.0], lowest=0, highest=1)
_WHOLE_NAMES = [f"{tick * 100:g}\u00a0%" for tick in _WHOLE.ticks]


def examination(found: Examination, words: Words, *, language: str) -> list[Markup]:
    """Everything a run's report says of one; `language` is that of the users' words."""
    drawn = [ranking(found.ranking, words, language=language)] if found.ranking is not None else []
    return [
        *drawn,
        calibration(found.calibration, words),
        answered(found.answered, words),
        slices(found.slices, words, language=language),
        robustness(found, words),
    ]


def labels(metrics: Metrics, found: Examination, words: Words, *, language: str) -> Markup:
    """Each label's figures, and which labels are taken for each other."""
    body = [
        _row(
            one.label,
            [
                percent(one.precision),
                percent(one.recall),
                percent(one.f1),
                percent_range(*interval),
                count(one.support),
            ],
        )
        for one, interval in zip(metrics.per_class, found.f1.label_intervals, strict=True)
    ]
    drawn = [_table(words, "labels", ("label", "precision", "recall", "f1", "interval", "support"), body)]
    if len(metrics.per_class) <= _MOST_IN_HEAT_MAP:
        names = [one.label for one in metrics.per_class]
        drawn.append(heading(words.say("confusion"), words.say("confusion.note")))
        drawn.append(charts.heat_map(names, metrics.confusion, corner=words.say("confusion.corner")))
    return section(words, "labels", *drawn, language=language)


def ranking(found: Ranking, words: Words, *, language: str) -> Markup:
    """Both curves of the labels that are hardest to find, and the areas of all."""
    weakest = sorted(found.labels, key=lambda one: one.average_precision)[:_CURVES]
    curves = [
        tag(
            "figure",
            tag("figcaption", words.say(f"ranking.{kind}")),
            charts.traces(
                [getattr(one, kind) for one in weakest],
                axis=_WHOLE,
                names=_WHOLE_NAMES,
                style="trace",
                spoken=words.say(f"ranking.{kind}"),
            ),
        )
        for kind in ("roc", "pr")
    ]
    shown = words.say("ranking.weakest", labels=", ".join(one.label for one in weakest))
    body = [_areas(words.say("ranking.mean"), found), *(_areas(one.label, one) for one in found.labels)]
    heads = ("label", "roc_auc", "interval", "average_precision", "interval")
    return section(
        words,
        "ranking",
        tag("div", *curves, class_="pair"),
        tag("p", named(shown), class_="note"),
        _table(words, "ranking", heads, body),
        language=language,
    )


def _areas(name: str, one: Ranking | LabelRanking) -> Markup:
    return _row(
        name,
        [
            f"{one.roc_auc:.4f}",
            _plain_range(one.roc_auc_interval),
            f"{one.average_precision:.4f}",
            _plain_range(one.average_precision_interval),
        ],
    )


def _plain_range(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.4f}–{interval[1]:.4f}"


def calibration(found: Calibration, words: Words) -> Markup:
    """The reliability picture, and the error before and after."""
    picture = charts.scatter(
        [(one.confidence, one.accuracy) for one in found.bins],
        axis=_WHOLE,
        names=_WHOLE_NAMES,
        style="bin train",
        spoken=words.say("calibration.spoken"),
    )
    facts = [(words.say("calibration.error"), _with_range(found.error, found.error_interval))]
    if found.temperature != 1.0:
        facts.append((words.say("calibration.before"), _with_range(found.before, found.before_interval)))
        facts.append((words.say("calibration.temperature"), f"{found.temperature:.3g}"))
    figure = tag("figure", tag("figcaption", words.say("calibration.axes")), picture)
    return section(words, "calibration", tag("div", figure, rows(facts), class_="pair"))


def _with_range(share: float, interval: tuple[float, float]) -> str:
    return glued(f"{percent(share)} ({percent_range(*interval)})")


def answered(found: Sequence[Answered], words: Words) -> Markup:
    """How much is answered above each threshold, and how well."""
    body = [
        _row(
            f"{one.threshold:g}",
            [
                percent(one.share),
                count(one.texts),
                percent(one.accuracy) if one.accuracy is not None else "–",
                percent_range(*one.accuracy_interval) if one.accuracy_interval is not None else "–",
            ],
        )
        for one in found
    ]
    return section(
        words,
        "answered",
        _table(words, "answered", ("threshold", "share", "texts", "accuracy", "interval"), body),
    )


def slices(found: Sequence[Slice], words: Words, *, language: str) -> Markup:
    """Every slice beside the rest; those that are clearly worse say so. Nothing where there is none."""
    if not found:
        return Markup("")
    heads = ("kind", "name", "texts", "accuracy", "interval", "rest")
    return section(
        words, "slices", _table(words, "slices", heads, [_slice(one, words) for one in found]), language=language
    )


def _slice(one: Slice, words: Words) -> Markup:
    mark = [" ", tag("span", words.say("slices.worse"), class_="badge")] if one.worse else []
    figures = (
        count(one.texts),
        percent(one.accuracy),
        percent_range(*one.accuracy_interval),
        percent(one.rest_accuracy),
    )
    return tag(
        "tr",
        tag("th", words.say(f"slice.{one.kind}"), *mark, scope="row"),
        tag("td", named(slice_name(one, words))),
        *_figures(figures),
    )


def slice_name(one: Slice, words: Words) -> str:
    """A script by its name in the page's language; else what the slice calls itself."""
    return words.say(f"script.{one.name}") if one.kind == "script" else one.name


def robustness(found: Examination, words: Words) -> Markup:
    """What changes where texts are typed otherwise; nothing where nothing could be disturbed."""
    tried = found.robustness
    if tried is None or not tried.disturbed:
        return Markup("")
    heads = ("name", "texts", "changed", "changed_interval", "before", "accuracy", "accuracy_interval")
    said = words.say("robustness.sample", sample=count(tried.sample), texts=count(tried.texts))
    return section(
        words,
        "robustness",
        tag("p", said, class_="note"),
        _table(words, "robustness", heads, [_disturbed(one, words) for one in tried.disturbed]),
    )


def _disturbed(one: Disturbed, words: Words) -> Markup:
    return _row(
        words.say(f"disturbance.{one.name}"),
        [
            count(one.texts),
            percent(one.changed / one.texts),
            percent_range(*one.changed_interval),
            percent(one.before),
            percent(one.accuracy),
            percent_range(*one.accuracy_interval),
        ],
    )


def _table(words: Words, kind: str, heads: Sequence[str], body: Iterable[Markup]) -> Markup:
    return parts.table(kind, [words.say(f"{kind}.{head}") for head in heads], body)


def _row(name: str, figures: Iterable[str]) -> Markup:
    return tag("tr", tag("th", named(name, title=name), scope="row"), *_figures(figures))


def _figures(figures: Iterable[str]) -> list[Markup]:
    return [tag("td", glued(figure), class_="figure") for figure in figures]
