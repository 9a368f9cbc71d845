from __future__ import annotations

import ast
from pathlib import Path

import pytest

import wenlu
from wenlu.base.errors import WenluError
from wenlu.base.table import Table
from wenlu.bundle.export import EXPORTS
from wenlu.compression import METHODS
from wenlu.compression.narrow import NARROW
from wenlu.corpus.filters import FILTERS
from wenlu.corpus.readers import READERS
from wenlu.models import MODELS
from wenlu.models.activations import ACTIVATIONS
from wenlu.models.initialisers import INITIALISERS
from wenlu.pipeline.aims import AIMS
from wenlu.pipeline.flows import FLOWS
from wenlu.pipeline.trackers import TRACKERS
from wenlu.serving.runtimes import REWRITERS, RUNTIMES, WRITERS
from wenlu.storage.by_uri import STORAGES
from wenlu.text.chat.templates import TEMPLATES
from wenlu.text.imported import CONVERSIONS
from wenlu.text.normalize import NORMALIZERS
from wenlu.text.segment import SEGMENTERS
from wenlu.text.tokenizers import TOKENIZERS
from wenlu.training.launch import LAUNCHERS
from wenlu.training.losses import LOSSES
from wenlu.training.optimizers import OPTIMIZERS
from wenlu.training.schedules import SCHEDULES

ALL = [
    ACTIVATIONS,
    AIMS,
    CONVERSIONS,
    EXPORTS,
    FILTERS,
    FLOWS,
    INITIALISERS,
    MODELS,
    NORMALIZERS,
    LAUNCHERS,
    LOSSES,
    METHODS,
    NARROW,
    OPTIMIZERS,
    SCHEDULES,
    READERS,
    RUNTIMES,
    SEGMENTERS,
    STORAGES,
    TEMPLATES,
    TOKENIZERS,
    TRACKERS,
    REWRITERS,
    WRITERS,
]
CONFIGURED = [FILTERS, INITIALISERS, METHODS, MODELS, LOSSES, OPTIMIZERS, SCHEDULES, SEGMENTERS, TOKENIZERS]


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.kind)
def test_every_row_resolves_and_says_what_it_is(table: Table):
    for name in table:
        assert table[name].__doc__, f"{table.kind} {name} has no docstring"


@pytest.mark.parametrize("table", CONFIGURED, ids=lambda table: table.kind)
def test_every_component_has_settings_with_defaults_and_descriptions(table: Table):
    for name in table:
        config = table[name].Config
        config()
        undescribed = [field for field, info in config.model_fields.items() if not info.description]
        assert not undescribed, f"{table.kind} {name}: {undescribed}"


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(WenluError) as caught:
        MODELS["lsmt"]
    assert caught.value.code == "unknown_model"
    assert str(caught.value).startswith("There is no model called 'lsmt'. Did you mean 'lstm'? Known: bag, decoder, ")


def test_every_table_of_the_source_is_tested_here():
    """A table that nobody lists above would escape the promises of this file."""
    source = Path(wenlu.__file__).parent
    made = 0
    for path in source.rglob("*.py"):
        calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        made += sum(isinstance(call.func, ast.Name) and call.func.id == "Table" for call in calls)
    assert made == len(ALL)
