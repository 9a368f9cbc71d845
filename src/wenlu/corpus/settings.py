"""The `data:` part of a recipe."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from wenlu.base.spec import Field, Spec

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
Column = str | int
Target = Literal["label", "number"]
CHAT = "chat"
"""The row of the readers whose texts are conversations."""


class SourceConfig(Spec):
    """One file, folder or archive of texts."""

    uri: str = Field(min_length=1, description="A path, `package:NAME/FILE`; ${WENLU_DATA} is expanded")
    format: str = Field(default="auto", description="A row of the readers; auto goes by the file's name")
    encoding: str = Field(default="auto", description="utf-8, gb18030, cp932, …; auto looks at the whole file")
    text_column: Column | list[Column] | None = Field(
        default=None,
        description="Column with the text: its name or number from 0, several are joined; left out: by its name",
    )
    label_column: Column | None = Field(
        default=None, description="Column with the label: its name or number from 0; left out: by its name"
    )
    label: str | None = Field(default=None, description="The label of every text of this source")
    label_names: str | None = Field(default=None, description="A file whose line n, from 0, is the name of class n")
    header: bool | None = Field(default=None, description="If a table begins with names; left out: unless by number")
    split: Split | None = Field(default=None, description="Every text of this source goes into this split")
    group_column: Column | None = Field(
        default=None, description="Column with the author, user or document: its texts stay in one split"
    )
    line_marks: list[str] | None = Field(
        default=None,
        min_length=2,
        max_length=2,
        # Left out of what is written down where it is not set, as `DataConfig.target` is.
        exclude_if=lambda marks: marks is None,
        description="Of a bitext: what a line of the first text begins with, and one of the second",
    )
    skip_lines: int = Field(
        default=0, ge=0, le=1000, description="Of a tree, or titled: lines dropped from each file's head"
    )
    label_from: Literal["folder", "prefix", "stem", "none"] | None = Field(
        default=None, description="What in a file's name is its label; left out: of a tree the folder, else nothing"
    )
    split_from: Literal["folder", "prefix", "none"] = Field(
        default="none", description="If the first folder, or the beginning of a file's name, tells the split"
    )
    include: str = Field(default="*", description="Of a folder or an archive: which files, as a shell pattern")

    @model_validator(mode="after")
    def _one_kind_of_label(self) -> Self:
        if self.label is not None and self.label_column is not None:
            raise ValueError("'label' and 'label_column' exclude each other")
        return self

    @field_validator("text_column", "label_column", "group_column")
    @classmethod
    def _counts_from_0(cls, column: Column | list[Column] | None) -> Column | list[Column] | None:
        if any(isinstance(one, int) and one < 0 for one in (column if isinstance(column, list) else [column])):
            raise ValueError("columns count from 0")
        if isinstance(column, list) and len(column) < 2:
            raise ValueError("a list names two columns or more")
        return column

    @property
    def text_columns(self) -> list[Column]:
        """The columns that make a text together; none where nothing is said of them."""
        if self.text_column is None:
            return []
        return self.text_column if isinstance(self.text_column, list) else [self.text_column]


class CleanConfig(Spec):
    """What is done to each text, and which texts are refused."""

    normalize: list[str] = Field(default=["nfkc", "spaces"], description="Rows of the normalisers, in order")
    min_length: int = Field(default=2, ge=1, description="Characters; a shorter text is refused")
    max_length: int = Field(default=100_000, ge=1, description="Characters; a longer text is refused")
    filters: list[str | dict[str, Any]] = Field(default=[], description="Rows of the filters, by name or with settings")

    @model_validator(mode="after")
    def _some_length_fits(self) -> Self:
        if self.min_length > self.max_length:
            raise ValueError("'min_length' is more than 'max_length'")
        return self


class DedupConfig(Spec):
    """When two texts are the same. Copies letter for letter are always removed, within and across splits."""

    near: float | None = Field(
        default=0.8, gt=0, le=1, description="Nearly the same from this share of common shingles on; null: never"
    )
    shingle: int = Field(default=3, ge=1, le=16, description="Characters of a shingle; punctuation does not count")


class SplitConfig(Spec):
    """Shares of the splits, as parts of their sum."""

    train: int = Field(default=8, ge=1, description="Parts for training")
    validation: int = Field(default=1, ge=0, description="Parts for choosing between models")
    test: int = Field(default=1, ge=0, description="Parts for the final figure")
    salt: str = Field(default="wenlu", description="Another salt is another split")
    together: Literal["text", "file", "folder"] = Field(
        default="text", description="What is never divided: a text, all texts of a file, or of a folder"
    )


class DataConfig(Spec):
    """Sources, how they are cleaned, and how they are split."""

    name: str = Field(description="What the dataset will be called")
    language: Literal["zh", "zh-Hant", "ja", "other"] = Field(default="zh", description="Of the texts")
    licence: str = Field(default="", description="Under which the texts may be used")
    sources: list[SourceConfig] = Field(min_length=1, description="Files, folders, archives")
    clean: CleanConfig = CleanConfig()
    dedup: DedupConfig = DedupConfig()
    split: SplitConfig = SplitConfig()
    # Left out of what is written down where it is the usual: datasets made before it was there keep their version.
    target: Target = Field(
        default="label", exclude_if=lambda target: target == "label", description="What a label is: a name, or a number"
    )

    @model_validator(mode="after")
    def _numbers_have_no_names(self) -> Self:
        if self.target == "number" and any(source.label_names is not None for source in self.sources):
            raise ValueError("'label_names' are of labels, and 'target' says that they are numbers")
        return self

    @model_validator(mode="after")
    def _conversations_alone(self) -> Self:
        if len({source.format == CHAT for source in self.sources}) > 1:
            raise ValueError("conversations ('format: chat') and other texts can't be sources of one dataset")
        return self

    @property
    def chat(self) -> bool:
        """Whether its texts are conversations."""
        return any(source.format == CHAT for source in self.sources)
