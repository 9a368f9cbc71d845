"""Looking for the likeliest targets of some sources: beam search, of which greedy search is the one with one beam."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

import torch
from torch import Tensor

from wenlu.bundle.decoding import Decoding


class Begun(Protocol):
    """Sources that were read, and what is written behind them."""

    def chosen(self, rows: Iterable[int]) -> Self:
        """Only these rows, in this order; one may be chosen several times."""


class Searched(Protocol):
    """A model from text to text that does not read twice what it has read."""

    def begin(self, sources_BS: Tensor, lengths_B: Tensor) -> Begun: ...

    def further(self, tokens_BT: Tensor, reading: Begun) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class Found:
    """The ids of an answer without its end, whether it has one, and -ln p of it all divided by its length."""

    ids: tuple[int, ...]
    ended: bool
    merit: float


def search(
    model: Searched, sources_BS: Tensor, lengths_B: Tensor, decoding: Decoding, *, end: int, never: Sequence[int] = ()
) -> list[Found]:
    """The best answer to each source, its beginning and its end being `end`; ids of `never` are not written.

    A source's answer does not hang on the others: each has beams of its own, and drops out when it is answered.
    """
    beams = [_Beams(decoding, end) for _ in range(len(sources_BS))]
    with torch.inference_mode():
        reading = model.begin(sources_BS, lengths_B)
        tokens_R1 = torch.full((len(beams), 1), end, device=sources_BS.device)
        open_ = list(beams)
        for _ in range(decoding.length):
            logs_RV = model.further(tokens_R1, reading).float().log_softmax(1)
            logs_RV[:, list(never)] = -torch.inf
            first, rows, chosen = 0, list[int](), list[int]()
            for one in open_:
                size = len(one.written)
                parents = one.grow(logs_RV[first : first + size])
                rows += [first + parent for parent in parents]
                chosen += [written.ids[-1] for written in one.written]
                first += size
            open_ = [one for one in open_ if one.written]
            if not open_:
                break
            reading = reading.chosen(rows)
            tokens_R1 = torch.tensor(chosen, device=sources_BS.device).unsqueeze(1)
    return [one.best() for one in beams]


@dataclass(frozen=True, slots=True)
class _Written:
    """An answer that may go on, and ln p of it."""

    ids: tuple[int, ...]
    log: float


@dataclass(slots=True)
class _Beams:
    """The answers to one source that are followed, the likeliest first, and those that have ended."""

    decoding: Decoding
    end: int
    written: list[_Written] = field(default_factory=lambda: [_Written((), 0.0)])
    ended: list[Found] = field(default_factory=list)

    def grow(self, logs_KV: Tensor) -> list[int]:
        """Go on by one id; of each answer that is followed now, from which of the earlier ones it came."""
        totals_KV = logs_KV + torch.tensor([[one.log] for one in self.written], device=logs_KV.device)
        for place, one in enumerate(self.written):
            totals_KV[place, list(self._repeating(one.ids))] = -torch.inf
        width, size = self.decoding.beams, totals_KV.size(1)
        # Of twice as many at most half can be ends, one of each answer, so enough are left to be followed.
        best = totals_KV.flatten().topk(min(2 * width, totals_KV.numel()))
        before, self.written = self.written, []
        parents = []
        for rank, (log, place) in enumerate(zip(best.values.tolist(), best.indices.tolist(), strict=True)):
            parent, chosen = divmod(place, size)
            if log == -torch.inf or len(self.written) == width:
                break
            ids = before[parent].ids
            if chosen != self.end:
                self.written.append(_Written((*ids, chosen), log))
                parents.append(parent)
            elif rank < width:
                self.ended.append(Found(ids, ended=True, merit=self._merit(log, len(ids) + 1)))
        if self._settled():
            self.written, parents = [], []
        return parents

    def best(self) -> Found:
        """The best that has ended, or one that the length cut off if it is better."""
        cut = [Found(one.ids, ended=False, merit=self._merit(one.log, len(one.ids))) for one in self.written]
        return max([*self.ended, *cut], key=lambda one: one.merit, default=Found((), ended=True, merit=0.0))

    def _settled(self) -> bool:
        """If as many have ended as are followed, and none that goes on is better as it stands."""
        if len(self.ended) < self.decoding.beams or not self.written:
            return not self.written
        leading = max(self._merit(one.log, len(one.ids)) for one in self.written)
        return max(one.merit for one in self.ended) >= leading

    def _merit(self, log: float, length: int) -> float:
        merit: float = log / max(length, 1) ** self.decoding.length_penalty
        return merit

    def _repeating(self, ids: tuple[int, ...]) -> set[int]:
        """What would write a run of ids a second time."""
        run = self.decoding.no_repeat
        if not run or len(ids) < run:
            return set()
        last = ids[len(ids) - run + 1 :]
        return {ids[at + run - 1] for at in range(len(ids) - run + 1) if ids[at : at + run - 1] == last}
