"""What an entry says, without where it stands: the part that people edit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from kefu.knowledge.model import FOLDER, Entry, Phrasing

# Names of the fields as an operator reads them, in the order of the form.
FIELDS = {
    "question": "标准问题",
    "answer": "答案",
    "similar": "相似问法",
    "buttons": "按钮",
    "keywords": "关键词",
    "page": "页面",
}
LISTS = frozenset({"similar", "buttons", "keywords"})


@dataclass(frozen=True)
class Content:
    """The fields of an entry; see `model.Entry`."""

    question: str
    answer: str
    similar: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    page: str = ""

    @property
    def version(self) -> str:
        """Return what tells this content from any other."""
        text = json.dumps(self.as_dict(), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Content:
        """Read what `as_dict` gave, or what a form sends; blanks around texts go."""
        found: dict[str, Any] = {}
        for field in fields(cls):
            value = given.get(field.name) or ("" if field.name not in LISTS else ())
            found[field.name] = value.strip() if isinstance(value, str) else tuple(_texts(value))
        return cls(**found)

    @classmethod
    def of(cls, entry: Entry) -> Content:
        """Return what an entry says."""
        return cls(
            entry.question.text,
            entry.answer.text,
            tuple(phrasing.text for phrasing in entry.similar),
            tuple(button.text for button in entry.buttons),
            entry.keywords,
            entry.page.strip(),
        )

    def entry(self, home: Path, label: str) -> Entry:
        """Return the entry that says this; its lines are not known."""
        file = home / FOLDER / f"{label.split('/', 1)[0]}.yml"

        def many(texts: tuple[str, ...]) -> tuple[Phrasing, ...]:
            return tuple(Phrasing(text, 0) for text in texts)

        return Entry(
            label=label,
            question=Phrasing(self.question, 0),
            answer=Phrasing(self.answer, 0),
            similar=many(self.similar),
            buttons=many(self.buttons),
            keywords=self.keywords,
            page=self.page,
            file=file,
            line=0,
        )


def _texts(given: Any) -> list[str]:
    return [text.strip() for text in map(str, given) if text.strip()]
