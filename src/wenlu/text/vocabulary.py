"""The frozen list of pieces a model knows, each with its id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from wenlu.base.errors import WenluError

PAD, UNK = "<PAD>", "<UNK>"
PAD_ID, UNK_ID = 0, 1


class Vocabulary:
    """Pieces by id. Id 0 is `<PAD>`, id 1 is `<UNK>`; a piece that is not in it has id 1."""

    def __init__(self, pieces: Sequence[str]) -> None:
        if tuple(pieces[:2]) != (PAD, UNK) or len(set(pieces)) != len(pieces):
            raise WenluError(
                "bad_vocabulary",
                "A vocabulary begins with <PAD> and <UNK> and holds no piece twice; this one does not.",
            )
        self.pieces = tuple(pieces)
        self._ids = {piece: number for number, piece in enumerate(pieces)}

    def __len__(self) -> int:
        return len(self.pieces)

    def __contains__(self, piece: str) -> bool:
        return piece in self._ids

    def encode(self, pieces: Iterable[str]) -> list[int]:
        find = self._ids.get
        return [find(piece, UNK_ID) for piece in pieces]

    def decode(self, ids: Iterable[int]) -> list[str]:
        return [self.pieces[number] for number in ids]

    def to_bytes(self) -> bytes:
        return msgspec.json.encode(self.pieces)

    @classmethod
    def from_bytes(cls, content: bytes) -> Vocabulary:
        """Raises WenluError `bad_vocabulary` where `content` is not what `to_bytes` writes."""
        try:
            return cls(msgspec.json.decode(content, type=tuple[str, ...]))
        except msgspec.MsgspecError as error:
            raise WenluError("bad_vocabulary", f"The vocabulary file can't be read: {error}.") from None

    @classmethod
    def by_frequency(cls, counts: Iterable[tuple[str, int]], *, min_count: int, max_size: int) -> Vocabulary:
        """The most frequent of pieces that occur at least `min_count` times; ties in code-point order."""
        kept = {piece: count for piece, count in counts if count >= min_count and piece not in (PAD, UNK)}
        pieces = sorted(kept)
        best = np.argsort([-kept[piece] for piece in pieces], kind="stable")[: max_size - 2]
        return cls([PAD, UNK, *map(pieces.__getitem__, best.tolist())])
