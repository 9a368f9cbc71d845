"""Every word that the evaluation of language models says to a person, by key. English for now."""

from __future__ import annotations

from collections.abc import Mapping

from wenlu.drawing.words import Words

_ENGLISH: Mapping[str, str] = {
    # the verdict
    "verdict": (
        "It needs {bits} bits for a character of {texts} unseen texts (95 % interval {interval}), counting n-grams "
        "needs {counting}; {clause}."
    ),
    "verdict.answers": (
        "It needs {bits} bits for a character of the answers in {texts} unseen conversations (95 % interval "
        "{interval}), counting n-grams of answers needs {counting}; {clause}."
    ),
    "clause.below_baseline": "counting n-grams foretells texts better, by {gap} bits a character",
    "clause.same_as_baseline": "the two can't be told apart on these texts",
    "clause.overfitting": "it memorises: {train} bits on texts it learned from, {validation} on validation",
    "clause.undertraining": (
        "it was still improving when training ended: the loss on validation fell from {before} to {last}"
    ),
    "clause.repetition": (
        "what it writes repeats itself: {own} of its four-character runs stand twice in a text, {people} of people's"
    ),
    "clause.healthy": "no fault was found: {train} bits on texts it learned from, {validation} on validation",
    "advice.below_baseline": "Train longer, or give it more texts; with few texts a smaller model learns more.",
    "advice.same_as_baseline": "Train longer, or give it more texts; with few texts a smaller model learns more.",
    "advice.overfitting": "Take a smaller model, fewer epochs, or more texts.",
    "advice.undertraining": "Raise training.epochs; training stops by itself once validation no longer improves.",
    "advice.repetition": "Train longer, and write with a temperature of 0.7 to 1 and top_p of 0.9.",
    "advice.healthy": "It can be used. The samples show how it writes.",
    # the report
    "page.title": "{title} · evaluation report",
    "page.kind": "Wenlu evaluation report",
    "figure.bits": "Bits a character",
    "figure.bits.note": "of texts it has never seen; 95 % interval {interval}; {bytes} bits a byte",
    "figure.perplexity": "Perplexity",
    "figure.perplexity.note": "by token, of {size} that it knows",
    "figure.gain": "Ahead of counting",
    "figure.gain.note": "bits a character; 95 % interval {interval}; n-grams of five characters need {counting}",
    "split.train": "Training",
    "split.validation": "Validation",
    "split.test": "Test",
    "section.findings": "Findings",
    "section.findings.note": "What the numbers say, and what to do about it.",
    "finding.below_baseline": "Below the baseline",
    "finding.same_as_baseline": "No better than the baseline",
    "finding.overfitting": "Overfitting",
    "finding.undertraining": "Stopped too early",
    "finding.repetition": "Repeats itself",
    "finding.healthy": "Healthy",
    "evidence.bits": "bits a character",
    "evidence.counting_bits": "bits of counting",
    "evidence.train_bits": "bits on training",
    "evidence.validation_bits": "bits on validation",
    "evidence.loss_before": "loss before",
    "evidence.loss_last": "last loss",
    "evidence.own_repeated": "repeated by the model",
    "evidence.people_repeated": "repeated by people",
    "section.samples": "Samples",
    "section.samples.note": "Written by the model behind the beginnings of texts it has never seen.",
    "section.answers": "Answers",
    "section.answers.note": "Of the model, to questions it has never learned from; below each, what people answered.",
    "answers.people": "people: {text}",
    "section.learning": "Learning",
    "section.learning.note": "Training falls away from validation where a model begins to memorise.",
    "learning.loss": "Loss",
    "learning.spoken": "Loss on training and validation; validation from {first} to {best} at its best",
    "learning.best": "best: {value}",
    "learning.summary": "{epochs} epochs in {seconds}, {parameters} parameters",
    "section.measures": "Measures",
    "section.measures.note": "Bits compare models of any tokenizer, perplexity those of one alone.",
    "measures.split": "Texts",
    "measures.bits": "Bits a character",
    "measures.bytes": "Bits a byte",
    "measures.perplexity": "Perplexity",
    "measures.texts": "Number",
    "measures.counting": "Test, counting n-grams",
    "variety": "Variety",
    "variety.note": "Different runs of characters, as a share of all; repeated ones within a text.",
    "variety.who": "By",
    "variety.own": "the model",
    "variety.people": "people",
    "variety.one": "1 character",
    "variety.two": "2",
    "variety.three": "3",
    "variety.repeated": "4, repeated",
    "section.strangest": "Strangest texts",
    "section.strangest.note": "They surprised the model most: another language, noise, or what it has not learned.",
}

WORDS = Words(_ENGLISH)
say = WORDS.say
