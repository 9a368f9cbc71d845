"""A dataset of pairs → a frozen text pipeline, and sources and targets as ids."""

from __future__ import annotations

from dataclasses import replace

from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.recipe import TextConfig
from wenlu.pipeline.stage import Stage
from wenlu.pipeline.stages.seq2seq.pairs import Halves
from wenlu.pipeline.stages.tokenizer import tokenizer_stage
from wenlu.storage.workspace import Workspace


def halves_stage(name: str, config: TextConfig, dataset: DatasetVersion, workspace: Workspace) -> Stage:
    """As for other texts. Each half is encoded by itself, so that neither is cut off for the other's length."""
    stage = tokenizer_stage(name, config, Halves.of(dataset), workspace)
    packages = (*stage.packages, "pipeline.stages.seq2seq.pairs")
    return replace(stage, inputs={**stage.inputs, "read": "halves"}, packages=packages)
