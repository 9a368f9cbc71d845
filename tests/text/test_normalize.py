from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenlu.base.errors import WenluError
from wenlu.text.normalize import Normalizer

ALL = ["nfkc", "spaces", "lower"]


@pytest.mark.parametrize(
    ("written", "normalised"),
    [
        ("ＡＢＣ　１２３", "abc 123"),
        ("ﾊﾝｶｸ ｶﾞｷﾞｸﾞ", "ハンカク ガギグ"),
        ("㈱文炉①", "(株)文炉1"),
        ("  好\r\n\u3000评\u200b\ufeff ", "好 评"),
        ("か\u200b\u3099", "が"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("質量很差", "質量很差"),
    ],
)
def test_spellings_of_the_same_text_become_one(written: str, normalised: str):
    assert Normalizer(ALL)(written) == normalised


@given(st.text(max_size=50))
@settings(max_examples=300)
def test_a_normalised_text_stays_as_it_is(text: str):
    normalize = Normalizer(ALL)
    once = normalize(text)
    assert normalize(once) == once


def test_no_steps_change_nothing():
    assert Normalizer([])(" Ａ ") == " Ａ "


def test_an_unknown_step_is_refused_with_the_nearest():
    with pytest.raises(WenluError, match="Did you mean 'nfkc'"):
        Normalizer(["nfkd"])
