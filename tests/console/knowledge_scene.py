"""A small knowledge base with operators in front of it, for tests of its pages."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from kefu.console.app import create_app
from tests.console.visitors import Visitor
from tests.knowledge.small_base import small_base

INVOICE, METHODS, CANCEL = "payment/invoice", "payment/methods", "order/cancel"
Form = dict[str, list[str]]


@pytest.fixture
def home(fresh_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a project with two categories and three entries."""
    with small_base(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def operator(home: Path) -> Iterator[Visitor]:
    """Give a browser in which the operator 小美 (mei) is signed in."""
    with Visitor(create_app(with_duties=False)) as visitor:
        visitor.becomes("mei", "小美", "operator")
        yield visitor


@pytest.fixture
def colleague(home: Path) -> Iterator[Visitor]:
    """Give a browser in which another operator, 小兰 (lan), is signed in."""
    with Visitor(create_app(with_duties=False)) as visitor:
        visitor.becomes("lan", "小兰", "operator")
        yield visitor


class _Fields(HTMLParser):
    """Reads the fields of the form of an entry as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.form: Form = {}
        self._inside = False
        self._name = ""  # of an open textarea or select
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("id") == "entry"
        if not self._inside:
            return
        if tag == "input" and "name" in given:
            if given.get("type") not in ("radio", "checkbox") or "checked" in given:
                self._add(given["name"], given.get("value", ""))
        elif tag in ("textarea", "select"):
            self._name = given["name"]
            self._text = [] if tag == "textarea" else None
        elif tag == "option" and "selected" in given and self._name:
            self._add(self._name, given["value"])

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            # The first line break of a textarea is none of its value's.
            text = "".join(self._text).removeprefix("\n")
            self._add(self._name, text.replace("\n", "\r\n"))
            self._text = None
        if tag == "form":
            self._inside = False

    def _add(self, name: str, value: str) -> None:
        self.form.setdefault(name, []).append(value)


def form_of(page: Response) -> Form:
    """Return the fields of the form of an entry on a page."""
    reader = _Fields()
    reader.feed(page.text)
    return reader.form


def sends(visitor: Visitor, page: Response, to: str = "", /, **changed: Any) -> Response:
    """Send the form of a page with some fields changed, to where it was opened or elsewhere."""
    form = {**form_of(page), **changed}
    return visitor.post(to or str(page.url.path), data=form)


def entry_page(visitor: Visitor, label: str) -> Response:
    page = visitor.get(f"/knowledge/entries/{label}")
    assert page.status_code == 200
    return page
