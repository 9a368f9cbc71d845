"""Small bundles for tests: real text pipelines, real models, real exports; only the sizes are toys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_model

from wenlu.base.spec import check
from wenlu.bundle.export.onnx import export_onnx
from wenlu.bundle.manifest import GOLDEN, TEXT, WEIGHTS, Architecture, Description, Scale
from wenlu.bundle.parity import HARD_TEXTS, Golden, golden_bytes
from wenlu.bundle.predict import Predictor
from wenlu.bundle.seal import Bundle, open_bundle, seal
from wenlu.models.lstm import Lstm
from wenlu.serving.runtimes.torch import TorchRuntime
from wenlu.text.pipeline import PipelineConfig, TextPipeline

TEXTS = (
    "这家店的服务很好，下次还会再来",
    "质量很差，再也不买了",
    "物流很快，包装完好",
    "房间又小又脏，不推荐",
    "味道不错，价格也合适",
    "とても良かったです。また利用します！",
    "接客が最悪でした",
    "駅から近くて便利です",
    "部屋が狭くて残念だった",
    "料理がおいしくて大満足",
)


def shared_bundle(base: Path) -> Path:
    """The tiny bundle of a test run, made on first use; nobody may change it."""
    folder = base / "tiny-bundle"
    return folder if folder.exists() else make_bundle(folder)


def make_bundle(
    folder: Path,
    *,
    name: str = "tiny",
    labels: Sequence[str] = ("negative", "positive"),
    positive: str | None = "positive",
    texts: Sequence[str] = TEXTS,
    golden: int = 64,
    tokenizer: dict[str, Any] | None = None,
    lstm: dict[str, Any] | None = None,
    seed: int = 1,
    scale: Scale | None = None,
    temperature: float = 1.0,
    abstain: float | None = None,
) -> Path:
    """A sealed bundle in `folder`: an untrained LSTM (weights by `seed`) on the text pipeline that `texts` give; with a
    scale, one that answers with a number.

    Its answers are recorded by torch.
    """
    named = tokenizer or {"name": "char", "min_count": 1}
    config = check(PipelineConfig, {"tokenizer": named}, where="test")
    pipeline = TextPipeline.train(texts, config, clean=["nfkc", "spaces"])
    pipeline.save(folder / TEXT)
    settings = Lstm.Config(**(lstm or {"embedding": 16, "hidden": 16}))
    torch.manual_seed(seed)
    model = Lstm(settings, vocabulary_size=pipeline.tokenizer.size, labels=1 if scale else len(labels)).eval()
    save_model(model, str(folder / WEIGHTS))
    description = Description(
        name=name,
        created="2026-01-01T00:00:00+00:00",
        task="regress" if scale else "classify",
        scale=scale,
        architecture=Architecture(name="lstm", config=settings.model_dump()),
        labels=[] if scale else list(labels),
        positive=None if scale else positive,
        temperature=temperature,
        abstain=abstain,
        vocabulary_size=pipeline.tokenizer.size,
        max_length=pipeline.config.max_length,
        parameters=sum(weights.numel() for weights in model.parameters()),
        pipeline_digest=pipeline.digest(),
    )
    seal(folder, description)
    export_onnx(folder)
    seal(folder, description)
    asked = [*texts[:golden], *HARD_TEXTS]
    (folder / GOLDEN).write_bytes(golden_bytes(recorded(open_bundle(folder), asked)))
    seal(folder, description)
    return folder


def recorded(bundle: Bundle, texts: Sequence[str]) -> list[Golden]:
    """What torch answers, in the form of the golden file."""
    answers = Predictor(bundle, TorchRuntime(bundle)).predict(texts)
    ids = bundle.pipeline.encode(texts)
    return [Golden.of(text, row, answer) for text, row, answer in zip(texts, ids, answers, strict=True)]
