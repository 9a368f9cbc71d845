"""A dataset version as one file that other programs read."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from wenlu.base.errors import WenluError
from wenlu.corpus.settings import SPLITS
from wenlu.corpus.version import DatasetVersion
from wenlu.storage.local import new_file
from wenlu.text.chat.conversation import turns_of

_COLUMNS = ("body", "label", "group", "file", "line")
_NAMES = ("text", "label", "group", "file", "line", "split")


def export_dataset(version: DatasetVersion, path: Path, *, split: str | None = None) -> int:
    """Write the texts of one split, or of all with a column `split`, to a new file, and give their number.

    The name's end tells the form: .jsonl, .csv, .tsv, .parquet or .txt (texts alone, a line each). A conversation is in
    .jsonl its `messages`, elsewhere the text it is kept as. The file appears whole or not at all. Raises WenluError
    `unknown_format`, `file_exists`, `bad_settings` (a text with a line end can't be a line of .txt or .tsv).
    """
    write = _FORMS.get(path.suffix.lower())
    if write is None:
        raise WenluError(
            "unknown_format", f"The name {path} does not tell a format.", hint=f"End it in {', '.join(_FORMS)}."
        )
    if path.exists():
        raise WenluError("file_exists", f"There is a file {path} already.", hint="Choose another name.")
    if version.chat and write is _jsonl:
        write = _messages
    with new_file(path) as file:
        return write(file, _parts(version, [split] if split else list(SPLITS)))


def _parts(version: DatasetVersion, splits: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for split in splits:
        for batch in version.batches(split, _COLUMNS):
            columns = [*(batch.column(name) for name in _COLUMNS), pa.array([split] * batch.num_rows, pa.string())]
            yield pa.record_batch(columns, names=_NAMES)


def _jsonl(file: IO[bytes], parts: Iterator[pa.RecordBatch]) -> int:
    return _each(file, parts, lambda row: json.dumps(row, ensure_ascii=False))


def _messages(file: IO[bytes], parts: Iterator[pa.RecordBatch]) -> int:
    return _each(file, parts, lambda row: json.dumps(_conversation(row), ensure_ascii=False))


def _conversation(row: dict[str, Any]) -> dict[str, Any]:
    messages = [{"role": turn.role, "content": turn.content} for turn in turns_of(row["text"])]
    return {"messages": messages, **{name: value for name, value in row.items() if name != "text"}}


def _txt(file: IO[bytes], parts: Iterator[pa.RecordBatch]) -> int:
    return _each(file, parts, lambda row: _one_line(row["text"]))


def _each(file: IO[bytes], parts: Iterator[pa.RecordBatch], line: Callable[[dict[str, Any]], str]) -> int:
    total = 0
    for part in parts:
        file.writelines(line(row).encode() + b"\n" for row in part.to_pylist())
        total += part.num_rows
    return total


def _csv(file: IO[bytes], parts: Iterator[pa.RecordBatch]) -> int:
    rows = _Rows(file)
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(_NAMES)
    total = 0
    for part in parts:
        writer.writerows(row.values() for row in part.to_pylist())
        total += part.num_rows
    return total


def _tsv(file: IO[bytes], parts: Iterator[pa.RecordBatch]) -> int:
    file.write("\t".join(_NAMES).encode() + b"\n")
    return _each(file, parts, lambda row: "\t".join(_one_line(str(row[name] or "")) for name in _NAMES))


def _parquet(file: IO[bytes], parts: Iterator[pa.RecordBatch]) -> int:
    schema = pa.schema([(name, pa.int64() if name == "line" else pa.string()) for name in _NAMES])
    total = 0
    with pq.ParquetWriter(file, schema.set(0, pa.field("text", pa.large_string())), compression="zstd") as writer:
        for part in parts:
            writer.write_batch(part)
            total += part.num_rows
    return total


def _one_line(text: str) -> str:
    if "\n" in text or "\r" in text or "\t" in text:
        raise WenluError(
            "bad_settings",
            f"A text has a line end or a tab inside: {text[:40]!r}.",
            hint="Export to .jsonl, .csv or .parquet.",
        )
    return text


class _Rows:
    """Takes the csv module's strings as UTF-8."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, row: str) -> None:
        self._file.write(row.encode())


_FORMS: dict[str, Callable[[IO[bytes], Iterator[pa.RecordBatch]], int]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
    ".tsv": _tsv,
    ".txt": _txt,
}
