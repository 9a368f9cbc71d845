"""Every word that the evaluation of numbers says to a person, by key. English for now."""

from __future__ import annotations

from collections.abc import Mapping

from wenlu.drawing.words import Words
from wenlu.evaluation.shared_words import SHARED

_ENGLISH: Mapping[str, str] = {
    **SHARED,
    # the verdict
    "verdict": (
        "On {texts} unseen texts it is off by {mae} on average (95 % interval {interval}), where the mean is off by "
        "{mean}; correlation {pearson}; {clause}."
    ),
    "clause.below_baseline": "the simple model beside it errs less: RMSE {baseline} on validation against {validation}",
    "clause.underfitting": (
        "it has hardly learned: RMSE {train} even on its own training texts, where always answering the mean has {mean}"
    ),
    "clause.underfitting.mean": (
        "it is of no use on new texts: RMSE {validation} on validation, where always answering the mean has {mean}"
    ),
    "clause.overfitting": "it memorises: RMSE {train} on training texts, {validation} on validation",
    "clause.few_texts": "{texts} test texts are too few to know its error better than ± {half}",
    "clause.healthy": "no fault was found: RMSE {train} on training texts, {validation} on validation",
    "advice.below_baseline.simple": "Take the simpler model, “{model}”, for your own: it errs less and answers sooner.",
    "advice.underfitting": "Read the texts it errs most on: perhaps the number can't be told from what it reads.",
    "advice.few_texts": "About {needed} test texts would narrow that to ± {wanted}. Add texts, or enlarge the split.",
    "advice.few_texts.split": (
        "About {needed} test texts would narrow that to ± {wanted}: raise {setting} from {old} to {new}."
    ),
    "advice.healthy": "It can be deployed. The texts it errs most on show what is left to gain.",
    # the choice
    "choice.alone": "{best} is deployed: it is the only candidate, RMSE {rmse} on validation.",
    "choice.clear": (
        "{best} is deployed: RMSE {rmse} on validation against {second_rmse} for {second} (better by {gain}, "
        "95 % interval {interval})."
    ),
    "choice.unclear": (
        "{best} is deployed: RMSE {rmse} on validation against {second_rmse} for {second}; the two are not "
        "distinguishable on these {texts} texts (95 % interval of the difference {interval})."
    ),
    # the report
    "figure.mae": "Off by, on average",
    "figure.mae.note": "on texts it has never seen; 95 % interval {interval}; the mean is off by {mean}",
    "figure.pearson": "Correlation",
    "figure.pearson.note": "Pearson, 95 % interval {interval}; of the order (Spearman): {spearman}",
    "figure.r2": "Explained",
    "figure.r2.note": "of the variance (R²); RMSE {rmse}, {train} on the texts it learned from",
    "evidence.train_rmse": "RMSE on training",
    "evidence.validation_rmse": "RMSE on validation",
    "evidence.baseline_rmse": "RMSE of the baseline",
    "evidence.mean_rmse": "RMSE of the mean",
    "evidence.learned_share": "of the mean's error gone",
    "evidence.half_share": "half the interval",
    "section.candidates.note": "Everything that was trained on these texts, and the mean. Whiskers hold 95 %.",
    "candidates.chart": "RMSE",
    "candidates.mae": "MAE",
    "candidates.pearson": "Pearson",
    "candidates.spearman": "Spearman",
    "candidates.r2": "R²",
    "candidates.mean": "always the mean",
    "learning.rmse": "RMSE",
    "learning.spoken": "{what} on training and validation by epoch; validation from {first} to {best} at its best",
    "section.answers": "Answers",
    "section.answers.note": "Each dot is a test text. On the line the answer is the truth.",
    "answers.scatter": "Truth across, answer up",
    "answers.scatter.spoken": "{texts} test texts by truth and answer; correlation {pearson}",
    "answers.residuals": "Answer less truth",
    "answers.residuals.spoken": "Most errors are {range}",
    "section.worst": "Furthest off",
    "section.worst.note": "Often the number is wrong, or the text does not tell it.",
    "worst.answer": "answered",
    "worst.truth": "truth",
}

WORDS = Words(_ENGLISH)
say = WORDS.say


def written(number: float) -> str:
    """A number in the unit of the targets, to three digits that count.

    >>> written(0.61234), written(12345.6), written(-0.0)
    ('0.612', '12,346', '0')
    """
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number + 0.0:.3g}"


def span(interval: tuple[float, float]) -> str:
    """
    >>> span((0.58, 0.634))
    '0.58–0.634'
    """
    return "–".join(map(written, interval))
