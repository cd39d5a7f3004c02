"""What the archive of a model tells of the entries, whoever trained it: all but the phrasings."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from kefu.publishing.entries import Contents, Known, digest

_ANSWER = "utter_"


def read(model: Path) -> Contents | None:
    """Return what a model's domain says; None where the file is no model."""
    return _read(model, model.stat().st_mtime_ns) if model.is_file() else None


@lru_cache(maxsize=8)
def _read(model: Path, _changed_at: int) -> Contents | None:
    try:
        with tarfile.open(model) as archive:
            metadata = json.load(_member(archive, "metadata.json"))
            titles = _titles(archive)
    except (OSError, tarfile.TarError, EOFError, KeyError, ValueError):
        return None
    responses = metadata.get("domain", {}).get("responses", {})
    named = {name.removeprefix(_ANSWER): given for name, given in responses.items() if "/" in name}
    return Contents(
        {label: _known_answer(titles.get(label), given) for label, given in named.items() if given},
        exact=False,
    )


def _titles(archive: tarfile.TarFile) -> dict[str, str]:
    names = [name for name in archive.getnames() if name.endswith("/known.json")]
    return dict(json.load(_member(archive, names[0]))["titles"]) if names else {}


def _member(archive: tarfile.TarFile, name: str) -> Any:
    found = archive.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found


def _known_answer(title: str | None, responses: Iterable[Mapping[str, Any]]) -> Known:
    first = next(iter(responses))
    said = {
        "answer": first.get("text", ""),
        "buttons": tuple(button["payload"] for button in first.get("buttons") or ()),
        "page": (first.get("custom") or {}).get("page", ""),
        **({} if title is None else {"question": title}),
    }
    return Known(title or "", {field: digest(value) for field, value in said.items()})
