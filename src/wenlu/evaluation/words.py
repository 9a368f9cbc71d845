"""Every word that evaluation says to a person, by key. English for now; another language is another such mapping."""

from __future__ import annotations

from collections.abc import Mapping

from wenlu.drawing.words import Words
from wenlu.evaluation.shared_words import SHARED

_ENGLISH: Mapping[str, str] = {
    **SHARED,
    # the verdict
    "verdict": "{accuracy} of {texts} unseen texts are answered right (95 % interval {interval}); {clause}.",
    "finding": "{clause}.",
    "clause.below_baseline": "the simple model beside it is better: {baseline} on validation against {validation} here",
    "clause.underfitting": (
        "it has hardly learned: {train} even on its own training texts, where guessing the most frequent label "
        "gives {guess}"
    ),
    "clause.underfitting.baseline": (
        "it has hardly learned: {train} even on its own training texts, where the simple model reaches {baseline} "
        "on texts it has never seen"
    ),
    "clause.overfitting": "it memorises: {train} on training texts, {validation} on validation, a gap of {gap}",
    "clause.overfitting.rising": (
        "it memorises: {train} on training texts, {validation} on validation, a gap of {gap}; "
        "validation loss has risen since epoch {since}"
    ),
    "clause.imbalance.label": "the label “{label}” is neglected: {recall} of its texts are found, {average} on average",
    "clause.imbalance.majority": (
        "one label is on {majority} of the training texts, so accuracy says little about the others"
    ),
    "clause.imbalance.rare": (
        "the rare label “{label}”, on {share} of the training texts, is neglected: {recall} of its {texts} unseen "
        "texts are found, {common} of those of frequent labels"
    ),
    "clause.leak": (
        "{copies} test texts ({share}) are nearly the same as training texts: {ours} of them are answered right, "
        "{others} of the others"
    ),
    "clause.giveaway": (
        "“{piece}” gives the label “{label}” away: it stands in {recall} of its texts, and {precision} of those that "
        "have it have that label"
    ),
    "clause.label_noise": (
        "labels look wrong: of the texts that all models are surest about, {share} are labelled otherwise; {doubted} "
        "labels are doubted by every model"
    ),
    "clause.high_variance": (
        "it would be better with more texts: {now} on validation with {texts} training texts, {before} with {half}"
    ),
    "clause.few_texts": "{texts} test texts are too few to be surer than ± {half}",
    "clause.healthy": "no fault was found: {train} on training texts, {validation} on validation",
    "advice.below_baseline.simple": "Take the simpler model, “{model}”, for your own: it is better and answers sooner.",
    "advice.underfitting": "Read the confidently wrong texts: perhaps the labels can't be told from what it reads.",
    "advice.high_variance": (
        "Add training texts: the last doubling gained {gain}, so {twice} should gain nearly as much again."
    ),
    "advice.imbalance": "Add texts of the rare labels, and judge by macro F1, where all labels count alike.",
    "advice.imbalance.weights": "Let rare labels count more in the loss, and judge by macro F1.",
    "advice.leak": "Remove the copies from the training texts, or the figures above promise too much.",
    "advice.leak.dedup": "Let near copies be removed at import, or the figures above promise too much.",
    "advice.giveaway": (
        "Take “{piece}” out of the texts, unless it will be there when the model is asked: what is learned from it is "
        "worth nothing elsewhere."
    ),
    "advice.label_noise": "Read the doubted labels below, and correct those that are wrong: no setting repairs them.",
    "advice.label_noise.smoothing": (
        "Read the doubted labels below, and correct those that are wrong; until then let no label be believed entirely."
    ),
    "advice.few_texts": (
        "About {needed} test texts would narrow the interval to ± 3 points. Add texts, or enlarge the test split."
    ),
    "advice.few_texts.split": (
        "About {needed} test texts would narrow the interval to ± 3 points: raise {setting} from {old} to {new}."
    ),
    "advice.healthy": "It can be deployed. The confidently wrong texts show what is left to gain.",
    # the choice
    "choice.alone": "{best} is deployed: it is the only candidate, {accuracy} on validation.",
    "choice.clear": "{best} is deployed: {accuracy} on validation against {second_accuracy} for {second} (+{gain}).",
    "choice.unclear": (
        "{best} is deployed: {accuracy} on validation against {second_accuracy} for {second}; "
        "the two are not distinguishable on these {texts} texts (p = {p_value})."
    ),
    "choice.tie": (
        "{best} is deployed: both it and {second} reach {accuracy} on validation, and its log loss is lower "
        "({loss} against {second_loss}); they are not distinguishable on these {texts} texts."
    ),
    # the report
    "figure.accuracy": "Answered right",
    "figure.accuracy.note": "of texts it has never seen; 95 % interval {interval}",
    "figure.macro_f1": "Macro F1",
    "figure.macro_f1.note": "the same weight for each of {labels} labels",
    "figure.gap": "Lost on new texts",
    "figure.gap.note": "{train} on the texts it learned from",
    "finding.imbalance": "Imbalance",
    "finding.high_variance": "More texts would help",
    "finding.leak": "Copies in test",
    "finding.giveaway": "A label given away",
    "finding.label_noise": "Doubtful labels",
    "evidence.train_accuracy": "accuracy on training",
    "evidence.validation_accuracy": "accuracy on validation",
    "evidence.baseline_accuracy": "accuracy of the baseline",
    "evidence.majority_share": "most frequent label",
    "evidence.learned_share": "learned beyond guessing",
    "evidence.gap": "gap",
    "evidence.since_epoch": "rising since epoch",
    "evidence.average_recall": "average recall",
    "evidence.lowest_recall": "lowest recall",
    "evidence.gain": "gained by the last doubling",
    "evidence.half_width": "half the interval",
    "evidence.label_share": "of the training texts",
    "evidence.common_recall": "recall of frequent labels",
    "evidence.leaked_share": "near copies among test texts",
    "evidence.leaked_texts": "near copies",
    "evidence.accuracy_of_copies": "accuracy on copies",
    "evidence.accuracy_of_others": "accuracy on the others",
    "evidence.precision": "precision",
    "evidence.recall": "recall",
    "evidence.contradicted_share": "labelled otherwise",
    "evidence.sure_texts": "texts all are surest about",
    "evidence.doubted_texts": "doubted labels",
    "section.mislabelled": "Doubtful labels",
    "section.mislabelled.note": "What every model answers otherwise than it is labelled, the surest first.",
    "mislabelled.split": "from {split}",
    "mislabelled.more": "{shown} of {all} doubted labels.",
    "section.copies": "Copies",
    "section.copies.note": "Test texts, and the training texts they are nearly the same as.",
    "copies.text": "Test",
    "copies.source": "Training",
    "copies.similarity": "Alike",
    "section.candidates.note": "Everything that was trained on these texts. Whiskers hold 95 %.",
    "candidates.chart": "Accuracy",
    "candidates.macro_f1": "Macro F1",
    "candidates.log_loss": "Log loss",
    "learning.accuracy": "Accuracy",
    "learning.loss.spoken": "Loss on training and validation by epoch; validation from {first} to {best} at its best",
    "learning.accuracy.spoken": (
        "Accuracy on training and validation by epoch; validation from {first} to {best} at its best"
    ),
    "section.curve": "Learning curve",
    "section.curve.note": "What the model reaches on validation with fewer training texts.",
    "curve.texts": "Training texts",
    "curve.bar": "",
    "curve.accuracy": "Validation",
    "curve.rising": "The last doubling of the texts gained {gain}: more texts would help.",
    "curve.flat": "The last doubling of the texts gained {gain}: more texts like these would hardly help.",
    "section.pretraining": "Pretraining",
    "section.pretraining.note": "What the model learned from texts without labels, by filling in what was masked.",
    "pretraining.dataset": "Dataset",
    "pretraining.texts": "Texts",
    "pretraining.left_out": "Left out: like validation or test texts",
    "pretraining.epochs": "Times through them",
    "pretraining.seconds": "Training",
    "pretraining.loss": "Loss at masked places of texts held back",
    "pretraining.accuracy": "Guessed right there",
    "section.labels": "Labels",
    "section.labels.note": "Which labels are found, and which are taken for another. Test texts.",
    "labels.label": "Label",
    "labels.bar": "",
    "labels.precision": "Precision",
    "labels.recall": "Recall",
    "labels.f1": "F1",
    "labels.support": "Texts",
    "confusion": "Truth and answer",
    "confusion.note": "Rows are the true label, columns the answer. Colour is the share of the row.",
    "confusion.corner": "truth ↓ answer →",
    "confused": "Most often confused",
    "confused.note": "Share of the true label's texts.",
    "confused.truth": "Truth",
    "confused.answer": "Answer",
    "confused.texts": "Texts",
    "confused.share": "Share",
    "section.hardest": "Confidently wrong",
    "section.hardest.note": (
        "The surest mistakes. Often the label is wrong, the text belongs to both, or irony was not understood."
    ),
    "hardest.answer": "answered",
    "hardest.truth": "labelled",
    "section.texts": "Texts",
    "section.texts.note": "Where every text went, and how it was cut.",
    "texts.labels": "Labels",
    "texts.conflicts": "Texts that came with more than one label: {number}.",
    "texts.more_labels": "And {number} more labels.",
    "tokenizer": "Tokenizer",
    "tokenizer.name": "Kind",
    "tokenizer.segmenter": "Segmenter",
    "tokenizer.size": "Vocabulary",
    "tokenizer.coverage": "Coverage of training texts",
    "tokenizer.oov_rate": "Unknown in test texts",
    "section.lineage": "Lineage",
    "section.lineage.note": "What this was made from, to make it again.",
    "lineage.recipe": "Recipe",
}


WORDS = Words(_ENGLISH)
say = WORDS.say
