"""Settings as single values, each under the path of its keys: `welcome.pages.order`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from kefu.settings import WEEKDAYS, Settings

PAGES = "welcome.pages"
WEEKLY = "service_hours.weekly"


def values_of(settings: Settings) -> dict[str, Any]:
    """Return every setting that can be changed by itself, as JSON knows it.

    A page and a weekday are one setting each; a weekday without hours is an empty list.
    """
    found: dict[str, Any] = {}
    for section, inner in json.loads(settings.json(exclude={"shop"})).items():
        found.update({f"{section}.{key}": value for key, value in inner.items()})
    pages, weekly = found.pop(PAGES), found.pop(WEEKLY)
    found.update({f"{PAGES}.{key}": page for key, page in pages.items()})
    found.update({f"{WEEKLY}.{day}": weekly.get(day, []) for day in WEEKDAYS})
    return found


def defaults() -> dict[str, Any]:
    """Return the settings of somebody who has set nothing but what must be set."""
    needed = {"welcome": {"text": "-"}, "service_hours": {"weekly": {}}}
    found = values_of(Settings.parse_obj(needed))
    del found["welcome.text"]
    return found


def mark(value: Any) -> str:
    """Return what tells one value from another; a form carries it to know what it showed."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def keys(path: str) -> tuple[str, ...]:
    """Return the keys of a path; the key of a page may hold dots."""
    if path.startswith(f"{PAGES}."):
        return (*PAGES.split("."), path.removeprefix(f"{PAGES}."))
    return tuple(path.split("."))


def with_values(data: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain data of a settings file with other values; None takes one away."""
    result = json.loads(json.dumps(data, default=str))
    for path, value in values.items():
        *above, last = keys(path)
        place = result
        for key in above:
            if not isinstance(place.get(key), dict):
                place[key] = {}
            place = place[key]
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    whole: dict[str, Any] = result
    return whole
