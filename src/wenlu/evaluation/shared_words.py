"""What is said of models of labels and of models of numbers in the same words."""

from __future__ import annotations

from collections.abc import Mapping

SHARED: Mapping[str, str] = {
    "clause.undertraining": (
        "it was still improving when training ended: validation loss fell from {before} to {last} in epoch {epoch}"
    ),
    "advice.below_baseline": (
        "Deploy the simpler model. To make this one worth its cost, give it more texts or start from a pretrained one."
    ),
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
    "page.title": "{title} · evaluation report",
    "page.kind": "Wenlu evaluation report",
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
    "evidence.epochs": "epochs",
    "evidence.loss_before": "loss before",
    "evidence.loss_last": "loss in the last epoch",
    "evidence.texts": "test texts",
    "section.candidates": "Candidates",
    "candidates.name": "Model",
    "candidates.validation": "Validation",
    "candidates.test": "Test",
    "candidates.parameters": "Parameters",
    "candidates.seconds": "Training",
    "candidates.deployed": "deployed",
    "section.learning": "Learning",
    "section.learning.note": "Training falls away from validation where a model begins to memorise.",
    "learning.summary": "{epochs} epochs, best is {best}, {seconds} each",
    "learning.loss": "Loss",
    "learning.best": "best epoch: {value}",
}
