"""A `tokenizer.json` from elsewhere, or the tokenizer of a Hugging Face folder or a GGUF file, used as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import msgspec

from wenlu.base.errors import WenluError
from wenlu.base.spec import Field
from wenlu.base.variables import expanded
from wenlu.text.byte_level import bytes_of_ids
from wenlu.text.cuts import Piece
from wenlu.text.encoded import NOTHING_AROUND, Around, Encoded
from wenlu.text.grown import Grown, grown_files, read_grown
from wenlu.text.imported import CONVERSIONS, ImportConfig, imported, no_stream
from wenlu.text.segment import version_of
from wenlu.text.subwords import FILE, cut_by, parsed, reference, surrogate

_PADDING = ("<PAD>", "<pad>", "[PAD]", "<|pad|>", "<|padding|>", "<|endoftext|>")
_END = ("<EOS>", "</s>", "<|endoftext|>", "<|end_of_text|>", "<｜end▁of▁sentence｜>", "<eos>", "<|im_end|>", "[SEP]")
_SPARSEST = 4  # ids for each piece: some files leave gaps


class HuggingFaceTokenizer:
    """The ids are those of the file; its own normalisation comes after ours, so `decode` may give another text.

    A text that spells a special token out stays text, and `encode` puts no special tokens around it: the ids are those
    of `transformers` with `split_special_tokens=True, add_special_tokens=False`. A text pipeline puts `around` it what
    the file says, if it is told to.
    """

    class Config(ImportConfig):
        around: bool = Field(
            False, description="Whether the file's special tokens stand around each text, as [CLS] and [SEP] do"
        )

    learned = ""

    def __init__(self, content: bytes, *, around: bool = False, grown: Grown | None = None) -> None:
        self._content = content
        self.grown = grown
        self._model = parsed(content)
        self._encode = reference(self._model)
        ids = self._model.get_vocab(with_added_tokens=True)
        self.size: int = max(ids.values(), default=-1) + 1
        _check_sizes(pieces=len(ids), size=self.size)
        self.pad_id: int | None = next((ids[name] for name in _PADDING if name in ids), None)
        self.unk_id = _unknown(content, ids, otherwise=self.pad_id or 0)
        self.end_id: int = next((ids[name] for name in _END if name in ids), self.unk_id)
        self.version = version_of("tokenizers")
        self.around = _around(self._model) if around else NOTHING_AROUND

    @classmethod
    def train(cls, texts: Iterable[str], config: Any) -> Self:
        """The file at `config.path`, or the tokenizer of that folder or GGUF file; `texts` stay unread."""
        return cls(_content(config.path), around=config.around)

    def encode(self, text: str) -> list[int]:
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        try:
            return self._encode(texts)
        except TypeError:
            raise surrogate() from None

    def encode_together(self, texts: Sequence[str]) -> Encoded:
        return Encoded.of(self.encode_batch(texts))

    def cut(self, text: str) -> list[Piece]:
        return cut_by(self._model, text)

    def decode(self, ids: Iterable[int]) -> str:
        text: str = self._model.decode(list(ids), skip_special_tokens=True)
        return text

    @cached_property
    def piece_bytes(self) -> list[bytes]:
        found = bytes_of_ids(msgspec.json.decode(self._content), self.ids)
        if found is None:
            raise no_stream()
        return found

    @property
    def ids(self) -> dict[str, int]:
        """Every piece, as the file writes it, and its id."""
        found: dict[str, int] = self._model.get_vocab(with_added_tokens=True)
        return found

    def to_files(self) -> dict[str, bytes]:
        return {FILE: self._content, **grown_files(self.grown)}

    def to_huggingface(self) -> bytes:
        return self._content

    @classmethod
    def from_files(cls, files: dict[str, bytes], config: Any) -> Self:
        if FILE not in files:
            raise WenluError("bad_vocabulary", f"The file {FILE} of the tokenizer is missing.")
        return cls(files[FILE], around=config.around, grown=read_grown(files))


def _content(path: str) -> bytes:
    place = expanded(path)
    if place and (Path(place).is_dir() or place.lower().endswith(".gguf")):
        content: bytes = CONVERSIONS["transformers"](place)
        return content
    return imported(path, kind="huggingface")


def _around(model: Any) -> Around:
    """What the file's post-processor puts before and behind a text."""
    bare, full = (model.encode("1", add_special_tokens=special).ids for special in (False, True))
    before = next((place for place in range(len(full)) if full[place : place + len(bare)] == bare), 0)
    return Around(tuple(full[:before]), tuple(full[before + len(bare) :]))


def _check_sizes(*, pieces: int, size: int) -> None:
    if not pieces:
        raise WenluError("bad_vocabulary", f"The file {FILE} of the tokenizer has no pieces.")
    if size > _SPARSEST * pieces:  # a model would have to hold a vector for each id
        raise WenluError("bad_vocabulary", f"The file {FILE} has {pieces:,} pieces, but ids up to {size - 1:,}.")


def _unknown(content: bytes, ids: dict[str, int], *, otherwise: int) -> int:
    model = msgspec.json.decode(content).get("model") or {}
    if isinstance(number := model.get("unk_id"), int):
        return number
    return ids.get(model.get("unk_token") or "", otherwise)
