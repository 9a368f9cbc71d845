"""The data report: what a dataset version is like, as one HTML file that needs nothing else, and on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wenlu.corpus import sections
from wenlu.corpus.fates import fates_said, segments
from wenlu.corpus.findings import find
from wenlu.corpus.samples import read_samples
from wenlu.corpus.statistics import BOUNDS, statistics_of, work_out, write_statistics
from wenlu.corpus.version import DatasetVersion
from wenlu.corpus.words import say
from wenlu.drawing.page import page
from wenlu.drawing.terminal import meter, padded, shown

_MOST_BARS = 8


def data_report(version: DatasetVersion) -> sections.Facts:
    """All that is known of a version: what is stored beside it, and what stands out."""
    statistics = statistics_of(version)
    return sections.Facts(
        version.manifest, statistics, find(version.manifest, statistics), read_samples(version.folder)
    )


def render(facts: sections.Facts) -> str:
    """The whole page. It asks for no other file, runs no script, and shows users' words as words."""
    body = [section(facts) for section in sections.ALL]
    return page(say("page.title", title=facts.manifest.name), *body)


def write_report(version: DatasetVersion) -> None:
    """Work the statistics of a new version out, and put them and the page beside its manifest."""
    write_statistics(work_out(version), version.folder)
    version.report_path.write_text(render(data_report(version)), encoding="utf-8")


def show_report(facts: sections.Facts) -> Iterator[str]:
    """The same for a terminal, at most some sixty lines."""
    return map(shown, _lines(facts))


def _lines(facts: sections.Facts) -> Iterator[str]:
    counts = facts.manifest.counts
    yield f"{facts.manifest.name}@{facts.manifest.version}  {facts.manifest.created}"
    yield sections.sentence(facts)
    yield ""
    yield from _findings(facts)
    yield ""
    yield fates_said(counts.splits, counts.dropped)
    yield from _bars({segment.name: segment.size for segment in segments(counts.splits, counts.dropped)}, most=12)
    labels = facts.manifest.labels
    if labels:
        yield say("section.labels")
        of_all = {label: sum(split.get(label, 0) for split in counts.labels.values()) for label in labels}
        yield from _bars(dict(sorted(of_all.items(), key=lambda entry: -entry[1])))
    if facts.statistics.targets is not None:
        yield say("section.targets")
        yield from _bars(facts.statistics.targets.bars, most=len(BOUNDS))
    yield say("section.lengths")
    yield from _bars(sections.bars(facts), most=len(BOUNDS))
    yield say("section.characters")
    yield from _bars({say(f"language.{key}"): number for key, number in facts.statistics.languages.items()})


def _findings(facts: sections.Facts) -> Iterator[str]:
    for finding in facts.findings:
        yield f"{'✓' if finding.good else '!'} {finding.sentence}"
        yield f"  {finding.advice}"


def _bars(counts: Mapping[str, int], *, most: int = _MOST_BARS) -> Iterator[str]:
    """The first few of some counts as bars, and how many more there are."""
    total = sum(counts.values()) or 1
    for name, number in list(counts.items())[:most]:
        yield f"  {padded(name, 26)} {number:>11,}  {meter(number / total, 24)} {number / total:>6.1%}"
    if len(counts) > most:
        yield f"  … {len(counts) - most:,} more"
