from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from wenlu.training import cross_entropy
from wenlu.training.cross_entropy import IGNORED, projected_cross_entropy


def made(rows: int = 300, hidden: int = 16, vocabulary: int = 50) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    states = torch.randn(rows, hidden, requires_grad=True)
    weight = torch.randn(vocabulary, hidden, requires_grad=True)
    targets = torch.randint(0, vocabulary, (rows,))
    targets[::7] = IGNORED
    return states, weight, targets


def plain(states: Tensor, weight: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    return functional.cross_entropy(states @ weight.t(), targets, label_smoothing=smoothing)


@pytest.fixture(autouse=True)
def _few_logits_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cross_entropy, "_LEAST_ROWS", 70)  # five blocks, the last one short
    monkeypatch.setattr(cross_entropy, "_LOGITS", 0)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_and_gradients_are_those_of_plain_cross_entropy(smoothing: float):
    states, weight, targets = made()
    expected = plain(states, weight, targets, smoothing)
    gradients = torch.autograd.grad(3 * expected, (states, weight))
    loss = projected_cross_entropy(states, weight, targets, smoothing=smoothing)
    torch.testing.assert_close(loss, expected, rtol=0, atol=1e-5)
    for ours, theirs in zip(torch.autograd.grad(3 * loss, (states, weight)), gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def test_in_bfloat16_it_is_as_near_as_bfloat16_allows():
    states, weight, targets = made()
    gradients = torch.autograd.grad(plain(states, weight, targets), (states, weight))
    with torch.autocast("cpu", torch.bfloat16):
        loss = projected_cross_entropy(states, weight, targets)
    assert loss.dtype == torch.float32
    for ours, theirs in zip(torch.autograd.grad(loss, (states, weight)), gradients, strict=True):
        assert ours.dtype == torch.float32
        assert (ours - theirs).norm() < 0.01 * theirs.norm()


def test_gradients_are_made_for_what_asks_for_them_alone():
    states, weight, targets = made()
    expected = torch.autograd.grad(plain(states, weight, targets), states)[0]
    loss = projected_cross_entropy(states, weight.detach(), targets)
    torch.testing.assert_close(torch.autograd.grad(loss, states)[0], expected, rtol=1e-5, atol=1e-6)
    with torch.no_grad():
        torch.testing.assert_close(projected_cross_entropy(states, weight, targets), loss.detach())


def test_where_nothing_counts_the_loss_and_its_gradients_are_0():
    states, weight, targets = made()
    loss = projected_cross_entropy(states, weight, torch.full_like(targets, IGNORED))
    assert loss == 0
    assert not any(gradient.any() for gradient in torch.autograd.grad(loss, (states, weight)))


def test_a_hopeless_target_has_a_finite_loss():
    states, weight, targets = torch.full((1, 4), 100.0), torch.eye(4) * torch.tensor([1.0, -9, 0, 0])[:, None], [1]
    assert projected_cross_entropy(states, weight, torch.tensor(targets)).item() == pytest.approx(1000)


def test_the_logits_never_exist_whole(monkeypatch: pytest.MonkeyPatch):
    seen: list[int] = []
    softmax = torch.log_softmax
    monkeypatch.setattr(
        torch, "log_softmax", lambda logits, dim: (seen.append(logits.numel()), softmax(logits, dim))[1]
    )
    projected_cross_entropy(*made()).backward()
    assert len(seen) == 5
    assert max(seen) <= 3500


def test_two_runs_are_bit_equal():
    first, second = (torch.autograd.grad(projected_cross_entropy(*given), given[:2]) for given in (made(), made()))
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))
