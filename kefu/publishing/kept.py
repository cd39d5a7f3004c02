"""Small files of JSON: replaced as a whole, and worth nothing when they cannot be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kefu.knowledge.files_whole import write_whole


def write(file: Path, content: Mapping[str, Any]) -> None:
    """Write a file; a reader sees the old one or the new one. Raises NotWritable."""
    text = json.dumps(content, ensure_ascii=False)
    write_whole(file, text.encode("utf-8", "surrogatepass"))


def read(file: Path) -> dict[str, Any] | None:
    """Return what a file says; None when there is none, or no JSON in it."""
    try:
        return dict(json.loads(file.read_bytes().decode("utf-8", "surrogatepass")))
    except (FileNotFoundError, ValueError):
        return None
