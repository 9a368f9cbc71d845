"""Every word that evaluation says to a person, by key. English for now; another language is another such mapping."""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
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
    "clause.undertraining": (
        "it was still improving when training ended: validation loss fell from {before} to {last} in epoch {epoch}"
    ),
    "clause.imbalance.label": "the label “{label}” is neglected: {recall} of its texts are found, {average} on average",
    "clause.imbalance.majority": (
        "one label is on {majority} of the training texts, so accuracy says little about the others"
    ),
    "clause.few_texts": "{texts} test texts are too few to be surer than ± {half}",
    "clause.healthy": "no fault was found: {train} on training texts, {validation} on validation",
    "advice.below_baseline": (
        "Deploy the simpler model. To make this one worth its cost, give it more texts or start from a pretrained one."
    ),
    "advice.underfitting": (
        "Raise the model's size or the learning rate and train longer. If that does not help, read the confidently "
        "wrong texts: perhaps the labels can't be told from the text."
    ),
    "advice.overfitting": "Raise dropout, take a smaller model, stop earlier, or add training texts.",
    "advice.undertraining": "Raise training.epochs; training stops by itself once validation no longer improves.",
    "advice.imbalance": (
        "Add texts of the rare labels or weight them in the loss, and judge by macro F1, where all labels count alike."
    ),
    "advice.few_texts": (
        "About {needed} test texts would narrow the interval to ± 3 points. Add texts, or enlarge the test split."
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
}


def say(key: str, /, **values: str) -> str:
    """The words of `key`, with `values` filled in."""
    return ENGLISH[key].format(**values)
