from __future__ import annotations

import re
import string

import msgspec
import numpy as np
import pytest
from tests.evaluation.test_report import Page, report

from wenlu.base.records import Source, Text
from wenlu.bundle.predict import softmax
from wenlu.corpus.settings import DataConfig
from wenlu.evaluation.disturbances import disturbances
from wenlu.evaluation.examination import Examination, Known, examine
from wenlu.evaluation.examined.judgement import Judgement
from wenlu.evaluation.examined.report import render_judgement, report_language
from wenlu.evaluation.examined.words import ROWS, WORDS, Language, Said
from wenlu.evaluation.f1 import compare_answers
from wenlu.evaluation.hardest import hardest_texts
from wenlu.evaluation.metrics import Metrics, measure
from wenlu.evaluation.report import render_report
from wenlu.evaluation.robustness import Robustness, disturbed, trials
from wenlu.text.language import LANGUAGES

LANGUAGES_OF_PAGES: tuple[Language, ...] = ("en", "zh", "ja")
HAN = re.compile("[一-鿿]")
KANA = re.compile("[ぁ-ヺ]")
SAME_EVERYWHERE = {"labels.f1", "ranking.roc_auc"}


def places(said: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(said) if name is not None}


@pytest.mark.parametrize(("key", "said"), ROWS.items(), ids=list(ROWS))
def test_every_sentence_is_said_in_three_languages(key: str, said: Said):
    assert places(said.en) == places(said.zh) == places(said.ja)
    assert not HAN.search(said.en)
    if key not in SAME_EVERYWHERE:
        assert HAN.search(said.zh)
        assert not KANA.search(said.zh)
        assert HAN.search(said.ja) or KANA.search(said.ja)
    assert said.zh.endswith("。") == said.ja.endswith("。") == said.en.endswith(".")


def test_whatever_an_examination_may_say_has_words():
    for name in disturbances():
        assert f"disturbance.{name}" in ROWS
    for name in (*LANGUAGES, "latin", "katakana"):
        assert f"script.{name}" in ROWS


def test_the_language_of_the_texts_is_that_of_the_report():
    known = DataConfig.model_fields["language"].annotation.__args__  # type: ignore[union-attr]
    assert {report_language(one) for one in known} == set(WORDS)


def judgement(labels: tuple[str, ...] = ("好评", "差评")) -> Judgement:
    chance = np.random.default_rng(4)
    phrases = ["味道很好，推荐！", "質量很差，再也不買了。", "とても良かったです。", "ok"]
    texts = [Text(f"{phrases[at % 4]}{at}", labels[at % len(labels)], Source(f"{at % 2}.csv")) for at in range(200)]
    truth = np.arange(200) % len(labels)
    traditional = (np.arange(200) % 4 == 1)[:, None]
    logits = chance.normal(size=(200, len(labels))) + np.where(traditional, 0, 4) * np.eye(len(labels))[truth]
    probabilities = softmax(logits)
    metrics = measure(labels=labels, truth=truth, probabilities=probabilities)
    bodies, before = [text.body for text in texts], probabilities.argmax(axis=1)
    tried = [
        disturbed(trial, truth=truth, before=before, after=chance.integers(2, size=len(trial.rows)))
        for trial in trials(bodies)
    ]
    found = examine(
        metrics,
        texts,
        truth=truth,
        probabilities=probabilities,
        known=Known(temperature=1.3, abstain=0.7, label_counts={labels[0]: 90, labels[1]: 5}),
        unknown=chance.random(200) / 5,
        robustness=Robustness(200, 200, tuple(tried)),
    )
    return Judgement(
        model="sentiment@0123456789ab",
        data="reviews.csv",
        created="2026-03-14T09:26:00+00:00",
        language="zh",
        left_out={"empty": 3},
        metrics=metrics,
        examination=found,
        hardest=hardest_texts(bodies, labels=labels, truth=truth, probabilities=probabilities),
        against="bag@ba9876543210",
        comparison=compare_answers(truth, before, truth, classes=len(labels)),
    )


JUDGED = judgement()


@pytest.mark.parametrize("language", LANGUAGES_OF_PAGES)
def test_the_page_is_whole_and_in_its_language(language: Language):
    page = render_judgement(JUDGED, language)
    parsed = Page(page)
    assert parsed.open == []
    assert f'<html lang="{language}">' in page
    assert page.count("<svg") >= 3
    assert "bag@ba9876543210" in page
    for heading in ("ranking", "calibration", "answered", "slices", "robustness", "hardest"):
        assert WORDS[language].say(f"section.{heading}") in parsed.said()
    for reach in ("http://", "https://", "<script", "src=", "href=", "url(", "<img"):
        assert reach not in page


def test_no_english_is_left_in_the_other_languages():
    english = [said.en for key, said in ROWS.items() if key not in SAME_EVERYWHERE and len(said.en) > 9]
    sentences = [words for words in english if "{" not in words]
    for language in ("zh", "ja"):
        said = Page(render_judgement(JUDGED, language)).said()
        assert [words for words in sentences if words in said] == []


def test_what_is_worse_is_said_at_the_top():
    said = Page(render_judgement(JUDGED, "zh")).said()
    assert said.index("文字“繁体中文”") < said.index("各类别")
    assert "两者有显著差异" in said


def test_a_model_without_weak_places_is_told_so():
    sound = msgspec.structs.replace(JUDGED.examination, slices=(), ranking=None, robustness=None)
    one = msgspec.structs.replace(JUDGED, examination=sound, hardest=(), comparison=None)
    said = Page(render_judgement(one, "ja")).said()
    assert "目立つ弱点なし" in said
    assert "ほかより明らかに悪い種類のテキストはありません。" in said


def test_words_of_users_stay_words():
    evil = '"><script>alert(1)</script>'
    attacked = judgement((evil, "差评"))
    attacked = msgspec.structs.replace(attacked, model=evil, data=evil, against=evil, left_out={evil: 1})
    for language in LANGUAGES_OF_PAGES:
        assert "script" not in Page(render_judgement(attacked, language)).names()


def test_a_judgement_is_the_same_after_json():
    assert msgspec.json.decode(msgspec.json.encode(JUDGED), type=Judgement) == JUDGED


def test_the_report_of_a_run_shows_the_examination_too():
    plain = report()
    candidate = msgspec.structs.replace(plain.candidates[0], examination=JUDGED.examination)
    page = Page(render_report(msgspec.structs.replace(plain, candidates=(candidate,))))
    assert page.open == []
    assert "traditional Chinese" in page.said()
    assert "Full width ↔ half width" in page.said()
    assert "traditional Chinese" not in Page(render_report(plain)).said()


def test_one_text_of_many_labels_can_be_examined():
    labels = [f"类{number}" for number in range(30)]
    probabilities = softmax(np.random.default_rng(1).normal(size=(1, 30)))
    metrics = measure(labels=labels, truth=np.array([3]), probabilities=probabilities)
    assert isinstance(metrics, Metrics)
    found = examine(metrics, [Text("很好", "类3")], truth=np.array([3]), probabilities=probabilities, known=Known())
    assert isinstance(found, Examination)
    assert found.ranking is None
