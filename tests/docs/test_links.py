from __future__ import annotations

import re
from pathlib import Path

import pytest

import wenlu.pipeline.loading
import wenlu.pipeline.recipe

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path):
    links = re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def test_the_recipe_in_the_documentation_is_a_right_one(tmp_path: Path):
    block = re.search(r"```yaml\n(.*?)```", (ROOT / "docs/recipes.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    (tmp_path / "r.yaml").write_text(block.group(1), encoding="utf-8")
    wenlu.pipeline.loading.load_recipe(tmp_path / "r.yaml")


def test_every_field_of_a_source_is_documented():
    page = (ROOT / "docs/recipes.md").read_text(encoding="utf-8")
    fields = wenlu.pipeline.recipe.Recipe.model_fields
    assert all(f"{field}:" in page for field in fields)


def test_every_command_named_in_the_readme_exists():
    import typer.main

    from wenlu.cli.main import app

    known = set(getattr(typer.main.get_command(app), "commands", {}))
    named = set(re.findall(r"^wenlu (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert named
    assert named <= known


def test_every_error_and_metric_of_the_service_is_documented():
    from wenlu.serving.gateway.errors import STATUS
    from wenlu.serving.gateway.table import ROUTES

    page = (ROOT / "docs/serving.md").read_text(encoding="utf-8")
    assert [code for code in STATUS if f"`{code}`" not in page] == []
    undocumented = [
        route.pattern for route in ROUTES if not route.pattern.startswith("/docs/") and route.pattern not in page
    ]
    assert undocumented in ([], ["/"])


def test_the_files_on_a_requests_way_exist():
    page = (ROOT / "docs/one-request.md").read_text(encoding="utf-8")
    folder = ROOT / "src/wenlu"
    named = re.findall(r"`([\w/]+\.py)`", page)
    missing = [
        name for name in named if not (folder / name).exists() and not (folder / "serving/gateway" / name).exists()
    ]
    assert len(named) > 12
    assert missing == []
