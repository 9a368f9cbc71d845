"""A vocabulary learned from texts and the texts as its ids, each text cut once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TypeVar

import numpy as np
from numpy.typing import NDArray

from wenlu.text.census import Census
from wenlu.text.cutting import cut_many
from wenlu.text.encoded import Encoded
from wenlu.text.pieces import PieceTokenizer
from wenlu.text.pipeline import PipelineConfig, TextPipeline, tokenizer_component

Item = TypeVar("Item")

_NOTHING = -1
_AT_ONCE = 1_000_000  # ids


class LearnOnce:
    """Texts in, ids out that are provisional until all texts have passed; then the pipeline, and the final ids.

    The outcome is that of `TextPipeline.train` and of `encode` by what it gives. `folder` holds what does not fit in
    bounded memory; it has to stay until the ids are final.
    """

    def __init__(self, config: PipelineConfig, *, clean: Sequence[str], folder: Path) -> None:
        self._config, self._clean = config, clean
        self._named = tokenizer_component(config)
        self._census = Census(folder)
        self._sizes: Counter[int] = Counter()  # of each volume, how many ids were given out

    @staticmethod
    def can(config: PipelineConfig) -> bool:
        """If the tokenizer is one that cuts before it learns."""
        kind = tokenizer_component(config).kind
        return issubclass(kind, PieceTokenizer) and kind.cut_once

    def blocks(self, texts: Iterable[tuple[str, Item]]) -> Iterator[tuple[list[Item], Encoded]]:
        """Provisional ids of texts, some texts after the other, with what came beside each."""
        segmenter = self._named.kind.segmenter(self._named.config)
        for beside, cut in cut_many(texts, segmenter, clean=self._clean, normalize=self._config.normalize):
            volume = self._census.volume
            whole = Encoded(self._census.add(cut), cut.texts.lengths)
            encoded = whole.bounded(self._config.max_length, nothing=_NOTHING)
            self._sizes[volume] += len(encoded.ids)
            yield beside, encoded

    def pipeline(self) -> TextPipeline:
        """Of all texts that have passed."""
        tokenizer = self._named.kind.counted(self._census, self._named.config)
        return TextPipeline(tokenizer, self._config, clean=self._clean)

    def settle(self, file: IO[bytes], pipeline: TextPipeline) -> int:
        """Make the provisional ids in `file` final: all that were given out, one behind the other, as little-endian
        int32. Gives how many of them are `<UNK>`."""
        unknown = 0
        for volume, size in sorted(self._sizes.items()):
            final = self._final(volume, pipeline)
            for start in range(0, size, _AT_ONCE):
                place = file.tell()
                ids = np.frombuffer(file.read(4 * min(_AT_ONCE, size - start)), dtype="<i4")
                file.seek(place)
                file.write(final[ids].astype("<i4").tobytes())
                unknown += int(np.count_nonzero(final[ids] == pipeline.tokenizer.unk_id))
        return unknown

    def _final(self, volume: int, pipeline: TextPipeline) -> NDArray[np.int32]:
        """The id of each number of a volume; the last one, at -1, stands for a text of nothing."""
        tokenizer = pipeline.tokenizer
        if not isinstance(tokenizer, PieceTokenizer):
            raise TypeError("only what cuts before it learns is learned in one pass")
        return np.append(tokenizer.ids_of(self._census.pieces(volume)), np.int32(tokenizer.unk_id))
