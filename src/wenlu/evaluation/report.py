"""The report: one HTML file that needs nothing else, for who decides and for who looks into it."""

from __future__ import annotations

import msgspec

from wenlu.drawing.markup import Markup, joined
from wenlu.drawing.page import page
from wenlu.evaluation import doubtful, sections
from wenlu.evaluation.curve import drawn
from wenlu.evaluation.examined.sections import examination as of_examination
from wenlu.evaluation.examined.words import WORDS
from wenlu.evaluation.facts import CandidateFacts, DatasetFacts, Report, Story, TokenizerFacts
from wenlu.evaluation.pretraining import pretraining
from wenlu.evaluation.words import say

__all__ = ["CandidateFacts", "DatasetFacts", "Report", "TokenizerFacts", "render_report", "report_json"]


def examination(report: Report, subject: CandidateFacts) -> Markup:
    """The test texts looked at from all sides, if they were."""
    found = subject.examination
    return joined(*of_examination(found, WORDS["en"], language=report.dataset.language)) if found else Markup("")


_SECTIONS = (
    sections.findings,
    doubtful.mislabelled,
    doubtful.copies,
    sections.candidates,
    sections.learning,
    lambda report, subject: drawn(report.curve),
    pretraining,
    sections.labels,
    examination,
    sections.hardest,
    sections.texts,
    sections.lineage,
)


def report_json(report: Story) -> bytes:
    """All of it for programs, as JSON."""
    return msgspec.json.format(msgspec.json.encode(report))


def render_report(report: Report) -> str:
    """A whole HTML page. It asks for no other file, runs no script, and shows users' words as words.

    Raises WenluError `no_subject` unless exactly one candidate is the one it is about.
    """
    subject = sections.subject_of(report)
    body = [sections.summary(report, subject), *(section(report, subject) for section in _SECTIONS)]
    return page(say("page.title", title=report.title), *body)
