from __future__ import annotations

import numpy as np

from wenlu.evaluation.hardest import hardest_texts

TRUTH = np.array([0, 1, 0, 1])
PROBABILITIES = np.array([[0.9, 0.1], [0.7, 0.3], [0.05, 0.95], [0.2, 0.8]])
TEXTS = ["很好", "一般", "不错" * 200, "太差"]


def hardest(**change):
    given = {"labels": ("好评", "差评"), "truth": TRUTH, "probabilities": PROBABILITIES, **change}
    return hardest_texts(TEXTS, **given)


def test_only_mistakes_are_shown_the_surest_first():
    assert [(one.truth, one.answer, one.probability) for one in hardest()] == [
        ("好评", "差评", 0.95),
        ("差评", "好评", 0.7),
    ]


def test_long_texts_are_cut_and_say_so():
    shown = hardest()[0].text
    assert len(shown) == 200
    assert shown.endswith("…")


def test_no_more_than_the_limit_are_shown():
    assert len(hardest(limit=1)) == 1


def test_a_model_without_mistakes_has_no_hardest_texts():
    assert hardest(truth=np.array([0, 0, 1, 1])) == ()
