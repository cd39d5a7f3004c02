"""A console whose settings may be changed."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import httpx

from tests.console.visitors import Visitor

_MARKS = re.compile(r'name="marks" value="([^"]*)"')
_INPUT = re.compile(r"<(input|textarea|select)\b([^>]*)>(?:\n?([^<]*)</textarea>)?")
_OPTION = re.compile(r'<option value="([^"]*)" selected>')


def fields(page: httpx.Response) -> dict[str, Any]:
    """Return what a browser would send of the form of a page of settings."""
    form = page.text[page.text.index('id="settings-form"') :]
    form = form[: form.index("</form>")]
    given: dict[str, Any] = {}
    for kind, attributes, text in _INPUT.findall(form):
        known = dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
        if "name" not in known or "disabled" in attributes:
            continue
        if known.get("type") == "checkbox" and "checked" not in attributes:
            continue
        if kind == "select":
            value = _OPTION.findall(form[form.index(attributes) :])[0]
        else:
            value = html.unescape(text if kind == "textarea" else known.get("value", ""))
        given.setdefault(known["name"], []).append(value)
    return given


class Form:
    """One page of settings in a browser: what stands in it, and sending it."""

    def __init__(self, visitor: Visitor, section: str) -> None:
        self.visitor = visitor
        self.path = f"/settings/{section}"
        self.given = fields(visitor.get(self.path))

    def enters(self, **values: Any) -> Form:
        """Enter values; `__` stands for a dot."""
        for key, value in values.items():
            name = key.replace("__", ".")
            self.given[name] = value if isinstance(value, list) else [value]
        return self

    def without(self, name: str) -> Form:
        """Take the tick off a box."""
        del self.given[name]
        return self

    def saves(self) -> httpx.Response:
        """Send it; what comes back stands in it then."""
        answer: httpx.Response = self.visitor.post(
            self.path, data={**self.given, "csrf": self.visitor.csrf}
        )
        if answer.status_code == 422:
            self.given = fields(answer)
        return answer

    @property
    def marks(self) -> dict[str, str]:
        """Return what the form knows of what it showed."""
        known: dict[str, str] = json.loads(self.given["marks"][0])
        return known


def said(file: Path) -> str:
    """Return what stands in the settings file."""
    return file.read_text("utf-8")
