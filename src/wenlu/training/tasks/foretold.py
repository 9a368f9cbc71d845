"""What tasks of language models have in common: rows of ids, and at some places the id that follows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn

from wenlu.training.cross_entropy import IGNORED, projected_cross_entropy
from wenlu.training.packing import PackedRows
from wenlu.training.task import Outcome, Rows

_VALIDATED_TOGETHER = 16  # rows


class Foretells(Protocol):
    """A model of which states and output weights can be had apart."""

    projection: Tensor

    def __call__(self, tokens_BT: Tensor, documents_BT: Tensor | None = None) -> Tensor: ...

    def states(self, tokens_BT: Tensor, documents_BT: Tensor | None = None) -> Tensor: ...


class Packed(Protocol):
    """Rows of equal length."""

    def __len__(self) -> int: ...

    def batch(self, rows: Sequence[int]) -> PackedRows: ...


class Foretold:
    """The loss is the mean over all targets of -ln p(target | what stands before it in its text)."""

    def __init__(self, validation: Packed, *, length: int, device: torch.device | None) -> None:
        self._validation, self._length, self._device = validation, length, device

    @property
    def rows(self) -> Packed:
        """The training rows of this epoch."""
        raise TypeError(f"{type(self).__name__} has no rows")

    def tokens(self, rows: Rows) -> int:
        return len(rows) * self._length

    def loss(self, model: nn.Module, rows: Rows) -> Outcome:
        loss, ids = self._surprise(model, self.rows, rows)
        return Outcome(loss * ids)

    @torch.inference_mode()
    def validate(self, model: nn.Module) -> dict[str, float]:
        nats = ids = 0.0
        for start in range(0, len(self._validation), _VALIDATED_TOGETHER):
            rows = range(start, min(start + _VALIDATED_TOGETHER, len(self._validation)))
            loss, number = self._surprise(model, self._validation, rows)
            nats += float(loss) * number
            ids += number
        return {"loss": nats / ids, "perplexity": math.exp(min(nats / ids, 700))}

    def merit(self, measures: Mapping[str, float]) -> tuple[float, ...]:
        return (-measures["loss"],)

    def _surprise(self, model: nn.Module, texts: Packed, rows: Rows) -> tuple[Tensor, int]:
        """The mean loss of some rows, and over how many ids it is one."""
        packed = texts.batch(rows)
        tokens_BT, targets_BT = (torch.from_numpy(one).to(self._device) for one in (packed.tokens, packed.targets))
        documents_BT = None if packed.documents is None else torch.from_numpy(packed.documents).to(self._device)
        foretells = cast(Foretells, model)
        states_NE, targets_N = foretells.states(tokens_BT, documents_BT).flatten(0, 1), targets_BT.flatten()
        asked = np.flatnonzero(packed.targets != IGNORED)
        if len(asked) < len(targets_N):  # logits cost most of a small model's step: none without a target
            places = torch.from_numpy(asked).to(self._device)
            states_NE, targets_N = states_NE.index_select(0, places), targets_N.index_select(0, places)
        return projected_cross_entropy(states_NE, foretells.projection, targets_N), len(asked)
