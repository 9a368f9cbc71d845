"""What the stages of a contender tell of the change that would help it."""

from __future__ import annotations

import numpy as np

from wenlu.evaluation.found import Remedies
from wenlu.pipeline.recipe import Recipe
from wenlu.pipeline.remedies import remedies_of
from wenlu.pipeline.stages.shelving import Contended
from wenlu.training.encoded import EncodedTexts


def remedies_for(stages: Contended, recipe: Recipe) -> Remedies:
    """The remedies of the recipe's own contender, that went through these stages."""
    contender = recipe.contenders()[stages.name]
    lengths = EncodedTexts.open(stages.tokenizer.folder / "train").lengths
    return remedies_of(recipe, contender, cut_share=float(np.mean(lengths >= contender.text.max_length)))
