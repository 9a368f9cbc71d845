"""The report: one HTML file that needs nothing else, for who decides and for who looks into it."""

from __future__ import annotations

from wenlu.drawing.page import page
from wenlu.evaluation import sections
from wenlu.evaluation.facts import CandidateFacts, DatasetFacts, Report, TokenizerFacts
from wenlu.evaluation.pretraining import pretraining
from wenlu.evaluation.words import say

__all__ = ["CandidateFacts", "DatasetFacts", "Report", "TokenizerFacts", "render_report"]

_SECTIONS = (
    sections.findings,
    sections.candidates,
    sections.learning,
    pretraining,
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
    return page(say("page.title", title=report.title), *body)
