"""Every word that the evaluation of models from text to text says to a person, by key. English for now."""

from __future__ import annotations

from collections.abc import Mapping

from wenlu.drawing.words import Words

_ENGLISH: Mapping[str, str] = {
    # the verdict
    "verdict.beside": (
        "Its answers to {answers} unseen texts have ROUGE-L {rouge} by character (95 % interval {interval}) and chrF "
        "{chrf}, {trivial} has {rival}; {clause}."
    ),
    "verdict.alone": (
        "It gives {exact} of {answers} unseen texts back letter for letter, with ROUGE-L {rouge} by character (95 % "
        "interval {interval}); {clause}."
    ),
    "trivial.copy": "copying the text",
    "trivial.lead": "its first sentence",
    "clause.below_baseline": "{trivial} is nearer to what people wrote, by {gap} of ROUGE-L",
    "clause.same_as_baseline": "it can't be told from {trivial} on these texts",
    "clause.overfitting": "it memorises: perplexity {train} on pairs it learned from, {validation} on validation",
    "clause.undertraining": (
        "it was still improving when training ended: the loss on validation fell from {before} to {last}"
    ),
    "clause.unended": "{share} of its answers do not end by themselves",
    "clause.repetition": (
        "what it writes repeats itself: {own} of its four-character runs stand twice in a text, {people} of people's"
    ),
    "clause.healthy": "no fault was found: perplexity {train} on pairs it learned from, {validation} on validation",
    "advice.below_baseline": "Train longer, or give it more pairs. Until then {trivial} serves you better.",
    "advice.same_as_baseline": "Train longer, or give it more pairs.",
    "advice.overfitting": "Take a smaller model, more dropout, fewer epochs, or more pairs.",
    "advice.undertraining": "Raise training.epochs; training stops by itself once validation no longer improves.",
    "advice.unended": "Train longer; text.max_length may cut targets off, which then have no end to learn.",
    "advice.repetition": "Train longer, or answer with --no-repeat 4.",
    "advice.healthy": "It can be used. The examples show how it answers.",
    # the report
    "page.title": "{title} · evaluation report",
    "page.kind": "Wenlu evaluation report",
    "figure.rouge": "ROUGE-L",
    "figure.rouge.note": "by character, on test; 95 % interval {interval}; chrF {chrf}",
    "figure.perplexity": "Perplexity",
    "figure.perplexity.note": "of targets it has never seen, by token of {size}; 95 % interval {interval}",
    "figure.ahead": "Ahead of the trivial",
    "figure.ahead.note": "points of ROUGE-L; 95 % interval {interval}; {trivial} has {rival}",
    "figure.exact": "Given back",
    "figure.exact.note": "letter for letter, on test; 95 % interval {interval}",
    "split.train": "Training",
    "split.validation": "Validation",
    "split.test": "Test",
    "section.findings": "Findings",
    "section.findings.note": "What the numbers say, and what to do about it.",
    "finding.below_baseline": "Below the baseline",
    "finding.same_as_baseline": "No better than the baseline",
    "finding.overfitting": "Overfitting",
    "finding.undertraining": "Stopped too early",
    "finding.unended": "Does not end",
    "finding.repetition": "Repeats itself",
    "finding.healthy": "Healthy",
    "evidence.rouge_l": "ROUGE-L",
    "evidence.trivial_rouge_l": "of the trivial",
    "evidence.train_perplexity": "perplexity on training",
    "evidence.validation_perplexity": "on validation",
    "evidence.loss_before": "loss before",
    "evidence.loss_last": "last loss",
    "evidence.unended": "without an end",
    "evidence.own_repeated": "repeated by the model",
    "evidence.people_repeated": "repeated by people",
    "section.examples": "Examples",
    "section.examples.note": "Texts it has never seen, chosen by chance: the text, what a person wrote, its answer.",
    "section.worst": "Farthest off",
    "section.worst.note": "Answers that have least in common with what a person wrote.",
    "example.source": "Text",
    "example.target": "Person",
    "example.answer": "Model",
    "example.alike": "ROUGE-L {alike}",
    "section.learning": "Learning",
    "section.learning.note": "Training falls away from validation where a model begins to memorise.",
    "learning.loss": "Loss",
    "learning.spoken": "Loss on training and validation; validation from {first} to {best} at its best",
    "learning.best": "best: {value}",
    "learning.summary": "{epochs} epochs in {seconds}, {parameters} parameters",
    "section.measures": "Measures",
    "section.measures.note": (
        "ROUGE-L and chrF are by character, with 95 % intervals over texts drawn again. Perplexity compares models of "
        "one tokenizer alone, bits those of any."
    ),
    "measures.who": "Answers to {answers} texts of test by",
    "measures.rouge": "ROUGE-L",
    "measures.chrf": "chrF",
    "measures.exact": "Letter for letter",
    "measures.own": "the model",
    "measures.ahead": "the model's lead over {trivial}",
    "measures.split": "Targets of",
    "measures.perplexity": "Perplexity",
    "measures.bits": "Bits a character",
    "measures.texts": "Number",
}

WORDS = Words(_ENGLISH)
say = WORDS.say
