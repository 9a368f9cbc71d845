"""Every word that a compression's report says to a person, by key."""

from __future__ import annotations

from wenlu.drawing.words import Words

WORDS = Words({
    "page.title": "{title}, compressed",
    "page.kind": "Compression",
    "state.kept": "a form is kept",
    "note": "Measured on {texts} test texts and on this machine, the parent in the same run, by turns.",
    "figure.accuracy": "accuracy",
    "figure.accuracy.note": "95 % interval {interval}; its parent {parent}",
    "figure.size": "size",
    "figure.size.note": "its parent {parent}",
    "figure.speed": "speed",
    "figure.speed.note": "{texts} texts a second; its parent {parent}",
    "figure.disagreement": "answers differ",
    "figure.disagreement.note": "of its parent's labels; no probability by more than {largest}",
    "section.forms": "Forms",
    "section.forms.note": (
        "What each chain of methods came to. ● marks those that no other beats in accuracy, size and speed at once."
    ),
    "section.accuracy": "Accuracy",
    "section.accuracy.note": "On test texts, with the 95 % interval; the dashed line is the parent.",
    "section.refused": "Not possible",
    "section.refused.note": "Chains that made no form, and why.",
    "section.budget": "Budget",
    "section.budget.note": "What a form had to keep to.",
    "head.form": "form",
    "head.accuracy": "accuracy",
    "head.interval": "95 % interval",
    "head.drop": "points",
    "head.size": "size",
    "head.p50": "p50",
    "head.p95": "p95",
    "head.throughput": "texts/s",
    "head.speed": "speed",
    "head.differ": "differ",
    "head.front": "front",
    "slower": "slower here",
    "budget.max_accuracy_drop": "points of accuracy that may be lost",
    "budget.max_size": "size at most",
    "budget.max_p95": "95 of 100 answers within",
    "budget.none": "any",
    "spoken": "{name}: {accuracy}, between {low} and {high}",
})  # fmt: skip

say = WORDS.say
