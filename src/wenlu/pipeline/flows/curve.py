"""The learning curve of a recipe's own model: trained again on a quarter and on a half of the training texts."""

from __future__ import annotations

import msgspec

from wenlu.evaluation.curve import Fraction
from wenlu.evaluation.verdict import Epoch, best_epoch
from wenlu.pipeline.flows.flow import Flow
from wenlu.pipeline.recipe import Contender
from wenlu.pipeline.stage import Finished
from wenlu.pipeline.stages.part import part_stage
from wenlu.pipeline.stages.shelving import Contended
from wenlu.pipeline.stages.training import HISTORY, training_stage

_PARTS = (4, 2)


def learning_curve(flow: Flow, own: Contended) -> tuple[Fraction, ...]:
    """What fewer texts reach on validation, and what all of them did.

    A part is gone through so much oftener that it is learned in as many steps, unless validation stops it before.
    """
    contender = flow.completed(flow.recipe.contenders()[own.name])
    first = flow.pretrain(own.name, contender)
    found = []
    for divisor in _PARTS:
        name = f"{own.name} 1 of {divisor}"
        part = flow.finish(part_stage(name, own.tokenizer, share=1 / divisor))
        stage = training_stage(
            name,
            _oftener(contender, divisor),
            part,
            flow.dataset,
            aim="classify",
            start=flow.start_of(contender),
            pretrained=first.training if first else None,
            cluster=flow.cluster,
        )
        found.append(Fraction(1 / divisor, part.result["texts"], _reached(flow.finish(stage))))
    return (*found, Fraction(1.0, flow.dataset.count("train"), _reached(own.training)))


def _oftener(contender: Contender, divisor: int) -> Contender:
    training = contender.training
    more = {"epochs": training.epochs * divisor, "patience": training.patience * divisor}
    return contender.model_copy(update={"training": training.model_copy(update=more)})


def _reached(training: Finished) -> float:
    history = msgspec.json.decode((training.folder / HISTORY).read_bytes(), type=tuple[Epoch, ...])
    return best_epoch(history).validation_accuracy
