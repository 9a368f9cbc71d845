"""`model: auto`: what is tried where the recipe leaves the model to us, the most promising first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from wenlu.base.spec import Field, Spec, check

_NAME = "auto"

Candidate = Literal["words", "pair", "textcnn", "lstm", "encoder"]


class AutoConfig(Spec):
    """How long is looked, and among what."""

    minutes: float = Field(10, gt=0, le=100_000, description="Minutes for all trainings together, by the estimate")
    among: list[Candidate] | None = Field(
        None, min_length=1, description="Candidates beside the trivial model; left out: all that suit the texts"
    )


def is_auto(model: object) -> bool:
    """Whether a recipe's `model:` names `auto`."""
    return (model.get("name") if isinstance(model, Mapping) else model) == _NAME


def read_auto(model: str | Mapping[str, Any]) -> AutoConfig | None:
    """The settings, if a recipe's `model:` names `auto`; raises WenluError `bad_settings`."""
    if not is_auto(model):
        return None
    if isinstance(model, str):
        return AutoConfig()
    return check(AutoConfig, {key: value for key, value in model.items() if key != "name"}, where="model")


def candidates(auto: AutoConfig, *, task: str, language: str, pairs: bool) -> dict[str, dict[str, Any]]:
    """By name: text, model and training of what is tried, in order. Each may take an even share of the time."""
    suited = _OF_PAIRS if pairs else _OF_TEXTS.get(task, ())
    if language not in SEGMENTERS_OF:
        suited = tuple(name for name in suited if name != "words")
    chosen = [name for name in suited if auto.among is None or name in auto.among]
    share = {"minutes": auto.minutes / max(1, len(chosen))}
    return {
        _CALLED.get(name, name): {
            "text": {"normalize": ["lower"], "max_length": _LENGTH, "tokenizer": _tokenizer(name, language)},
            "model": _MODELS[name],
            "training": {**(_VOTES if name == "words" else _NETWORK), **share},
        }
        for name in chosen
    }


_LENGTH = 1024
_CALLED: Mapping[str, str] = {"words": "linear with words"}

# What is quick comes first: the time may be over before the last.
_OF_TEXTS: Mapping[str, tuple[Candidate, ...]] = {
    "classify": ("words", "textcnn", "lstm", "encoder"),
    "regress": ("textcnn", "lstm", "encoder"),
}
_OF_PAIRS: tuple[Candidate, ...] = ("pair", "textcnn", "lstm", "encoder")

_MODELS: Mapping[Candidate, dict[str, Any]] = {
    "words": {"name": "linear"},
    "pair": {"name": "pair"},
    "textcnn": {"name": "textcnn", "filters": 192, "widths": [1, 2, 3, 4]},
    "lstm": {"name": "lstm", "bidirectional": True, "pooling": "attention", "layers": 1},
    "encoder": {"name": "encoder"},
}

_VOTES: Mapping[str, Any] = {
    "optimizer": {"name": "adam", "learning_rate": 0.02},
    "schedule": {"name": "linear"},
    "loss": {"name": "hinge"},
    "clip": 1000.0,
    "batch": 128,
    "epochs": 3,
}
_NETWORK: Mapping[str, Any] = {
    "optimizer": {"name": "adamw", "learning_rate": 0.001, "weight_decay": 0.01},
    "schedule": {"name": "cosine", "warmup": 0.05},
    "clip": 1.0,
    "batch": 64,
    "epochs": 12,
    "patience": 3,
}

SEGMENTERS_OF: Mapping[str, str] = {"zh": "rjieba", "zh-Hant": "rjieba", "ja": "mecab"}


def _tokenizer(name: Candidate, language: str) -> dict[str, Any]:
    segmenter = SEGMENTERS_OF.get(language)
    if name == "words" and segmenter:
        return {"name": "char_word", "segmenter": segmenter, "min_count": 1, "max_size": 500_000}
    if name == "lstm" and segmenter:
        return {"name": "word", "segmenter": segmenter}
    return {"name": "char", "min_count": 2}
