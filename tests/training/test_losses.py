from __future__ import annotations

import pytest
import torch

from wenlu.training.losses import DEFAULT, LOSSES

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.0, 0.0, 0.0]])
LABELS = torch.tensor([0, 2])


def made(name: str, **settings: object):
    kind = LOSSES[name]
    counts = settings.pop("counts", (10, 10, 10))
    return kind(kind.Config(**settings), counts=counts)


def test_every_loss_gives_a_number_a_text_and_none_for_a_perfect_answer():
    for name in LOSSES:
        if LOSSES[name].task == "seq2seq":
            continue  # of ids, not of texts: tests/training/test_seq2seq.py
        if LOSSES[name].task == "classify":
            perfect = made(name)(torch.tensor([[99.0, -99.0, -99.0], [-99.0, -99.0, 99.0]]), LABELS)
        else:
            perfect = made(name)(torch.tensor([1.5, -3.0]), torch.tensor([1.5, -3.0]))
        torch.testing.assert_close(perfect, torch.zeros(2))


def test_every_task_has_a_usual_loss():
    assert all(LOSSES[name].task == task for task, name in DEFAULT.items())


def test_focal_with_gamma_0_is_cross_entropy_and_with_more_cares_less_for_what_is_known():
    plain = made("cross_entropy")(LOGITS, LABELS)
    torch.testing.assert_close(made("focal", gamma=0.0)(LOGITS, LABELS), plain)
    share = made("focal", gamma=2.0)(LOGITS, LABELS) / plain
    assert share[0] < share[1] < 1


def test_balanced_weights_let_labels_count_alike_and_an_average_text_count_one():
    counts = (90, 9, 1)
    loss = made("cross_entropy", class_weights="balanced", counts=counts)
    weight = [loss(torch.zeros(1, 3), torch.tensor([label])).item() for label in range(3)]
    per_label = [one * number for one, number in zip(weight, counts, strict=True)]
    assert per_label == pytest.approx([per_label[0]] * 3)
    assert sum(per_label) / sum(counts) == pytest.approx(float(torch.log(torch.tensor(3.0))))


def test_a_label_without_texts_weighs_nothing():
    loss = made("cross_entropy", class_weights="balanced", counts=(5, 5, 0))
    assert loss(torch.zeros(1, 3), torch.tensor([2])).item() == 0


def test_huber_is_half_a_square_near_and_a_line_far():
    near, far = made("huber", delta=1.0)(torch.tensor([0.5, 10.0]), torch.zeros(2)).tolist()
    assert (near, far) == pytest.approx((0.125, 9.5))


def test_hinge_is_that_of_a_support_vector_machine_a_label():
    loss = made("hinge")(torch.tensor([[0.5, -2.0, 0.0]]), torch.tensor([0]))
    assert loss.item() == pytest.approx(0.5**2 + 0 + 1**2)
