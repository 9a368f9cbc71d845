"""Where the texts of an import went, drawn: kept in which split, dropped for which reason."""

from __future__ import annotations

from collections.abc import Mapping

from wenlu.corpus.words import WORDS, say
from wenlu.drawing import charts
from wenlu.drawing.figures import count, percent
from wenlu.drawing.markup import Markup, joined, named, tag
from wenlu.drawing.parts import glued


def fates(splits: Mapping[str, int], dropped: Mapping[str, int]) -> Markup:
    """A whole bar with a part for each split and each reason, and what the parts are."""
    parts = segments(splits, dropped)
    read = sum(part.size for part in parts)
    drawn = charts.stacked_bar(parts, spoken=fates_said(splits, dropped))
    return joined(drawn, tag("ul", *(_fate(part, read) for part in parts), class_="fates"))


def segments(splits: Mapping[str, int], dropped: Mapping[str, int]) -> list[charts.Segment]:
    """The splits in their order, then the reasons, the commonest first."""
    return [*_kept(splits), *_dropped(dropped)]


def fates_said(splits: Mapping[str, int], dropped: Mapping[str, int]) -> str:
    """`35,123 texts read, 17,360 kept, 17,763 dropped`."""
    kept, gone = sum(splits.values()), sum(dropped.values())
    return say("fates.spoken", read=count(kept + gone), kept=count(kept), dropped=count(gone))


def _kept(splits: Mapping[str, int]) -> list[charts.Segment]:
    return [
        charts.Segment(WORDS.known(f"split.{split}", split), size, f"kept-{min(index, 2)}")
        for index, (split, size) in enumerate(splits.items())
    ]


def _dropped(dropped: Mapping[str, int]) -> list[charts.Segment]:
    reasons = sorted(dropped.items(), key=lambda item: -item[1])
    return [
        charts.Segment(WORDS.known(f"reason.{reason}", reason), size, f"dropped-{min(index, 3)}")
        for index, (reason, size) in enumerate(reasons)
        if size
    ]


def _fate(segment: charts.Segment, read: int) -> Markup:
    share = segment.size / read if read else 0.0
    return tag(
        "li",
        tag("span", "", class_=f"swatch {segment.style}"),
        named(segment.name),
        tag("b", count(segment.size)),
        tag("span", glued(percent(share)), class_="note"),
    )
