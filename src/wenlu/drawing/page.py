"""A page that needs nothing else: one HTML file, its style inside, no script, nothing fetched."""

from __future__ import annotations

from importlib import resources

from wenlu.drawing.markup import Markup, tag

# Nothing is fetched and nothing is run, whatever a text in the page says.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(title: str, *body: Markup, language: str = "en") -> str:
    """A whole HTML page with `body` as its main part; users' words in it are shown as words."""
    whole = tag("html", _head(title), tag("body", tag("main", *body)), lang=language)
    return f"<!doctype html>\n{whole}\n"


def _head(title: str) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Markup(resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8"))),
    )
