"""Metrics and histories made up for tests."""

from __future__ import annotations

from collections.abc import Sequence

from wenlu.evaluation.metrics import ClassMetrics, Metrics, wilson_interval
from wenlu.evaluation.verdict import Epoch, History


def metrics(
    accuracy: float, *, texts: int = 4000, labels: Sequence[str] = ("好评", "差评"), log_loss: float = 0.4
) -> Metrics:
    """Metrics with the same recall for every label, the mistakes spread evenly."""
    support = texts // len(labels)
    right = round(support * accuracy)
    per_class = tuple(ClassMetrics(label, accuracy, accuracy, accuracy, support) for label in labels)
    return Metrics(
        texts=support * len(labels),
        accuracy=accuracy,
        macro_f1=accuracy,
        per_class=per_class,
        confusion=tuple(_row(number, right, support, len(labels)) for number in range(len(labels))),
        log_loss=log_loss,
        accuracy_interval=wilson_interval(right * len(labels), support * len(labels)),
    )


def _row(number: int, right: int, support: int, classes: int) -> tuple[int, ...]:
    row = [(support - right) // (classes - 1)] * classes
    row[number] = right
    row[(number + 1) % classes] += support - sum(row)
    return tuple(row)


def history(*validation_losses: float, train_losses: Sequence[float] = ()) -> History:
    """Epochs whose validation accuracy is the better, the lower the loss."""
    return tuple(
        Epoch(
            number=number,
            train_loss=train_losses[number - 1] if train_losses else 0.9 / number,
            train_accuracy=1 - 0.3 / number,
            validation_loss=loss,
            validation_accuracy=1 / (1 + loss),
            seconds=12.5,
        )
        for number, loss in enumerate(validation_losses, 1)
    )
