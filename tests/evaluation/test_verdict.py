from __future__ import annotations

import re

import msgspec
import pytest
from tests.evaluation.made_up import history, metrics

from wenlu.base.errors import WenluError
from wenlu.evaluation.curve import Fraction
from wenlu.evaluation.doubts import Doubts, Giveaway, Leaks, Noise
from wenlu.evaluation.found import Remedy
from wenlu.evaluation.verdict import Verdict, best_epoch, judge
from wenlu.evaluation.words import _ENGLISH

GOOD = {
    "test": metrics(0.86),
    "validation": metrics(0.87),
    "train": metrics(0.91),
    "history": history(0.50, 0.40, 0.35, 0.36),
    "baseline": metrics(0.84),
    "majority_share": 0.5,
}


def codes(verdict: Verdict) -> list[str]:
    return [finding.code for finding in verdict.findings]


def test_a_good_run_is_healthy_and_nothing_else():
    verdict = judge(**GOOD)
    assert codes(verdict) == ["healthy"]
    assert verdict.sentence == (
        "86.0 % of 4,000 unseen texts are answered right (95 % interval 84.9–87.0 %); "
        "no fault was found: 91.0 % on training texts, 87.0 % on validation."
    )


def test_memorising_is_overfitting_and_says_since_when():
    memorised = {"train": metrics(0.99), "validation": metrics(0.849), "history": history(0.5, 0.4, 0.45, 0.6)}
    verdict = judge(**{**GOOD, **memorised})
    assert codes(verdict) == ["overfitting"]
    assert verdict.findings[0].evidence["since_epoch"] == 3
    assert verdict.findings[0].evidence["gap"] == pytest.approx(0.141)
    assert "it memorises: 99.0 % on training texts, 84.9 % on validation, a gap of 14.1 points" in verdict.sentence
    assert verdict.sentence.endswith("validation loss has risen since epoch 3.")


def test_a_gap_of_ten_points_is_not_yet_overfitting():
    close = {"train": metrics(0.96), "validation": metrics(0.87)}
    assert codes(judge(**{**GOOD, **close})) == ["healthy"]


def test_a_gap_that_few_validation_texts_explain_is_not_overfitting():
    by_chance = {"train": metrics(0.94), "validation": metrics(0.83, texts=12), "baseline": None}
    assert "overfitting" not in codes(judge(**{**GOOD, **by_chance}))


def test_a_model_under_the_baseline_is_told_so():
    verdict = judge(**{**GOOD, "baseline": metrics(0.88)})
    assert codes(verdict) == ["below_baseline"]
    assert "88.0 % on validation against 87.0 % here" in verdict.sentence


def test_without_a_baseline_nothing_is_below_it():
    assert codes(judge(**{**GOOD, "baseline": None})) == ["healthy"]


def test_a_model_poor_on_its_own_training_texts_is_underfitting():
    poor = {"train": metrics(0.58), "validation": metrics(0.57), "test": metrics(0.57), "baseline": None}
    verdict = judge(**{**GOOD, **poor})
    assert codes(verdict) == ["underfitting"]
    assert "58.0 % even on its own training texts" in verdict.sentence


def test_what_is_poor_depends_on_what_guessing_gives():
    sixty = {"train": metrics(0.62), "validation": metrics(0.60), "test": metrics(0.60), "baseline": None}
    assert codes(judge(**{**GOOD, **sixty, "majority_share": 0.12})) == ["healthy"]
    assert codes(judge(**{**GOOD, **sixty, "majority_share": 0.50})) == ["underfitting"]


def test_training_texts_known_worse_than_the_baseline_knows_unseen_ones_is_underfitting():
    slow = {"train": metrics(0.80), "validation": metrics(0.79), "baseline": metrics(0.85)}
    assert codes(judge(**{**GOOD, **slow})) == ["underfitting", "below_baseline"]


def test_a_last_epoch_that_is_the_best_and_still_falling_is_undertraining():
    verdict = judge(**{**GOOD, "history": history(0.6, 0.5, 0.42)})
    assert codes(verdict) == ["undertraining"]
    assert "fell from 0.500 to 0.420 in epoch 3" in verdict.sentence


def test_a_last_epoch_that_has_levelled_off_is_not_undertraining():
    assert codes(judge(**{**GOOD, "history": history(0.6, 0.4, 0.399)})) == ["healthy"]


def test_one_epoch_alone_shows_no_direction():
    assert codes(judge(**{**GOOD, "history": history(0.6)})) == ["healthy"]


def test_a_model_without_epochs_can_be_judged():
    assert codes(judge(**{**GOOD, "history": ()})) == ["healthy"]


def with_recall(label_recall: float, *, support: int = 100):
    first, second = metrics(0.9).per_class
    neglected = msgspec.structs.replace(second, recall=label_recall, support=support)
    return msgspec.structs.replace(metrics(0.9), per_class=(first, neglected))


def test_a_label_found_half_as_often_as_the_average_is_imbalance():
    verdict = judge(**{**GOOD, "test": with_recall(0.2)})
    assert codes(verdict) == ["imbalance"]
    assert "“差评” is neglected: 20.0 % of its texts are found" in verdict.sentence


def test_recall_among_a_handful_of_texts_is_no_evidence():
    assert codes(judge(**{**GOOD, "test": with_recall(0.2, support=5)})) == ["healthy"]


def test_one_label_on_most_texts_is_imbalance():
    crowded = {"majority_share": 0.85, "train": metrics(0.95)}
    assert codes(judge(**{**GOOD, **crowded})) == ["imbalance"]


def test_a_test_set_too_small_to_be_sure_is_told_with_the_number_needed():
    verdict = judge(**{**GOOD, "test": metrics(0.86, texts=200)})
    assert codes(verdict) == ["few_texts"]
    assert "200 test texts are too few" in verdict.sentence
    assert re.search(r"About 500 test texts", verdict.findings[0].advice)


def test_several_faults_are_all_found_the_causes_first():
    broken = {"baseline": metrics(0.95), "train": metrics(0.99), "test": metrics(0.86, texts=200)}
    verdict = judge(**{**GOOD, **broken})
    assert codes(verdict) == ["overfitting", "below_baseline", "few_texts"]


def test_a_label_with_braces_and_markup_is_quoted_as_it_is():
    odd = with_recall(0.1)
    renamed = msgspec.structs.replace(odd.per_class[1], label="{label}<b>")
    verdict = judge(**{**GOOD, "test": msgspec.structs.replace(odd, per_class=(odd.per_class[0], renamed))})
    assert "“{label}<b>” is neglected" in verdict.sentence


def test_the_best_epoch_is_the_first_among_equals():
    assert best_epoch(history(0.5, 0.3, 0.3)).number == 2


def test_a_share_that_is_none_is_refused():
    with pytest.raises(WenluError) as refused:
        judge(**{**GOOD, "majority_share": 0.0})
    assert refused.value.code == "bad_share"


def test_a_difference_from_the_baseline_that_chance_explains_is_none():
    assert codes(judge(**{**GOOD, "baseline": metrics(0.88), "p_value": 0.3})) == ["healthy"]


def with_rare(recall: float, *, support: int = 20) -> dict:
    first, second = metrics(0.9).per_class
    rare = msgspec.structs.replace(second, recall=recall, support=support)
    changed = msgspec.structs.replace(metrics(0.9), per_class=(first, rare))
    return {"test": changed, "validation": changed, "shares": {"好评": 0.97, "差评": 0.03}}


def test_a_rare_label_that_is_hardly_found_is_imbalance_whatever_else_is_wrong():
    poor = {"train": metrics(0.58), "baseline": None, **with_rare(0.1)}
    verdict = judge(**{**GOOD, **poor})
    assert codes(verdict) == ["imbalance", "underfitting"]
    assert "“差评”, on 3.0 % of the training texts, is neglected: 10.0 % of its 40 unseen texts" in verdict.sentence


def test_a_rare_label_that_is_found_is_no_fault():
    assert codes(judge(**{**GOOD, **with_rare(0.85)})) == ["healthy"]


def test_so_few_texts_of_a_rare_label_that_chance_explains_them_tell_nothing():
    assert codes(judge(**{**GOOD, **with_rare(0.0, support=1)})) == ["healthy"]


def test_copies_in_test_come_before_everything():
    leaks = Leaks(texts=400, copies=40, accuracy_of_copies=0.99, accuracy_of_others=0.8)
    memorised = {"train": metrics(0.99), "validation": metrics(0.84)}
    verdict = judge(**{**GOOD, **memorised, "doubts": Doubts(leaks=leaks)})
    assert codes(verdict) == ["leak", "overfitting"]
    assert "40 test texts (10.0 %) are nearly the same as training texts: 99.0 % of them" in verdict.sentence


@pytest.mark.parametrize(("texts", "copies"), [(400, 3), (10_000, 60), (400, 0)])
def test_a_few_copies_among_many_texts_are_no_leak(texts: int, copies: int):
    leaks = Leaks(texts=texts, copies=copies, accuracy_of_copies=1.0, accuracy_of_others=0.8)
    assert codes(judge(**{**GOOD, "doubts": Doubts(leaks=leaks)})) == ["healthy"]


def test_labels_that_contradict_the_surest_answers_are_noise():
    verdict = judge(**{**GOOD, "doubts": Doubts(noise=Noise(sure=300, contradicted=60, skill=0.6, doubted=71))})
    assert codes(verdict) == ["label_noise"]
    assert "20.0 % are labelled otherwise; 71 labels are doubted by every model" in verdict.sentence


@pytest.mark.parametrize(("sure", "contradicted"), [(300, 12), (20, 3), (0, 0)])
def test_few_contradictions_or_few_texts_are_no_noise(sure: int, contradicted: int):
    assert codes(judge(**{**GOOD, "doubts": Doubts(noise=Noise(sure, contradicted, skill=0.6))})) == ["healthy"]


def test_a_piece_of_text_that_tells_a_label_is_said():
    told = Doubts(giveaways=(Giveaway("本報記者", "新聞", 1.0, 0.93),))
    verdict = judge(**{**GOOD, "doubts": told})
    assert codes(verdict) == ["giveaway"]
    assert "“本報記者” gives the label “新聞” away: it stands in 93.0 % of its texts" in verdict.sentence


def test_advices_are_numbered_in_the_order_of_the_findings_and_carry_their_change():
    remedies = {
        "overfitting": Remedy(
            "dropout", ("model.dropout=0.5",), {"setting": "model.dropout", "old": "0.3", "new": "0.5"}
        )
    }
    broken = {"baseline": metrics(0.95), "train": metrics(0.99), "validation": metrics(0.84), "remedies": remedies}
    findings = judge(**{**GOOD, **broken}).findings
    assert [(one.code, one.name, one.changes) for one in findings] == [
        ("overfitting", "advice-1", ("model.dropout=0.5",)),
        ("below_baseline", "advice-2", ()),
    ]
    assert findings[0].advice == "Hold it back: raise model.dropout from 0.3 to 0.5."


def test_what_is_healthy_asks_for_nothing():
    (finding,) = judge(**{**GOOD, "remedies": {}}).findings
    assert (finding.name, finding.changes) == ("", ())


def test_a_model_that_is_not_the_recipes_own_has_no_advice_to_ask_for():
    assert [one.name for one in judge(**{**GOOD, "baseline": metrics(0.90)}).findings] == [""]


def test_every_finding_has_its_advice_in_the_catalogue():
    said = {key.split(".")[1] for key in _ENGLISH if key.startswith("clause.")}
    advised = {key.split(".")[1] for key in _ENGLISH if key.startswith("advice.")}
    assert said == advised


def test_a_verdict_survives_json():
    verdict = judge(**GOOD)
    assert msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict) == verdict


def curve(*accuracies: float) -> tuple[Fraction, ...]:
    shares = (0.25, 0.5, 1.0)
    return tuple(Fraction(share, round(8000 * share), one) for share, one in zip(shares, accuracies, strict=True))


def test_a_curve_that_still_rises_asks_for_more_texts():
    verdict = judge(**{**GOOD, "curve": curve(0.78, 0.83, 0.87)})
    assert codes(verdict) == ["high_variance"]
    assert verdict.findings[0].evidence["gain"] == pytest.approx(0.04)
    assert "87.0 % on validation with 8,000 training texts, 83.0 % with 4,000" in verdict.sentence
    assert verdict.findings[0].advice.endswith("gained 4.0 points, so 16,000 should gain nearly as much again.")


@pytest.mark.parametrize("accuracies", [(0.86, 0.866, 0.87), (0.86, 0.855, 0.87), (0.87, 0.87, 0.865)])
def test_a_flat_curve_or_one_within_chance_asks_for_nothing(accuracies: tuple[float, ...]):
    assert codes(judge(**{**GOOD, "curve": curve(*accuracies), "validation": metrics(0.87, texts=800)})) == ["healthy"]


def test_a_rise_that_training_texts_share_is_no_variance():
    alike = {"train": metrics(0.87), "validation": metrics(0.87), "curve": curve(0.78, 0.83, 0.87)}
    assert codes(judge(**{**GOOD, **alike})) == ["healthy"]


def test_poor_and_still_improving_is_to_be_trained_longer_first():
    poor = {"train": metrics(0.58), "validation": metrics(0.57), "baseline": None, "history": history(0.69, 0.67, 0.64)}
    assert codes(judge(**{**GOOD, **poor})) == ["undertraining", "underfitting"]


def test_what_is_worse_at_its_own_texts_than_the_baseline_at_new_ones_has_not_memorised_enough_to_matter():
    both = {"train": metrics(0.80), "validation": metrics(0.66), "baseline": metrics(0.93)}
    assert codes(judge(**{**GOOD, **both})) == ["underfitting", "overfitting", "below_baseline"]


def test_a_model_that_has_hardly_learned_is_no_judge_of_labels():
    assert codes(judge(**{**GOOD, "doubts": Doubts(noise=Noise(sure=300, contradicted=60, skill=0.2))})) == ["healthy"]


def test_what_knows_its_training_texts_was_not_stopped_too_early():
    known = {"train": metrics(0.995), "validation": metrics(0.96), "history": history(0.6, 0.5, 0.42)}
    assert codes(judge(**{**GOOD, **known})) == ["healthy"]
