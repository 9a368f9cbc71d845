"""Every word that the evaluation of numbers says to a person, by key. English for now."""

from __future__ import annotations

from collections.abc import Mapping

from wenlu.drawing.words import Words

_ENGLISH: Mapping[str, str] = {
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
    "clause.undertraining": (
        "it was still improving when training ended: validation loss fell from {before} to {last} in epoch {epoch}"
    ),
    "clause.few_texts": "{texts} test texts are too few to know its error better than ± {half}",
    "clause.healthy": "no fault was found: RMSE {train} on training texts, {validation} on validation",
    "advice.below_baseline": (
        "Deploy the simpler model. To make this one worth its cost, give it more texts or start from a pretrained one."
    ),
    "advice.below_baseline.simple": "Take the simpler model, “{model}”, for your own: it errs less and answers sooner.",
    "advice.underfitting": "Read the texts it errs most on: perhaps the number can't be told from what it reads.",
    "advice.underfitting.larger": "Give it more room: raise {setting} from {old} to {new}.",
    "advice.underfitting.looser": "Hold it back less: lower {setting} from {old} to {new}.",
    "advice.underfitting.faster": "Take larger steps: raise {setting} from {old} to {new}.",
    "advice.underfitting.reads": "Let it read more of each text: raise {setting} from {old} to {new}.",
    "advice.overfitting": "Add training texts: nothing in the recipe holds it back further.",
    "advice.overfitting.dropout": "Hold it back: raise {setting} from {old} to {new}.",
    "advice.overfitting.smaller": "Take a smaller model: lower {setting} from {old} to {new}.",
    "advice.undertraining": "Train longer; training stops by itself once validation no longer improves.",
    "advice.undertraining.longer": (
        "Train longer: raise {setting} from {old} to {new}; it stops by itself once validation no longer improves."
    ),
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
    "page.title": "{title} · evaluation report",
    "page.kind": "Wenlu evaluation report",
    "figure.mae": "Off by, on average",
    "figure.mae.note": "on texts it has never seen; 95 % interval {interval}; the mean is off by {mean}",
    "figure.pearson": "Correlation",
    "figure.pearson.note": "Pearson, 95 % interval {interval}; of the order (Spearman): {spearman}",
    "figure.r2": "Explained",
    "figure.r2.note": "of the variance (R²); RMSE {rmse}, {train} on the texts it learned from",
    "split.train": "Training",
    "split.validation": "Validation",
    "split.test": "Test",
    "section.findings": "Findings",
    "section.findings.note": "What the numbers say, and what to do about it.",
    "finding.below_baseline": "Below the baseline",
    "finding.underfitting": "Underfitting",
    "finding.overfitting": "Overfitting",
    "finding.undertraining": "Stopped too early",
    "finding.few_texts": "Few test texts",
    "finding.healthy": "Healthy",
    "evidence.train_rmse": "RMSE on training",
    "evidence.validation_rmse": "RMSE on validation",
    "evidence.baseline_rmse": "RMSE of the baseline",
    "evidence.mean_rmse": "RMSE of the mean",
    "evidence.learned_share": "of the mean's error gone",
    "evidence.epochs": "epochs",
    "evidence.loss_before": "loss before",
    "evidence.loss_last": "loss in the last epoch",
    "evidence.texts": "test texts",
    "evidence.half_share": "half the interval",
    "section.candidates": "Candidates",
    "section.candidates.note": "Everything that was trained on these texts, and the mean. Whiskers hold 95 %.",
    "candidates.name": "Model",
    "candidates.chart": "RMSE",
    "candidates.validation": "Validation",
    "candidates.test": "Test",
    "candidates.mae": "MAE",
    "candidates.pearson": "Pearson",
    "candidates.spearman": "Spearman",
    "candidates.r2": "R²",
    "candidates.parameters": "Parameters",
    "candidates.seconds": "Training",
    "candidates.deployed": "deployed",
    "candidates.mean": "always the mean",
    "section.learning": "Learning",
    "section.learning.note": "Training falls away from validation where a model begins to memorise.",
    "learning.summary": "{epochs} epochs, best is {best}, {seconds} each",
    "learning.loss": "Loss",
    "learning.rmse": "RMSE",
    "learning.spoken": "{what} on training and validation by epoch; validation from {first} to {best} at its best",
    "learning.best": "best epoch: {value}",
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
