"""The report on a model of numbers: one HTML file that needs nothing else."""

from __future__ import annotations

from wenlu.drawing.page import page
from wenlu.evaluation.pretraining import pretraining
from wenlu.evaluation.regression import sections
from wenlu.evaluation.regression.facts import Report
from wenlu.evaluation.regression.words import say
from wenlu.evaluation.sections import lineage, texts

_SECTIONS = (
    sections.findings,
    sections.candidates,
    sections.learning,
    pretraining,
    sections.answers,
    sections.worst,
    texts,
    lineage,
)


def render_report(report: Report) -> str:
    """A whole HTML page. It asks for no other file, runs no script, and shows users' words as words.

    Raises WenluError `no_subject` unless exactly one candidate is the one it is about.
    """
    subject = sections.subject_of(report)
    body = [sections.summary(report, subject), *(section(report, subject) for section in _SECTIONS)]
    return page(say("page.title", title=report.title), *body)
