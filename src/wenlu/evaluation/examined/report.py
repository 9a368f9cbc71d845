"""The report of `wenlu model evaluate`: one HTML file in Chinese, Japanese or English."""

from __future__ import annotations

from collections.abc import Iterator

from wenlu.drawing import parts
from wenlu.drawing.figures import count, percent, percent_range
from wenlu.drawing.markup import Markup, named, tag
from wenlu.drawing.page import page
from wenlu.drawing.parts import glued, section
from wenlu.drawing.words import Words
from wenlu.evaluation.examination import FEW_TEXTS
from wenlu.evaluation.examined import sections
from wenlu.evaluation.examined.judgement import Judgement
from wenlu.evaluation.examined.words import WORDS, Language
from wenlu.evaluation.f1 import Comparison
from wenlu.evaluation.hardest import HardText
from wenlu.evaluation.slices import worse_than_the_rest

# From one answer in twenty on, a change that no person would notice is worth a line at the top.
_FRAGILE = 0.05


def report_language(data_language: str) -> Language:
    """The language of a report on texts of a language, where nobody asked for another.

    >>> report_language("zh-Hant"), report_language("ja"), report_language("other")
    ('zh', 'ja', 'en')
    """
    return "zh" if data_language.startswith("zh") else "ja" if data_language == "ja" else "en"


def render_judgement(judged: Judgement, language: Language) -> str:
    """A whole HTML page that asks for no other file; a manager reads its top, an engineer all of it."""
    words = WORDS[language]
    body = [
        _summary(judged, words),
        section(words, "stands_out", tag("ul", *(tag("li", glued(said)) for said in _stands_out(judged, words)))),
        sections.labels(judged.metrics, judged.examination, words, language=judged.language),
        *sections.examination(judged.examination, words, language=judged.language),
        _hardest(judged.hardest, words, language=judged.language),
    ]
    return page(words.say("page.title", model=judged.model, data=judged.data), *body, language=language)


def _summary(judged: Judgement, words: Words) -> Markup:
    metrics, found = judged.metrics, judged.examination
    good = not worse_than_the_rest(found.slices)
    name, _, version = judged.model.partition("@")
    interval = percent_range(*metrics.accuracy_interval)
    figures = (
        ("accuracy", percent(metrics.accuracy), interval),
        ("macro_f1", percent(metrics.macro_f1), percent_range(*found.f1.macro_f1_interval)),
        ("error", percent(found.calibration.error), ""),
    )
    few = [words.say("page.few")] if metrics.texts < FEW_TEXTS else []
    left_out = [
        words.say("page.left_out", number=count(number), reason=reason) for reason, number in judged.left_out.items()
    ]
    return parts.summary(
        kind=words.say("page.kind"),
        created=judged.created,
        title=name,
        version=version,
        state=words.say("page.state.good" if good else "page.state.mind"),
        good=good,
        sentence=words.say(
            "page.sentence", accuracy=percent(metrics.accuracy), texts=count(metrics.texts), interval=interval
        ),
        note=" ".join([words.say("page.note", data=judged.data), *few, *left_out]),
        figures=[
            parts.key_figure(words.say(f"figure.{key}"), value, words.say(f"figure.{key}.note", interval=interval))
            for key, value, interval in figures
        ],
    )


def _stands_out(judged: Judgement, words: Words) -> Iterator[str]:
    """The sentences a manager needs: worse slices, fragile answers, probabilities, the other model."""
    found = judged.examination
    worse = worse_than_the_rest(found.slices)
    for one in worse:
        yield words.say(
            "stands_out.slice",
            kind=words.say(f"slice.{one.kind}"),
            name=sections.slice_name(one, words),
            texts=count(one.texts),
            accuracy=percent(one.accuracy),
            rest=percent(one.rest_accuracy),
        )
    if not worse:
        yield words.say("stands_out.no_slice")
    for tried in found.robustness.disturbed if found.robustness is not None else ():
        if tried.changed_interval[0] > _FRAGILE:
            changed = percent(tried.changed / tried.texts)
            yield words.say("stands_out.fragile", name=words.say(f"disturbance.{tried.name}"), changed=changed)
    if found.calibration.temperature != 1.0:
        error, before = percent(found.calibration.error), percent(found.calibration.before)
        yield words.say("stands_out.calibration", error=error, before=before)
    if judged.comparison is not None:
        yield _compared(judged.comparison, judged.against, words)


def _compared(one: Comparison, against: str, words: Words) -> str:
    low, high = one.accuracy_lead_interval
    return words.say(
        "stands_out.comparison" if one.distinguishable else "stands_out.no_difference",
        against=against,
        lead=f"{(one.accuracy - one.other_accuracy) * 100:+.1f}",
        low=f"{low * 100:+.1f}",
        high=f"{high * 100:+.1f}",
        p_value=f"{one.p_value:.2g}",
    )


def _hardest(found: tuple[HardText, ...], words: Words, *, language: str) -> Markup:
    if not found:
        return Markup("")
    return section(
        words, "hardest", tag("ol", *(_hard_text(one, words) for one in found), class_="hardest"), language=language
    )


def _hard_text(hard: HardText, words: Words) -> Markup:
    sure = tag("span", glued(percent(hard.probability)), class_="sure")
    said = tag("span", words.say("hardest.answer"), " ", named(hard.answer, class_="wrong"), " ", sure)
    true = tag("span", words.say("hardest.truth"), " ", named(hard.truth, class_="right"))
    return tag("li", tag("p", named(hard.text), class_="quote"), tag("p", said, true, class_="labels"))
