"""The parts of the data report, top to bottom. Each takes all that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import yaml

from wenlu.base.finding import Finding
from wenlu.corpus.fates import fates, fates_said
from wenlu.corpus.findings import written
from wenlu.corpus.manifest import ConflictRecord, DatasetManifest, PairRecord, SourceRecord
from wenlu.corpus.samples import DroppedSample
from wenlu.corpus.settings import SPLITS
from wenlu.corpus.statistics import BOUNDS, QUANTILES, Lengths, Statistics
from wenlu.corpus.targets import Spread
from wenlu.corpus.words import WORDS, say
from wenlu.drawing import charts, parts
from wenlu.drawing.figures import count, percent
from wenlu.drawing.markup import Markup, named, tag
from wenlu.drawing.parts import glued

_MOST_LABELS = 50
_SAMPLES, _PAIRS, _CONFLICTS = 5, 20, 20
_LANGUAGE_CODES = {"zh": "zh-Hans"}


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a report says."""

    manifest: DatasetManifest
    statistics: Statistics
    findings: Sequence[Finding]
    samples: Sequence[DroppedSample]

    @property
    def language(self) -> str:
        """That of the texts, as HTML names it; empty where none is known."""
        language = self.manifest.language
        return "" if language == "other" else _LANGUAGE_CODES.get(language, language)


def summary(facts: Facts) -> Markup:
    """What it is in a sentence, and its key figures."""
    gravest = facts.findings[0]
    return parts.summary(
        kind=say("page.kind"),
        created=facts.manifest.created,
        title=facts.manifest.name,
        version=facts.manifest.version,
        state=say(f"finding.{gravest.code}"),
        good=gravest.good,
        sentence=sentence(facts),
        note=_origin(facts),
        figures=[_kept(facts), _length(facts), _leaks(facts)],
    )


def sentence(facts: Facts) -> str:
    """`17,360 texts in simplified Chinese, 1,234,567 characters, labels: 2.`"""
    labels = say("summary.labels", number=count(len(facts.manifest.labels))) if facts.manifest.labels else ""
    return say(
        "summary",
        kept=count(facts.manifest.counts.kept),
        language=say(f"language.{facts.manifest.language}"),
        labels=labels,
        characters=count(facts.statistics.characters),
    )


def _origin(facts: Facts) -> str:
    manifest = facts.manifest
    files = ", ".join(source.uri for source in manifest.sources[:3])
    licence = say("summary.licence", licence=manifest.licence) if manifest.licence else say("summary.no_licence")
    return say("summary.note", read=count(manifest.counts.read), files=files, licence=licence)


def _kept(facts: Facts) -> Markup:
    counts = facts.manifest.counts
    note = say("figure.kept.all")
    if counts.dropped:
        reason = max(counts.dropped, key=lambda one: counts.dropped[one])
        dropped = count(counts.read - counts.kept)
        note = say("figure.kept.note", dropped=dropped, reason=WORDS.known(f"reason.{reason}", reason))
    return parts.key_figure(say("figure.kept"), percent(counts.kept / max(counts.read, 1)), note)


def _length(facts: Facts) -> Markup:
    _, _, median, long, longest = facts.statistics.lengths["train"].quantiles or [0] * len(QUANTILES)
    note = say("figure.length.note", long=count(long), longest=count(longest))
    return parts.key_figure(say("figure.length"), f"{count(median)} {say('figure.length.unit')}", note)


def _leaks(facts: Facts) -> Markup:
    looked = facts.manifest.settings["dedup"]["near"] is not None
    value = count(facts.manifest.near.across_splits) if looked else "–"
    return parts.key_figure(say("figure.leaks"), value, say("figure.leaks.note" if looked else "figure.leaks.off"))


def findings(facts: Facts) -> Markup:
    """What stands out, and what to do."""
    return parts.section(WORDS, "findings", tag("ol", *map(_finding, facts.findings), class_="findings"))


def _finding(finding: Finding) -> Markup:
    evidence = [(say(f"evidence.{key}"), glued(written(key, value))) for key, value in finding.evidence.items()]
    return parts.finding(
        title=say(f"finding.{finding.code}"),
        code=finding.code,
        sentence=finding.sentence,
        advice=finding.advice,
        evidence=evidence,
        good=finding.good,
    )


def texts(facts: Facts) -> Markup:
    """Where every text went."""
    counts = facts.manifest.counts
    said = tag("p", tag("span", fates_said(counts.splits, counts.dropped)), class_="lead")
    return parts.section(WORDS, "texts", said, fates(counts.splits, counts.dropped))


def labels(facts: Facts) -> Markup:
    """How many texts each label has, in all and in each split; or how the numbers are spread."""
    if facts.statistics.targets is not None:
        return _numbers(facts.statistics.targets)
    if not facts.manifest.labels:
        return parts.section(WORDS, "labels", tag("p", say("labels.none"), class_="note"))
    counts = facts.manifest.counts.labels
    of_all = {label: sum(counts[split].get(label, 0) for split in SPLITS) for label in facts.manifest.labels}
    commonest = sorted(of_all, key=lambda label: -of_all[label])
    largest, total = max(of_all.values()), sum(of_all.values())
    rows = [
        tag(
            "tr",
            tag("th", named(label, title=label), scope="row"),
            tag("td", charts.bar(of_all[label] / largest, style="soft", spoken=count(of_all[label])), class_="bar"),
            tag("td", glued(percent(of_all[label] / total)), class_="figure"),
            *(tag("td", count(counts[split].get(label, 0)), class_="figure") for split in SPLITS),
        )
        for label in commonest[:_MOST_LABELS]
    ]
    heads = [say("labels.label"), say("labels.bar"), say("labels.share"), *(say(f"split.{split}") for split in SPLITS)]
    more = len(commonest) - len(rows)
    note = [tag("p", say("labels.more", number=count(more)), class_="note")] if more else []
    return parts.section(WORDS, "labels", parts.table("labels", heads, rows), *note, language=facts.language)


def _numbers(spread: Spread) -> Markup:
    drawn = spread.bars
    spoken = say("targets.spoken", range=max(drawn, key=lambda name: drawn[name]))
    rows = [
        tag(
            "tr",
            tag("th", say(f"split.{split}"), scope="row"),
            tag("td", count(one.texts), class_="figure"),
            *(tag("td", f"{value:g}", class_="figure") for value in (one.mean, one.deviation, one.least, one.most)),
        )
        for split, one in spread.splits.items()
    ]
    heads = [say(f"targets.{column}") for column in ("split", "texts", "mean", "deviation", "least", "most")]
    histogram = charts.histogram(list(drawn.items()), spoken=spoken)
    return parts.section(WORDS, "targets", histogram, parts.table("lengths", heads, rows))


def lengths(facts: Facts) -> Markup:
    """The lengths of texts: a histogram of all, quantiles of each split."""
    known = facts.statistics.lengths
    drawn = bars(facts)
    spoken = say("lengths.spoken", range=max(drawn, key=lambda name: drawn[name]))
    histogram = charts.histogram(list(drawn.items()), spoken=spoken)
    rows = [_quantiles(split, one) for split, one in known.items() if one.texts]
    columns = ("split", "texts", "characters", *(f"q{number}" for number in range(len(QUANTILES))))
    table = parts.table("lengths", [say(f"lengths.{column}") for column in columns], rows)
    return parts.section(WORDS, "lengths", histogram, table)


def bars(facts: Facts) -> dict[str, int]:
    """The length histogram of all splits, from its first bar to its last: `20-49` characters, texts."""
    totals = [sum(one.bars[number] for one in facts.statistics.lengths.values()) for number in range(len(BOUNDS))]
    filled = [number for number, texts in enumerate(totals) if texts]
    return {_range(number): totals[number] for number in range(min(filled, default=0), max(filled, default=0) + 1)}


def _range(number: int) -> str:
    if number + 1 == len(BOUNDS):
        return f"{BOUNDS[number]:,}…"
    first, last = BOUNDS[number], BOUNDS[number + 1] - 1
    return f"{first:,}" if first == last else f"{first:,}\u2013{last:,}"


def _quantiles(split: str, one: Lengths) -> Markup:
    figures = [one.texts, one.characters, *one.quantiles]
    head = tag("th", say(f"split.{split}"), scope="row")
    return tag("tr", head, *(tag("td", count(figure), class_="figure") for figure in figures))


def characters(facts: Facts) -> Markup:
    """Which languages and scripts there are."""
    languages = {say(f"language.{key}"): number for key, number in facts.statistics.languages.items()}
    scripts = {say(f"script.{key}"): number for key, number in facts.statistics.scripts.items()}
    return parts.section(
        WORDS,
        "characters",
        tag(
            "div",
            tag("div", tag("h3", say("characters.languages")), parts.shares(languages, most=len(languages))),
            tag("div", tag("h3", say("characters.scripts")), parts.shares(scripts, most=len(scripts))),
            class_="pair",
        ),
    )


def examples(facts: Facts) -> Markup:
    """Texts to read: of each label, and the shortest and longest."""
    statistics = facts.statistics
    shown = [(label or say("examples.all"), bodies) for label, bodies in statistics.examples.items()]
    shown += [(say("examples.shortest"), statistics.shortest), (say("examples.longest"), statistics.longest)]
    drawn = [
        tag(
            "div", tag("h3", named(title)), *(tag("p", named(body), class_="quote") for body in bodies), class_="sample"
        )
        for title, bodies in shown
    ]
    return parts.section(WORDS, "examples", *drawn, language=facts.language)


def dropped(facts: Facts) -> Markup:
    """Why texts were refused, with some of each."""
    counts = facts.manifest.counts.dropped
    if not counts:
        return Markup("")
    samples = {reason: list(some) for reason, some in groupby(facts.samples, key=lambda sample: sample.reason)}
    drawn = [
        _reason(reason, counts[reason], samples.get(reason, []))
        for reason in sorted(counts, key=lambda reason: -counts[reason])
    ]
    return parts.section(WORDS, "dropped", *drawn, language=facts.language)


def _reason(reason: str, number: int, samples: Sequence[DroppedSample]) -> Markup:
    title = tag("h3", WORDS.known(f"reason.{reason}", reason), tag("small", count(number)))
    why = [tag("p", say(f"why.{reason}"), class_="note")] if WORDS.knows(f"why.{reason}") else []
    shown = [
        tag(
            "p",
            named(sample.body),
            tag("small", named(say("dropped.place", file=sample.file, line=str(sample.line)))),
            class_="quote",
        )
        for sample in samples[:_SAMPLES]
    ]
    return tag("div", title, *why, *shown, class_="sample")


def near(facts: Facts) -> Markup:
    """Texts that were nearly the same, those that crossed splits first."""
    if not facts.manifest.pairs:
        return Markup("")
    heads = [say(f"near.{key}") for key in ("kept", "dropped", "similarity", "splits")]
    rows = map(_pair, facts.manifest.pairs[:_PAIRS])
    return parts.section(WORDS, "near", parts.table("pairs", heads, rows), language=facts.language)


def _pair(pair: PairRecord) -> Markup:
    splits = " → ".join(dict.fromkeys(say(f"split.{split}") for split in (pair.kept_split, pair.dropped_split)))
    texts = (tag("td", named(text), class_="quote") for text in (pair.kept, pair.dropped))
    return tag("tr", *texts, tag("td", glued(percent(pair.similarity)), class_="figure"), tag("td", splits))


def conflicts(facts: Facts) -> Markup:
    """Texts that came with more than one label."""
    if not facts.manifest.conflicts:
        return Markup("")
    heads = [say("conflicts.text"), say("conflicts.labels")]
    rows = map(_conflict, facts.manifest.conflicts[:_CONFLICTS])
    return parts.section(WORDS, "conflicts", parts.table("pairs", heads, rows), language=facts.language)


def _conflict(conflict: ConflictRecord) -> Markup:
    return tag("tr", tag("td", named(conflict.text), class_="quote"), tag("td", named(", ".join(conflict.labels))))


def lineage(facts: Facts) -> Markup:
    """What this was made from, to make it again."""
    settings: dict[str, Any] = facts.manifest.settings
    written_out = yaml.safe_dump({"data": settings}, allow_unicode=True, sort_keys=False)
    return parts.section(
        WORDS,
        "lineage",
        parts.rows(map(_source, facts.manifest.sources)),
        tag("h3", say("lineage.settings")),
        tag("pre", tag("code", named(written_out))),
    )


def _source(source: SourceRecord) -> tuple[str, str]:
    said = say(
        "lineage.source",
        format=source.format,
        encoding=source.encoding,
        files=count(source.files),
        sha256=source.sha256[:12],
    )
    return source.uri, said


ALL: tuple[Callable[[Facts], Markup], ...] = (
    summary,
    findings,
    texts,
    labels,
    lengths,
    characters,
    examples,
    dropped,
    near,
    conflicts,
    lineage,
)
