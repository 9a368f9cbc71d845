"""What `pair` promises beside what every classifier does."""

from __future__ import annotations

import torch

from wenlu.models.pair import Pair

BETWEEN = 9
SMALL = Pair.Config(embedding=16, hidden=16, dropout=0.0)


def made(separator: int = BETWEEN) -> Pair:
    torch.manual_seed(1)
    return Pair(SMALL, vocabulary_size=30, labels=1, separator=separator).eval()


def asked(model: Pair, *rows: list[int]) -> torch.Tensor:
    longest = max(map(len, rows))
    tokens = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    return model(tokens, torch.tensor([len(row) for row in rows]))


def test_where_the_separator_stands_matters_and_it_travels_with_the_weights():
    rows = [[3, 4, BETWEEN, 5], [3, BETWEEN, 4, 5]]
    there, elsewhere = asked(made(), *rows), asked(made(), [3, 4, 5, BETWEEN])
    assert not torch.allclose(there[0], there[1])
    assert torch.isfinite(elsewhere).all()
    loaded = made(separator=-1)
    loaded.load_state_dict(made().state_dict())
    torch.testing.assert_close(asked(loaded, *rows), there)


def test_it_learns_how_much_two_texts_have_in_common_for_ids_in_any_mixture():
    chance = torch.Generator().manual_seed(1)
    first = torch.randint(10, 30, (600, 6), generator=chance)
    second = torch.randint(10, 30, (600, 6), generator=chance)
    take = torch.rand(600, 6, generator=chance) < torch.rand(600, 1, generator=chance)
    second = torch.where(take, first[:, torch.randperm(6, generator=chance)], second)
    shared = (second.unsqueeze(2) == first.unsqueeze(1)).any(2).float().mean(1)
    tokens = torch.cat([first, torch.full((600, 1), BETWEEN), second], dim=1)
    lengths = torch.full((600,), 13)
    model = made().train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        loss = (model(tokens[:500], lengths[:500]).squeeze(1) - shared[:500]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    unseen = (model.eval()(tokens[500:], lengths[500:]).squeeze(1) - shared[500:]).square().mean()
    assert unseen < 0.3 * shared[500:].var()
