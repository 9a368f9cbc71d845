"""The report: one HTML file that needs nothing else, for who decides and for who looks into it."""

from __future__ import annotations

from importlib import resources

from wenlu.evaluation import sections
from wenlu.evaluation.facts import CandidateFacts, DatasetFacts, Report, TokenizerFacts
from wenlu.evaluation.markup import Markup, tag
from wenlu.evaluation.words import say

__all__ = ["CandidateFacts", "DatasetFacts", "Report", "TokenizerFacts", "render_report"]

# Nothing is fetched and nothing is run, whatever a text in the report says.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_SECTIONS = (
    sections.findings,
    sections.candidates,
    sections.learning,
    sections.labels,
    sections.hardest,
    sections.texts,
    sections.lineage,
)


def render_report(report: Report) -> str:
    """A whole HTML page. It asks for no other file, runs no script, and shows users' words as words.

    Raises WenluError `no_subject` unless exactly one candidate is the one it is about.
    """
    subject = sections.subject_of(report)
    body = [sections.summary(report, subject), *(section(report, subject) for section in _SECTIONS)]
    page = tag("html", _head(report), tag("body", tag("main", *body)), lang="en")
    return f"<!doctype html>\n{page}\n"


def _head(report: Report) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", say("page.title", title=report.title)),
        tag("style", Markup(resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8"))),
    )
