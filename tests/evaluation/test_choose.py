from __future__ import annotations

import msgspec
import pytest
from tests.evaluation.made_up import metrics

from wenlu.base.errors import WenluError
from wenlu.evaluation.choose import Candidate, choose, mcnemar_p_value


def answers(right: int, of: int) -> tuple[bool, ...]:
    return tuple(number < right for number in range(of))


def test_the_better_one_on_validation_is_chosen_and_the_sentence_says_why():
    choice = choose([Candidate("lstm", metrics(0.83)), Candidate("bag", metrics(0.861))])
    assert choice.name == "bag"
    assert choice.sentence == "bag is deployed: 86.1 % on validation against 83.0 % for lstm (+3.1 points)."


def test_equal_accuracy_is_decided_by_the_lower_log_loss():
    choice = choose([Candidate("bag", metrics(0.86, log_loss=0.5)), Candidate("lstm", metrics(0.86, log_loss=0.3))])
    assert choice.name == "lstm"
    assert "log loss is lower (0.300 against 0.500)" in choice.sentence


def test_a_difference_within_chance_is_called_not_distinguishable():
    choice = choose([Candidate("bag", metrics(0.86)), Candidate("lstm", metrics(0.855))])
    assert choice.name == "bag"
    assert "not distinguishable on these 4,000 texts" in choice.sentence


def test_paired_answers_tell_apart_what_two_shares_cannot():
    better, worse = metrics(0.86), metrics(0.855)
    unpaired = choose([Candidate("bag", better), Candidate("lstm", worse)])
    paired = choose([Candidate("bag", better, answers(3440, 4000)), Candidate("lstm", worse, answers(3420, 4000))])
    assert unpaired.p_value > 0.05 > paired.p_value
    assert "not distinguishable" not in paired.sentence


def test_mcnemar_agrees_with_the_binomial_computed_by_hand():
    one = (True,) * 6 + (False,) * 1 + (True,) * 5
    other = (False,) * 6 + (True,) * 1 + (True,) * 5
    assert mcnemar_p_value(one, other) == pytest.approx(2 * (1 + 7) / 2**7)


def test_mcnemar_of_equal_answers_is_certain_chance():
    assert mcnemar_p_value((True, False), (True, False)) == 1.0


def test_mcnemar_holds_for_more_texts_than_two_to_the_n_fits_a_float():
    one, other = (True,) * 3000 + (False,) * 2900, (False,) * 3000 + (True,) * 2900
    assert mcnemar_p_value(one, other) == pytest.approx(0.1975, abs=5e-4)


def test_a_lone_candidate_is_deployed_without_a_comparison():
    choice = choose([Candidate("bag", metrics(0.86))])
    assert choice.name == "bag"
    assert choice.p_value is None


def test_no_candidate_is_an_error():
    with pytest.raises(WenluError) as refused:
        choose([])
    assert refused.value.code == "no_candidates"


def test_candidates_measured_on_different_texts_are_not_compared():
    with pytest.raises(WenluError) as refused:
        choose([Candidate("bag", metrics(0.9, texts=100)), Candidate("lstm", metrics(0.9, texts=200))])
    assert refused.value.code == "not_comparable"


def test_two_perfect_candidates_are_not_distinguishable():
    perfect = msgspec.structs.replace(metrics(1.0), log_loss=0.1)
    assert choose([Candidate("bag", perfect), Candidate("lstm", perfect)]).p_value == 1.0
