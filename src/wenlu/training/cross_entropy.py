"""Cross-entropy of states against the next ids, without ever holding all logits.

Logits of N ids and V possible ones are N·V numbers; with their gradient they are by far the largest thing of a step.
Here they exist for some rows at a time: loss and gradients of these rows are computed at once, and the logits go.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

IGNORED = -100  # a target that counts nothing, as in torch's own cross-entropy
# Logits held at once: 8 MB. Of 8,192 ids they are 256 rows; 64 or 512 took longer by 8 to 28 %.
_LOGITS = 1 << 21
_LEAST_ROWS = 128  # fewer read the weight too often for what they do with it


def projected_cross_entropy(
    states_NE: Tensor, weight_VE: Tensor, targets_N: Tensor, *, smoothing: float = 0.0
) -> Tensor:
    """The mean of −log softmax(states · weightᵀ)[target] over targets that are not `IGNORED`; 0 where all are.

    `smoothing` is the share of a target's weight that all V ids divide among them (Szegedy et al. 2016). Products run
    in the kind of number of `states_NE` (or of autocast), all else in float32. The order of sums depends on N and V
    alone. Memory: two blocks of about 2 million logits, or of 128 rows, and a gradient each of states and weight.
    """
    device = states_NE.device.type
    if torch.is_autocast_enabled(device):
        states_NE = states_NE.to(torch.get_autocast_dtype(device))
    with torch.autocast(device, enabled=False):
        loss: Tensor = _Projected.apply(states_NE, weight_VE, targets_N, smoothing)
    return loss


@torch.no_grad()
def projected_likeliest(states_NE: Tensor, weight_VE: Tensor) -> Tensor:
    """The id [N] of the highest logit of each state, in the same bounded memory."""
    device = states_NE.device.type
    if torch.is_autocast_enabled(device):
        states_NE = states_NE.to(torch.get_autocast_dtype(device))
    with torch.autocast(device, enabled=False):
        kept_VE = weight_VE.to(states_NE.dtype)
        blocks = states_NE.split(_rows_together(weight_VE))
        return torch.cat([(some_RE @ kept_VE.t()).argmax(1) for some_RE in blocks])


class _Projected(torch.autograd.Function):
    """Gradients are made on the way forward, where the logits are."""

    @staticmethod
    def forward(ctx: Any, states_NE: Tensor, weight_VE: Tensor, targets_N: Tensor, smoothing: float) -> Tensor:
        counted = (targets_N != IGNORED).sum().clamp(min=1)
        kept_VE = weight_VE.to(states_NE.dtype)
        wanted = ctx.needs_input_grad
        slope_NE = torch.empty_like(states_NE) if wanted[0] else None
        slope_VE = torch.zeros(weight_VE.shape, dtype=torch.float32, device=weight_VE.device) if wanted[1] else None
        total = torch.zeros((), dtype=torch.float32, device=states_NE.device)
        rows = _rows_together(weight_VE)
        for start in range(0, len(states_NE), rows):
            some_RE, targets_R = states_NE[start : start + rows], targets_N[start : start + rows]
            logs_RV = torch.log_softmax((some_RE @ kept_VE.t()).float(), dim=1)
            total += _loss(logs_RV, targets_R, smoothing)
            if not any(wanted):
                continue
            slope_RV = _slope(logs_RV, targets_R, smoothing).to(states_NE.dtype)
            # Of the mean, by rows that count. Said to the small factors of the products, not to all logits.
            share_R1 = ((targets_R != IGNORED) / counted).to(states_NE.dtype).unsqueeze(1)
            if slope_NE is not None:
                torch.mm(slope_RV, kept_VE, out=slope_NE[start : start + rows]).mul_(share_R1)
            if slope_VE is not None:
                _add_product(slope_VE, slope_RV.t(), some_RE * share_R1)
        ctx.save_for_backward(slope_NE, None if slope_VE is None else slope_VE.to(weight_VE.dtype))
        return total / counted

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        slope_NE, slope_VE = ctx.saved_tensors
        return _times(slope_NE, slope), _times(slope_VE, slope), None, None


def _rows_together(weight_VE: Tensor) -> int:
    return max(_LEAST_ROWS, _LOGITS // weight_VE.size(0))


def _loss(logs_RV: Tensor, targets_R: Tensor, smoothing: float) -> Tensor:
    """The sum of the rows' losses."""
    real_R = targets_R != IGNORED
    places_R1 = targets_R.where(real_R, 0).unsqueeze(1)
    losses_R = -(1 - smoothing) * logs_RV.gather(1, places_R1).squeeze(1)
    if smoothing:
        losses_R = losses_R - smoothing * logs_RV.mean(1)
    return losses_R.where(real_R, 0).sum()


def _slope(logs_RV: Tensor, targets_R: Tensor, smoothing: float) -> Tensor:
    """The gradient of each row's loss by its logits: softmax less the target's distribution. Overwrites `logs_RV`."""
    slope_RV = logs_RV.exp_()
    if smoothing:
        slope_RV -= smoothing / slope_RV.size(1)
    places_R1 = targets_R.where(targets_R != IGNORED, 0).unsqueeze(1)
    less_R1 = torch.full_like(places_R1, smoothing - 1, dtype=torch.float32)
    return slope_RV.scatter_add_(1, places_R1, less_R1)


def _add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """`total += left @ right`, summed in float32 whatever the factors are."""
    if left.dtype == total.dtype:
        torch.addmm(total, left, right, out=total)
    else:
        total += left @ right


def _times(slope: Tensor | None, factor: Tensor) -> Tensor | None:
    return None if slope is None else slope * factor.to(slope.dtype)
