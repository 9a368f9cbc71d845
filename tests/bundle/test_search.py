from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import pytest
import torch
from tests.contracts.rewriters import VOCABULARY, batch, rewriters, small
from torch import Tensor

from wenlu.bundle.decoding import Decoding
from wenlu.bundle.search import search

END, NEVER = 0, (1,)
SOURCES = batch([5, 6, 7, 8], [9, 10], [11, 12, 13, 14, 15, 16])

every = pytest.mark.parametrize("name", rewriters())


@every
def test_with_one_beam_the_likeliest_id_is_written_each_time(name: str):
    model = small(name)
    found = search(model, *SOURCES, Decoding(length=9), end=END, never=NEVER)
    for row, one in enumerate(found):
        written = [END]
        for chosen in (*one.ids, *([END] if one.ended else [])):
            logits = model(
                SOURCES[0][row : row + 1, : SOURCES[1][row]], SOURCES[1][row : row + 1], torch.tensor([written])
            )
            logits[0, -1, list(NEVER)] = -torch.inf
            assert chosen == int(logits[0, -1].argmax())
            written.append(chosen)


@every
@pytest.mark.parametrize("beams", [1, 2, 5])
def test_an_answer_does_not_hang_on_the_other_sources(name: str, beams: int):
    model, decoding = small(name), Decoding(length=9, beams=beams)
    together = search(model, *SOURCES, decoding, end=END, never=NEVER)
    for row, length in enumerate(SOURCES[1].tolist()):
        alone = search(
            model, SOURCES[0][row : row + 1, :length], torch.tensor([length]), decoding, end=END, never=NEVER
        )
        assert alone[0].ids == together[row].ids


@every
def test_more_beams_find_nothing_less_likely_in_the_mean(name: str):
    merits = [
        sum(one.merit for one in search(small(name), *SOURCES, Decoding(length=6, beams=beams), end=END))
        for beams in (1, 8)
    ]
    assert merits[1] >= merits[0]


@every
def test_what_is_never_to_be_written_is_not_and_the_length_is_a_bound(name: str):
    model = small(name)
    never = tuple(range(0, VOCABULARY, 2))[1:]
    for found in search(model, *SOURCES, Decoding(length=5, beams=3), end=END, never=never):
        assert not set(found.ids) & set(never)
        assert len(found.ids) <= 5


class Chain:
    """A model that goes by the last id alone: `odds[id]` are those of the next one."""

    def __init__(self, odds: dict[int, dict[int, float]], size: int) -> None:
        self._logs = torch.full((size, size), -1e9)
        for before, following in odds.items():
            for after, share in following.items():
                self._logs[before, after] = torch.tensor(share).log()

    def begin(self, sources_BS: Tensor, lengths_B: Tensor) -> Chain:
        return self

    def chosen(self, rows: Iterable[int]) -> Chain:
        return self

    def further(self, tokens_BT: Tensor, reading: Chain) -> Tensor:
        return self._logs[tokens_BT[:, -1]]


# 1 looks best at first, and leads nowhere good; 2 is surely followed by 3 and the end.
TRAP = {0: {1: 0.6, 2: 0.4}, 1: {3: 0.3, 4: 0.3, 5: 0.4}, 2: {3: 1.0}, 3: {0: 1.0}, 4: {0: 1.0}, 5: {0: 0.6, 5: 0.4}}
ONE = (torch.tensor([[1]]), torch.tensor([1]))


def test_two_beams_find_what_one_misses():
    chain = Chain(TRAP, 6)
    assert search(chain, *ONE, Decoding(), end=0)[0].ids == (1, 5)
    assert search(chain, *ONE, Decoding(beams=2), end=0)[0].ids == (2, 3)


def test_with_beams_for_all_it_finds_the_best_there_is():
    chain, penalty, length = Chain(TRAP, 6), 1.0, 4

    def merit(ids: tuple[int, ...]) -> float:
        log = sum(float(chain._logs[a, b]) for a, b in zip((0, *ids), (*ids, 0), strict=True))
        return log / (len(ids) + 1) ** penalty

    best = max((ids for size in range(1, length) for ids in product(range(1, 6), repeat=size)), key=merit)
    found = search(chain, *ONE, Decoding(beams=40, length=length, length_penalty=penalty), end=0)[0]
    assert (found.ids, found.ended) == (best, True)
    assert found.merit == pytest.approx(merit(best), rel=1e-5)


def test_a_greater_length_penalty_favours_longer_answers():
    chain = Chain({0: {0: 0.5, 1: 0.5}, 1: {0: 0.4, 1: 0.6}}, 2)
    sizes = [
        len(search(chain, *ONE, Decoding(beams=4, length=8, length_penalty=penalty), end=0)[0].ids)
        for penalty in (0.0, 2.0)
    ]
    assert sizes[0] < sizes[1]


def test_no_run_of_ids_is_written_twice_where_that_is_asked():
    chain = Chain({0: {2: 1.0}, 2: {3: 0.9, 1: 0.1}, 3: {2: 0.9, 4: 0.1}, 4: {0: 1.0}, 1: {0: 1.0}}, 5)
    looped = search(chain, *ONE, Decoding(length=9), end=0)[0]
    assert (looped.ids, looped.ended) == ((2, 3, 2, 3, 2, 3, 2, 3, 2), False)
    free = search(chain, *ONE, Decoding(length=9, no_repeat=2), end=0)[0]
    assert (free.ids, free.ended) == ((2, 3, 2, 1), True)
    assert search(chain, *ONE, Decoding(length=9, no_repeat=1), end=0)[0].ids == (2, 3, 4)


def test_a_source_may_have_the_empty_answer():
    found = search(Chain({0: {0: 1.0}}, 2), *ONE, Decoding(beams=2), end=0)[0]
    assert (found.ids, found.ended) == ((), True)
