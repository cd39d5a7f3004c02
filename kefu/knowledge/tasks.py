"""What a button may say besides the standard questions: the titles of the tasks."""

from __future__ import annotations

from pathlib import Path

from kefu import marked_yaml

_FOLDER = Path("data") / "nlu"


def task_titles(home: Path) -> list[str]:
    """Return the button texts of the tasks in `data/nlu`. Raises FileProblems."""
    sources = [marked_yaml.read(file) for file in sorted((home / _FOLDER).glob("*.yml"))]
    items = [item for source in sources for item in (source.data or {}).get("nlu") or []]
    titles = [(item.get("metadata") or {}).get("title") for item in items]
    return [title for title in titles if isinstance(title, str)]
