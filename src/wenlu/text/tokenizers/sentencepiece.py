"""A SentencePiece `.model` from elsewhere, used as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

from wenlu.base.errors import WenluError, missing_package
from wenlu.text.cuts import Piece
from wenlu.text.encoded import Encoded
from wenlu.text.imported import ImportConfig, imported, no_stream
from wenlu.text.segment import version_of
from wenlu.text.subwords import surrogate

_FILE = "sentencepiece.model"


class SentencePieceTokenizer:
    """Runs `sentencepiece` itself on the file: a conversion would have to repeat its normalisation and its ties.

    The ids are those of the file. Its normalisation comes after ours, so `decode` may give another text.
    """

    class Config(ImportConfig):
        """Where the file is."""

    learned = ""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._model = _parsed(content)
        self.size: int = self._model.get_piece_size()
        self.unk_id: int = self._model.unk_id()
        pad_id = self._model.pad_id()
        self.pad_id = pad_id if pad_id >= 0 else None
        self.end_id: int = self._model.eos_id() if self._model.eos_id() >= 0 else self.unk_id
        self.version = version_of("sentencepiece")

    @classmethod
    def train(cls, texts: Iterable[str], config: Any) -> Self:
        """The file at `config.path`; nothing is learned and `texts` stay unread."""
        return cls(imported(config.path, kind="sentencepiece"))

    def encode(self, text: str) -> list[int]:
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        try:
            ids: list[list[int]] = self._model.encode(list(texts))
        except (UnicodeEncodeError, TypeError, ValueError):
            raise surrogate() from None
        return ids

    def encode_together(self, texts: Sequence[str]) -> Encoded:
        return Encoded.of(self.encode_batch(texts))

    def cut(self, text: str) -> list[Piece]:
        try:
            found = self._model.encode_as_offset_mapping(text)
        except (UnicodeEncodeError, TypeError, ValueError):
            raise surrogate() from None
        return [Piece(number, *place) for number, place in zip(found["ids"], found["offsets"], strict=True)]

    def decode(self, ids: Iterable[int]) -> str:
        text: str = self._model.decode(list(ids))
        return text

    @property
    def piece_bytes(self) -> list[bytes]:
        raise no_stream()

    def to_files(self) -> dict[str, bytes]:
        return {_FILE: self._content}

    def to_huggingface(self) -> bytes:
        raise WenluError(
            "no_export",
            "A SentencePiece model normalises by tables of its own, which a tokenizer.json can't be trusted to repeat.",
            hint=f"Take the file {_FILE} itself: transformers reads it.",
        )

    @classmethod
    def from_files(cls, files: dict[str, bytes], config: Any) -> Self:
        if _FILE not in files:
            raise WenluError("bad_vocabulary", f"The file {_FILE} of the tokenizer is missing.")
        return cls(files[_FILE])


def _parsed(content: bytes) -> Any:
    try:
        import sentencepiece
    except ImportError:
        raise missing_package("sentencepiece", extra="data") from None
    try:
        model = sentencepiece.SentencePieceProcessor(model_proto=content)
    except (RuntimeError, TypeError, OSError) as error:
        raise WenluError("bad_vocabulary", f"The file {_FILE} of the tokenizer can't be read: {error}.") from None
    if not content or not model.get_piece_size():
        raise WenluError("bad_vocabulary", f"The file {_FILE} of the tokenizer has no pieces.")
    return model
