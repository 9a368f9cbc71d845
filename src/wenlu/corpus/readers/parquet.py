"""Parquet: columns of records."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from wenlu.base.errors import WenluError, did_you_mean
from wenlu.base.records import Dropped, Source, Text
from wenlu.corpus.readers.fields import check_named, text_fields, text_of
from wenlu.corpus.readers.named import label_name
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.settings import SourceConfig

_TOGETHER = 200
_BUFFER = 1 << 20  # else a column of a whole row group, which may be the whole file, is read at once


def read_parquet(opened: Opened, source: SourceConfig) -> Iterator[Text | Dropped]:
    """The columns `text_column` and `label_column` of each row, left out, those with usual names; `source.line` counts
    rows from 1.

    Raises WenluError `no_column`, `broken_parquet`.
    """
    check_named(source)
    number = 0
    try:
        with pq.ParquetFile(opened.file, buffer_size=_BUFFER, pre_buffer=False) as file:
            wanted = _wanted(file.schema_arrow.names, opened, source)
            for batch in file.iter_batches(_TOGETHER, columns=wanted):
                for fields in batch.to_pylist():
                    number += 1
                    yield text_of(fields, Source(opened.name, number), opened, source)
    except (pa.ArrowException, OSError) as error:
        raise WenluError("broken_parquet", f"{source.uri}: {opened.name} can't be read as Parquet: {error}.") from None


def _wanted(columns: list[str], opened: Opened, source: SourceConfig) -> list[str]:
    label = source.label_column or label_name(columns, opened, source)
    wanted = [*text_fields(columns, source), *(str(name) for name in (label, source.group_column) if name)]
    _check(wanted, columns, source)
    return wanted


def _check(wanted: list[str], columns: list[str], source: SourceConfig) -> None:
    for name in wanted:
        if name.partition(".")[0] not in columns and name not in columns:
            raise WenluError(
                "no_column",
                f"{source.uri}: there is no column '{name}'.{did_you_mean(name, columns)}",
                hint=f"Columns: {', '.join(columns)}. Choose with --text and --label.",
            )
