"""The `distil:` part of a recipe."""

from __future__ import annotations

from wenlu.base.spec import Field, Spec
from wenlu.corpus.settings import DataConfig, DedupConfig, SourceConfig
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.pretraining import PretrainingConfig


class DistilConfig(Spec):
    """Whose answers a classifier learns from, beside the labels."""

    teachers: list[str] = Field(
        min_length=1, max_length=16, description="Models, name, name@version or folder; of several the mean counts"
    )
    temperature: float = Field(default=2.0, gt=0, le=100, description="At which answers are compared")
    weight: float = Field(default=0.7, ge=0, le=1, description="How much the teachers count, and the labels the rest")
    sources: list[SourceConfig] = Field(
        default=[], description="Texts without labels to learn from too; labels in them are not looked at"
    )
    dedup: DedupConfig = Field(
        default=DedupConfig(), description="When such a text is the same as one of validation or test, and goes"
    )

    def data(self, recipe: DataConfig, labelled: DatasetVersion) -> DataConfig | None:
        """The texts without labels as a dataset, cleaned as those of the recipe; None if there are none."""
        if not self.sources:
            return None
        return PretrainingConfig(sources=self.sources, dedup=self.dedup).data(recipe, labelled)
