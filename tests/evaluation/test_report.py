from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import numpy as np
import pytest
from tests.evaluation.made_up import history, metrics

from wenlu.base.errors import WenluError
from wenlu.evaluation.curve import Fraction
from wenlu.evaluation.doubts import CopiedText, DoubtedText, Doubts, Leaks, Noise
from wenlu.evaluation.found import Remedy
from wenlu.evaluation.hardest import HardText
from wenlu.evaluation.report import CandidateFacts, DatasetFacts, Report, TokenizerFacts, render_report, report_json
from wenlu.evaluation.verdict import judge

VOID = {"meta", "br", "hr"}
RIGHT_TO_LEFT = "\u202e"


class Page(HTMLParser):
    """What a page is made of; an end that closes another tag than the open one is an error."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def names(self) -> set[str]:
        return {tag for tag, _ in self.tags}

    def count(self, name: str, style: str) -> int:
        return sum(tag == name and style in (attrs.get("class") or "").split() for tag, attrs in self.tags)

    def said(self) -> str:
        return "".join(self.texts).replace("\u00a0", " ").replace("\u2060", "")


def report(*, labels=("好评", "差评"), **change) -> Report:
    good = metrics(0.86, labels=labels)
    verdict = judge(
        test=good, validation=good, train=good, history=history(0.5, 0.4, 0.41), baseline=None, majority_share=0.5
    )
    candidate = CandidateFacts("bag", 3_200_130, 8.8, history(0.5, 0.4, 0.41), good, good, good, deployed=True)
    whole = Report(
        title="sentiment",
        version="3f9c2ab81d07",
        created="2026-03-14 09:26 UTC",
        verdict=verdict,
        choice="bag is deployed: it is the only candidate, 86.0 % on validation.",
        candidates=(candidate,),
        dataset=DatasetFacts(
            name="reviews",
            version="b41f09c2e7a3",
            splits={"train": 13938, "validation": 1741, "test": 1742},
            dropped={"duplicate": 16402, "smells_odd": 3},
            labels=dict.fromkeys(labels, 5),
            label_conflicts=19,
            language="zh",
        ),
        tokenizer=TokenizerFacts("word", "rjieba 0.1.13", 21874, 0.981, 0.024),
        hardest=(HardText("真是太好了，等来一个坏的！", labels[1], labels[0], 0.973),),
        lineage={"Dataset": "reviews b41f09c2e7a3"},
        recipe="wenlu: 1\nname: sentiment\n",
    )
    return msgspec.structs.replace(whole, **change)


def shown(**change) -> Page:
    return Page(render_report(report(**change)))


@pytest.mark.parametrize("classes", [2, 9, 20, 21, 60])
def test_every_tag_is_closed_in_order(classes):
    page = shown(labels=[f"类{number}" for number in range(classes)])
    assert page.open == []
    assert {"svg", "table", "section"} <= page.names()


def test_the_page_asks_for_nothing_else():
    page = render_report(report())
    for reach in ("http://", "https://", "<script", "src=", "href=", "url(", "@import", "<link", "<img"):
        assert reach not in page
    assert "default-src 'none'; style-src 'unsafe-inline'" in Page(page).tags[3][1]["content"]


def test_words_of_users_stay_words_wherever_they_stand():
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>&amp;'
    change = {
        "labels": (evil, "差评"),
        "title": evil,
        "version": evil,
        "choice": evil,
        "recipe": evil,
        "lineage": {evil: evil},
        "hardest": (HardText(evil, evil, evil, 0.9),),
        "tokenizer": TokenizerFacts(evil, evil, 1, 1.0, 0.0),
        "dataset": DatasetFacts(evil, evil, {evil: 1}, {evil: 1}, {evil: 1}, 0, evil),
    }
    harmless, attacked = shown(), shown(**change)
    assert "script" not in attacked.names()
    assert "img" not in attacked.names()
    assert not any(name.startswith("on") for _, attrs in attacked.tags for name in attrs)
    assert attacked.names() == harmless.names()
    assert attacked.said().count(evil) > 12


def test_direction_marks_of_a_text_end_with_the_text():
    page = render_report(report(hardest=(HardText(f"{RIGHT_TO_LEFT}abc", f"{RIGHT_TO_LEFT}x", "y", 0.9),)))
    assert f"<bdi>{RIGHT_TO_LEFT}abc</bdi>" in page
    assert page.count(RIGHT_TO_LEFT) == len(re.findall(f"<bdi[^>]*>{RIGHT_TO_LEFT}", page))


def test_controls_and_half_surrogates_do_not_break_the_file():
    page = render_report(report(hardest=(HardText("a\x00b\x1b\ud83dc", "x", "y", 0.9),)))
    assert "a␀b␛�c".encode() in page.encode("utf-8")


@pytest.mark.parametrize("losses", [(0.5,), (0.4, 0.4, 0.4), (3.0, 1.0, 0.2), tuple(1 / n for n in range(1, 200))])
def test_every_number_drawn_is_finite_and_inside_its_drawing(losses):
    candidate = msgspec.structs.replace(report().candidates[0], history=history(*losses))
    page = shown(candidates=(candidate,))
    drawn = [attrs for tag, attrs in page.tags if tag in ("line", "rect", "polyline")]
    numbers = [
        float(text)
        for attrs in drawn
        for name in ("x", "y", "x1", "x2", "y1", "y2", "width", "height", "points")
        for text in re.split("[ ,]", attrs.get(name) or "0")
    ]
    assert len(drawn) > 20
    assert np.isfinite(numbers).all()
    assert min(numbers) >= 0
    assert max(numbers) <= 100.01


def test_the_verdict_and_the_choice_come_first():
    said = shown().said()
    verdict, choice = said.index("86.0 % of 4,000 unseen texts"), said.index("bag is deployed")
    assert verdict < choice < said.index("Findings")


def test_the_three_key_figures_are_those_of_the_deployed_candidate():
    deployed = report().candidates[0]
    other = msgspec.structs.replace(deployed, name="lstm", test=metrics(0.5), deployed=False)
    page = shown(candidates=(other, deployed))
    assert re.search(r"Answered right86\.0", page.said())
    assert page.count("dd", "amount") == 3


def test_both_curves_of_a_trained_candidate_mark_its_best_epoch():
    page = shown()
    assert page.count("line", "mark") == 2
    assert page.said().count("best epoch") == 2


def test_a_candidate_without_epochs_has_no_curves():
    candidate = msgspec.structs.replace(report().candidates[0], history=())
    assert "polyline" not in shown(candidates=(candidate,)).names()


@pytest.mark.parametrize(("classes", "cells"), [(2, 4), (20, 400), (21, 0)])
def test_the_map_of_confusions_gives_way_to_a_list_where_it_would_be_too_wide(classes, cells):
    page = shown(labels=[f"类{number}" for number in range(classes)])
    assert page.count("td", "right") + page.count("td", "wrong") == cells
    assert ("Most often confused" in page.said()) == (classes > 3)


def test_a_perfect_model_can_be_reported():
    perfect = metrics(1.0)
    candidate = msgspec.structs.replace(report().candidates[0], train=perfect, validation=perfect, test=perfect)
    page = shown(candidates=(candidate,), hardest=())
    assert "100.0" in page.said()
    assert "Confidently wrong" not in page.said().split("The confidently wrong texts")[-1]


def test_a_reason_nobody_foresaw_is_shown_by_its_name():
    said = shown().said()
    assert "smells odd" in said
    assert "33,826 texts read, 17,421 kept, 16,405 dropped" in said


def test_characters_are_drawn_in_the_language_of_the_dataset():
    languages = [attrs["lang"] for tag, attrs in shown().tags if tag == "div" and "lang" in attrs]
    assert languages == ["zh"] * 3


def test_a_report_can_be_about_a_candidate_that_is_not_deployed():
    deployed = report().candidates[0]
    other = msgspec.structs.replace(deployed, name="lstm", test=metrics(0.5), deployed=False)
    said = shown(candidates=(deployed, other), subject="lstm").said()
    assert "Answered right50.0" in said
    assert said.index("lstm3 epochs") < said.index("bag3 epochs")


@pytest.mark.parametrize("deployed", [0, 2])
def test_a_report_needs_exactly_one_candidate_to_be_about(deployed):
    candidate = report().candidates[0]
    several = tuple(msgspec.structs.replace(candidate, deployed=number < deployed) for number in range(2))
    with pytest.raises(WenluError) as refused:
        render_report(report(candidates=several))
    assert refused.value.code == "no_subject"


def test_the_same_report_is_rendered_byte_for_byte_alike():
    again = msgspec.json.decode(msgspec.json.encode(report()), type=Report)
    assert render_report(again) == render_report(report())


def doubtful_report() -> Report:
    doubted = DoubtedText("<b>真好</b>", "validation", "差评", "好评", 0.98)
    copied = CopiedText("好吃！" + RIGHT_TO_LEFT, "好吃", 0.96)
    return report(
        doubts=Doubts(
            leaks=Leaks(100, 9, 1.0, 0.8, shown=(copied,)),
            noise=Noise(33, 9, skill=0.7, doubted=12, shown=(doubted,)),
        ),
        curve=(Fraction(0.25, 100, 0.7), Fraction(0.5, 200, 0.75), Fraction(1.0, 400, 0.86)),
    )


def test_doubtful_labels_and_copies_are_listed_with_their_texts():
    page = Page(render_report(doubtful_report()))
    said = page.said()
    assert "Doubtful labels" in said
    assert "<b>真好</b>" in said  # as words, not as markup
    assert "1 of 12 doubted labels." in said
    assert "Copies" in said
    assert "96.0 %" in said
    assert "The last doubling of the texts gained 11.0 points: more texts would help." in said


def test_an_advice_stands_by_its_name_with_its_settings():
    remedy = Remedy("dropout", ("model.dropout=0.5",), {"setting": "model.dropout", "old": "0.3", "new": "0.5"})
    verdict = judge(
        test=metrics(0.8), validation=metrics(0.8), train=metrics(0.99), history=(), baseline=None, majority_share=0.5,
        remedies={"overfitting": remedy},
    )  # fmt: skip
    said = Page(render_report(report(verdict=verdict))).said()
    assert "advice-1 Hold it back: raise model.dropout from 0.3 to 0.5." in said
    assert "model.dropout=0.5" in said


def test_the_report_as_json_has_all_of_it():
    whole = doubtful_report()
    assert msgspec.json.decode(report_json(whole), type=Report) == whole


def test_where_nothing_is_doubtful_nothing_is_listed():
    said = Page(render_report(report())).said()
    assert "Doubtful labels" not in said
    assert "Learning curve" not in said
