"""Figures of a model of numbers: against plain definitions, with their intervals, and in words."""

from __future__ import annotations

import math
import re

import msgspec
import numpy as np
import pytest

from wenlu.base.errors import WenluError
from wenlu.evaluation import bootstrap
from wenlu.evaluation.bootstrap import drawn
from wenlu.evaluation.facts import DatasetFacts, TokenizerFacts
from wenlu.evaluation.regression.choose import Candidate, choose, compare
from wenlu.evaluation.regression.facts import CandidateFacts, Report
from wenlu.evaluation.regression.metrics import Metrics, measure
from wenlu.evaluation.regression.report import render_report
from wenlu.evaluation.regression.verdict import Epoch, judge
from wenlu.evaluation.regression.worst import drawn_answers, worst_texts

CHANCE = np.random.default_rng(7)
TRUTH = CHANCE.normal(3, 1, 600)


def answers(error: float, *, seed: int = 1) -> np.ndarray:
    return TRUTH + np.random.default_rng(seed).normal(0, error, len(TRUTH))


def measured(error: float, *, seed: int = 1) -> Metrics:
    return measure(truth=TRUTH, answers=answers(error, seed=seed), mean=3.0)


def ranks(numbers: np.ndarray) -> np.ndarray:
    """Average ranks by their definition: one more than are smaller, and half of those that are equal."""
    return np.array([(numbers < one).sum() + ((numbers == one).sum() + 1) / 2 for one in numbers])


def test_figures_are_those_of_their_definitions():
    truth, said = np.round(TRUTH[:80], 0), np.round(answers(0.7)[:80], 1)  # many equal numbers
    found = measure(truth=truth, answers=said, mean=2.5)
    assert found.pearson.value == pytest.approx(np.corrcoef(truth, said)[0, 1])
    assert found.spearman.value == pytest.approx(np.corrcoef(ranks(truth), ranks(said))[0, 1])
    assert found.rmse.value == pytest.approx(math.sqrt(np.square(said - truth).mean()))
    assert found.mae.value == pytest.approx(np.abs(said - truth).mean())
    assert found.r2.value == pytest.approx(1 - np.square(said - truth).sum() / np.square(truth - truth.mean()).sum())
    assert found.mean_rmse == pytest.approx(math.sqrt(np.square(truth - 2.5).mean()))


def test_a_weighted_draw_is_the_same_as_the_drawn_texts_themselves():
    chosen = np.random.default_rng(3).integers(len(TRUTH), size=len(TRUTH))
    weights = np.bincount(chosen, minlength=len(TRUTH)).astype(float)
    from wenlu.evaluation.regression.metrics import _Figures

    truth, said = np.round(TRUTH, 1), np.round(answers(0.5), 1)
    of_weights = _Figures(truth, said)(weights[None])[0]
    again = measure(truth=truth[chosen], answers=said[chosen], mean=0)
    values = [getattr(again, name).value for name in ("pearson", "spearman", "rmse", "mae", "r2")]
    assert of_weights.tolist() == pytest.approx(values)


def test_intervals_are_the_same_every_time_and_as_wide_as_theory_says():
    found = measured(0.5)
    assert found == measured(0.5)
    # The error of a mean of absolute values is their deviation over the root of their number.
    half = 1.96 * np.abs(answers(0.5) - TRUTH).std() / math.sqrt(len(TRUTH))
    assert (found.mae.high - found.mae.low) / 2 == pytest.approx(half, rel=0.15)
    for figure in (found.pearson, found.spearman, found.rmse, found.mae, found.r2):
        assert figure.low < figure.value < figure.high


def test_memory_is_bounded_and_parts_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch):
    sizes = []

    def figure(weights: np.ndarray) -> np.ndarray:
        sizes.append(weights.size)
        return weights @ TRUTH

    whole = drawn(figure, len(TRUTH), draws=50)
    monkeypatch.setattr(bootstrap, "_CELLS", 10 * len(TRUTH))
    parted = drawn(figure, len(TRUTH), draws=50)
    np.testing.assert_allclose(whole, parted)
    assert sizes == [50 * 600, *[10 * 600] * 5]


def test_an_answer_that_never_changes_has_no_correlation():
    found = measure(truth=TRUTH, answers=np.full(len(TRUTH), 3.1), mean=3.0)
    assert (found.pearson.value, found.spearman.value) == (0.0, 0.0)
    assert found.rmse.value == pytest.approx(found.mean_rmse, rel=0.05)


@pytest.mark.parametrize(
    ("truth", "said", "code"),
    [
        ([], [], "no_texts"),
        ([1.0], [1.0, 2.0], "bad_predictions"),
        ([1.0, 2.0], [1.0, float("nan")], "bad_predictions"),
    ],
)
def test_what_can_not_be_measured_is_a_sentence(truth: list[float], said: list[float], code: str):
    with pytest.raises(WenluError) as caught:
        measure(truth=np.array(truth), answers=np.array(said), mean=0.0)
    assert caught.value.code == code


def candidate(name: str, said: np.ndarray) -> Candidate:
    return Candidate(name, measure(truth=TRUTH, answers=said, mean=3.0), tuple((said - TRUTH).tolist()))


def test_a_small_difference_on_the_same_texts_shows_where_two_intervals_overlap():
    base = answers(0.5)
    better = TRUTH + (base - TRUTH) * 0.98
    found = compare((better - TRUTH).tolist(), (base - TRUTH).tolist())
    assert found.clear
    assert found.gain == pytest.approx(0.02 * math.sqrt(np.square(base - TRUTH).mean()))
    choice = choose([candidate("bag", base), candidate("pair", better)])
    assert choice.name == "pair"
    assert "better by" in choice.sentence


def test_models_that_are_equal_but_for_chance_are_called_not_distinguishable():
    choice = choose([candidate("a", answers(0.5, seed=1)), candidate("b", answers(0.5, seed=2))])
    assert "not distinguishable on these 600 texts" in choice.sentence
    assert "only candidate" in choose([candidate("a", TRUTH)]).sentence
    with pytest.raises(WenluError, match="no candidate"):
        choose([])
    with pytest.raises(WenluError, match="same texts"):
        choose([candidate("a", TRUTH), Candidate("b", measured(0.1), (0.1,))])


def many(found: Metrics) -> Metrics:
    """The same, as sure as many texts would make it."""
    rmse = msgspec.structs.replace(found.rmse, low=found.rmse.value * 0.98, high=found.rmse.value * 1.02)
    return msgspec.structs.replace(found, rmse=rmse)


def epochs(*losses: float) -> tuple[Epoch, ...]:
    return tuple(Epoch(n, loss, loss, loss, math.sqrt(loss), 1.0) for n, loss in enumerate(losses, 1))


@pytest.mark.parametrize(
    ("train", "validation", "baseline", "history", "code"),
    [
        (0.5, 0.52, None, (0.5, 0.3, 0.31), "healthy"),
        (0.5, 0.6, 0.5, (0.5, 0.3, 0.31), "below_baseline"),
        (0.98, 0.99, None, (0.5, 0.3, 0.31), "underfitting"),
        (0.4, 1.1, None, (0.5, 0.3, 0.31), "underfitting"),
        (0.2, 0.6, None, (0.5, 0.3, 0.31), "overfitting"),
        (0.5, 0.52, None, (0.9, 0.5, 0.3), "undertraining"),
    ],
)
def test_a_fault_is_found(train: float, validation: float, baseline: float | None, history: tuple, code: str):
    found = judge(
        test=many(measured(0.5)),
        validation=measured(validation, seed=2),
        train=measured(train, seed=3),
        history=epochs(*history),
        baseline=None if baseline is None else measured(baseline, seed=4),
    )
    assert found.findings[0].code == code
    assert found.sentence.startswith("On 600 unseen texts it is off by 0.37")


def test_few_texts_are_told_with_how_many_would_do():
    few = measure(truth=TRUTH[:40], answers=answers(0.5)[:40], mean=3.0)
    found = judge(test=few, validation=few, train=few, history=epochs(0.5, 0.3, 0.31), baseline=None)
    assert [one.code for one in found.findings] == ["few_texts"]
    assert re.search(r"About \d[\d,]* test texts", found.findings[0].advice)


def test_the_report_shows_all_of_it_and_users_words_as_words():
    texts = ["<script>alert(1)</script>␞" + "長" * 300] * len(TRUTH)
    said = answers(0.5)
    facts = [
        CandidateFacts(name, 1000, 3.0, epochs(0.5, 0.3), measured(0.4), measured(0.5), measured(0.5), name == "pair")
        for name in ("pair", "bag")
    ]
    report = Report(
        title="jsts",
        version="1",
        created="2026-01-01",
        verdict=judge(
            test=measured(0.5), validation=measured(0.5), train=measured(0.4), history=epochs(0.5), baseline=None
        ),
        choice="pair is deployed.",
        dataset=DatasetFacts("d", "1", {"train": 10}, {}, {}),
        tokenizer=TokenizerFacts("char", "char", 100, 1.0, 0.0),
        candidates=tuple(facts),
        answers=drawn_answers(TRUTH, said),
        worst=worst_texts(texts, truth=TRUTH, answers=said),
        recipe="wenlu: 1",
    )
    page = render_report(report)
    assert "<script" not in page
    assert page.count('class="dot test"') == len(TRUTH)
    assert sum(report.answers.residuals.values()) == len(TRUTH)
    errors = [abs(one.answer - one.truth) for one in report.worst]
    assert errors == sorted(errors, reverse=True)
    assert len(errors) == 20
    with pytest.raises(WenluError, match="about one candidate"):
        render_report(Report(**{name: getattr(report, name) for name in report.__struct_fields__} | {"subject": "x"}))


def test_many_answers_are_drawn_in_part():
    many = np.arange(10_000, dtype=float)
    assert len(drawn_answers(many, many + 1).points) == 2_000
