"""The `pretraining:` part of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wenlu.base.spec import Field, Spec
from wenlu.corpus.settings import DataConfig, DedupConfig, SourceConfig, SplitConfig
from wenlu.corpus.version import DatasetVersion
from wenlu.training.settings import TrainingConfig

# What a training of this kind begins with where the recipe says nothing.
_SUGGESTED: Mapping[str, Any] = {
    "optimizer": {"name": "adamw", "learning_rate": 0.001, "weight_decay": 0.01},
    "schedule": {"name": "cosine", "warmup": 0.05},
    "clip": 1.0,
}
_HELD_BACK = SplitConfig(train=49, validation=1, test=0)
_LONGEST_NAME = 50


class PretrainingConfig(Spec):
    """What a model's backbone learns from texts without labels, before the model itself is trained."""

    sources: list[SourceConfig] = Field(
        default=[], description="Texts beside the training texts; labels in them are not looked at"
    )
    dedup: DedupConfig = Field(
        default=DedupConfig(), description="When a text is the same as one of validation or test, and goes"
    )
    mask: float = Field(default=0.15, gt=0, lt=1, description="Share of the ids that are masked, and asked for")
    span: int = Field(default=1, ge=1, le=16, description="Ids side by side that are masked together, at most")
    training: TrainingConfig = Field(default=TrainingConfig(), description="How it is trained")

    @property
    def whole_training(self) -> TrainingConfig:
        """With what is suggested for all that is left out."""
        left_out = {key: value for key, value in _SUGGESTED.items() if key not in self.training.model_fields_set}
        return self.training.model_copy(update=left_out)

    def data(self, recipe: DataConfig, labelled: DatasetVersion) -> DataConfig:
        """The texts to learn from, as a dataset: the training texts of `labelled` and the sources, cleaned as these
        were. Its validation and test texts stand in the test split, which nobody reads; what is like one of them goes.
        """
        held_out = [_split_of(labelled, split, into="test") for split in ("validation", "test")]
        beside = {"label": None, "label_column": None, "label_names": None, "label_from": "none", "split": None,
                  "split_from": "none"}  # fmt: skip
        unlabelled = [source.model_copy(update=beside) for source in self.sources]
        return DataConfig(
            name=f"{recipe.name[:_LONGEST_NAME].rstrip('._-')}-unlabelled",
            language=recipe.language,
            licence=recipe.licence,
            sources=[*held_out, _split_of(labelled, "train", into="train"), *unlabelled],
            clean=recipe.clean,
            dedup=self.dedup,
            split=_HELD_BACK,
        )


def _split_of(labelled: DatasetVersion, split: str, *, into: str) -> SourceConfig:
    """The texts of one split of a dataset, without their labels."""
    said = {"uri": f"file:{labelled.folder.resolve()}", "format": "parquet", "include": f"{split}-*.parquet",
            "text_column": "body", "label_from": "none", "split": into}  # fmt: skip
    return SourceConfig.model_validate(said)
