"""What a backbone learned from texts without labels, for a report."""

from __future__ import annotations

import msgspec

from wenlu.drawing.figures import count, duration, percent
from wenlu.drawing.markup import Markup
from wenlu.drawing.parts import glued, rows, section
from wenlu.evaluation.facts import Story
from wenlu.evaluation.words import WORDS, say


class FillingEpoch(msgspec.Struct, frozen=True):
    """A round of filling in masked ids. `loss` and `accuracy` are of masked places in texts that were held back."""

    number: int
    epoch: float
    train_loss: float
    loss: float
    accuracy: float
    seconds: float


def pretraining(report: Story, subject: object) -> Markup:
    """What the subject learned first; nothing where it did not."""
    facts = report.pretraining
    if facts is None:
        return Markup("")
    told = {
        "dataset": facts.dataset,
        "texts": count(facts.texts),
        "left_out": count(facts.left_out),
        "epochs": f"{facts.epochs:g}",
        "seconds": glued(duration(facts.seconds)),
        "loss": f"{facts.first_loss:.3f} → {facts.loss:.3f}",
        "accuracy": glued(percent(facts.accuracy)),
    }
    return section(WORDS, "pretraining", rows((say(f"pretraining.{key}"), value) for key, value in told.items()))
