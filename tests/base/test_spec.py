from __future__ import annotations

import pytest

from wenlu.base.component import component
from wenlu.base.errors import WenluError
from wenlu.base.spec import Field, Spec, check
from wenlu.base.table import Table


class Inner(Spec):
    hidden: int = Field(128, ge=1)


class Outer(Spec):
    name: str
    inner: Inner = Inner()
    several: list[Inner] = []


def test_all_mistakes_come_at_once():
    with pytest.raises(WenluError) as caught:
        check(Outer, {"inner": {"hiden": 3, "hidden": 0}}, where="r.yaml")
    assert caught.value.code == "bad_settings"
    said = caught.value.message
    assert said.startswith("r.yaml: ")
    assert "no field 'inner.hiden' (did you mean 'hidden'?)" in said
    assert "inner.hidden = 0: input should be greater than or equal to 1" in said
    assert "'name' is missing" in said


def test_a_mistake_inside_a_list_names_its_place():
    with pytest.raises(WenluError, match=r"several\.1\.hidden = 'x'"):
        check(Outer, {"name": "n", "several": [{}, {"hidden": "x"}]}, where="r.yaml")


@pytest.mark.parametrize("value", [1.5, "8", True])
def test_a_number_is_never_guessed_from_something_else(value: object):
    with pytest.raises(WenluError):
        check(Inner, {"hidden": value}, where="r.yaml")


def test_a_spec_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Inner().hidden = 3  # type: ignore[misc]


class Part:
    class Config(Spec):
        width: int = 3


PARTS = Table("part", {"part": f"{__name__}:Part"})


def test_a_component_is_named_in_short_or_with_settings(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Table, "__getitem__", lambda self, name: Part)
    assert component(PARTS, "part", where="x").as_data() == {"name": "part", "width": 3}
    assert component(PARTS, {"name": "part", "width": 5}, where="x").as_data() == {"name": "part", "width": 5}


@pytest.mark.parametrize("data", [None, 3, {}, {"name": 3}, ["part"]])
def test_what_names_no_component_is_refused_with_those_known(data: object):
    with pytest.raises(WenluError, match="Known: part"):
        component(PARTS, data, where="recipe")
