from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from wenlu.evaluation.facts import DatasetFacts, TokenizerFacts
from wenlu.evaluation.language.measures import Variety
from wenlu.evaluation.seq2seq.facts import Example, Judged, PairEpoch, PairReport
from wenlu.evaluation.seq2seq.measures import Figure, Foretold, Likeness
from wenlu.evaluation.seq2seq.report import render_report
from wenlu.evaluation.seq2seq.verdict import judge


def around(value: float, width: float = 0.02) -> Figure:
    return Figure(value, value - width, value + width)


def foretold(perplexity: float) -> Foretold:
    return Foretold(400, 4_000, around(perplexity, 0.4), around(2.0, 0.1))


def likeness(rouge_l: float) -> Likeness:
    return Likeness(around(rouge_l), around(rouge_l / 2), around(0.05))


def judged(**changes: Any) -> Judged:
    usual = Judged(
        train=foretold(9.0),
        validation=foretold(9.5),
        test=foretold(9.6),
        answers=400,
        own=likeness(0.6),
        trivial={"copy": likeness(0.5), "lead": likeness(0.4)},
        rival="copy",
        ahead=likeness(0.1),
        unended=0.0,
        written=Variety(400, (0.2, 0.6, 0.9), 0.01),
        people=Variety(400, (0.2, 0.6, 0.9), 0.01),
        examples=(Example("学而时习之", "学了又时常温习", "学习而时常温习", 0.8), Example("<b>", "b", "b", 1.0)),
        worst=(Example("今日は", "晴れ", "雨", 0.0),),
    )
    return replace(usual, **changes)


def history(*losses: float) -> list[PairEpoch]:
    return [PairEpoch(number, float(number), loss, loss, 10.0) for number, loss in enumerate(losses, 1)]


LEVEL = history(2.4, 2.3, 2.299)


def codes(found: Judged, epochs: list[PairEpoch] = LEVEL) -> list[str]:
    return [one.code for one in judge(found, epochs).findings]


def test_a_model_without_a_fault_is_called_healthy_and_its_rival_is_named():
    verdict = judge(judged(), LEVEL)
    assert [one.code for one in verdict.findings] == ["healthy"]
    assert "ROUGE-L 60.0 %" in verdict.sentence
    assert "copying the text has 50.0 %" in verdict.sentence


def test_what_the_trivial_does_better_or_as_well_is_said_first():
    behind = replace(likeness(0.1), rouge_l=Figure(-0.1, -0.12, -0.08))
    level = replace(likeness(0.1), rouge_l=Figure(0.01, -0.01, 0.03))
    assert codes(judged(ahead=behind, unended=0.5))[:1] == ["below_baseline"]
    assert "10.0 points" in judge(judged(ahead=behind), LEVEL).sentence
    assert codes(judged(ahead=level)) == ["same_as_baseline"]


def test_a_model_that_memorises_stops_early_never_ends_or_repeats_itself_is_told_so():
    assert codes(judged(validation=foretold(14.0))) == ["overfitting"]
    assert codes(judged(), history(3.0, 2.5, 2.0)) == ["undertraining"]
    assert codes(judged(unended=0.2)) == ["unended"]
    assert codes(judged(written=Variety(400, (0.1, 0.2, 0.3), 0.4))) == ["repetition"]


def test_a_gap_that_chance_explains_is_no_overfitting():
    unsure = replace(foretold(12.0), perplexity=Figure(12.0, 8.0, 16.0))
    assert codes(judged(validation=unsure)) == ["healthy"]


def test_where_a_text_is_its_own_target_it_is_judged_by_what_it_gives_back():
    alone = judged(trivial={}, rival="", ahead=None)
    sentence = judge(alone, LEVEL).sentence
    assert "letter for letter" in sentence
    assert "copying" not in sentence


@pytest.mark.parametrize("alone", [False, True])
def test_the_report_shows_everything_and_nothing_that_a_text_smuggles_in(*, alone: bool):
    found = judged(trivial={}, rival="", ahead=None) if alone else judged()
    report = PairReport(
        title="古文<script>",
        version="abc",
        created="2026-01-01T00:00:00+00:00",
        verdict=judge(found, LEVEL),
        judged=found,
        history=tuple(LEVEL),
        best=3,
        parameters=1_000_000,
        seconds=60.0,
        dataset=DatasetFacts("pairs", "1", {"train": 1}, {}, {}, language="zh"),
        tokenizer=TokenizerFacts("seq2seq", "character", 5000, 0.99, 0.01),
        lineage={"dataset": "pairs@1"},
        recipe="model: seq2seq",
    )
    page = render_report(report)
    assert "<script" not in page
    assert "<b>b" not in page
    assert "学习而时常温习" in page
    assert ("Ahead of the trivial" in page) is not alone
    assert ("Given back" in page) is alone
