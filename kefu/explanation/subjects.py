"""What the labels stand for: title, file, and the phrasings that are trained on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kefu import marked_yaml
from kefu.explanation.errors import CannotExplain
from kefu.knowledge.model import Entry, read_knowledge
from kefu.labels import is_entry
from kefu.marked_yaml import MarkedYaml
from kefu.normalise import match_key

_NLU = Path("data") / "nlu"
# [2026100423185200](order_no) and [订单](order){"value": "…"} are read without their marks.
_ENTITY = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})+")
# Labels without a button of their own; data/nlu gives the others their titles.
_NAMES = {
    "greet": "打招呼",
    "goodbye": "告别",
    "thank": "道谢",
    "affirm": "表示同意",
    "deny": "表示不要",
    "bot_challenge": "问是不是机器人",
    "insult": "不满、骂人",
    "chitchat": "闲聊",
    "inform": "只报单号",
    "none_of_these": "以上都不是",
    "correct_number": "更正单号",
}


@dataclass(frozen=True)
class Phrasing:
    """One training example, and where it stands (relative to the project)."""

    text: str
    file: Path
    line: int


@dataclass(frozen=True)
class Subject:
    """What one label stands for.

    Attributes:
        label: `category/id` or an intent.
        title: Standard question or button; empty where customers see none.
        file: Where its phrasings stand, relative to the project; None when nowhere.
        phrasings: All of them, in their order.
    """

    label: str
    title: str = ""
    file: Path | None = None
    phrasings: tuple[Phrasing, ...] = ()

    @property
    def name(self) -> str:
        """Return what an operator calls it."""
        return self.title or _NAMES.get(self.label, self.label)

    @property
    def place(self) -> str:
        """Return where a phrasing of it is added."""
        if is_entry(self.label):
            category, entry = self.label.split("/", 1)
            return f"{self.file or f'data/knowledge/{category}.yml'} 的 id: {entry}"
        return f"{self.file or _NLU} 的 intent: {self.label}"


class Subjects:
    """All labels of the knowledge base and of `data/nlu`."""

    def __init__(self, subjects: Iterable[Subject]) -> None:
        self._subjects: dict[str, Subject] = {}
        for subject in subjects:
            known = self._subjects.setdefault(subject.label, replace(subject, phrasings=()))
            self._subjects[subject.label] = replace(
                known,
                title=known.title or subject.title,
                phrasings=known.phrasings + subject.phrasings,
            )

    @classmethod
    def read(cls, home: Path) -> Subjects:
        """Read the data of the project at `home`. Raises FileProblems."""
        return cls([*_entries(home), *_intents(home)])

    def of(self, label: str) -> Subject:
        """Return what a label stands for; a label without data stands for itself."""
        return self._subjects.get(label, Subject(label))

    def asked(self, label_or_question: str) -> Subject:
        """Return the entry or task that is named by its label or its standard question.

        Raises:
            CannotExplain: There is none.
        """
        wanted = label_or_question.strip()
        key = match_key(wanted)
        for subject in self._subjects.values():
            named = subject.label == wanted or (key and match_key(subject.title) == key)
            if subject.title and named:
                return subject
        raise CannotExplain(
            f"--after：没有「{wanted}」，请写条目的名称（如 payment/invoice）或标准问题，一字不差"
        )


def _entries(home: Path) -> Iterator[Subject]:
    for category in read_knowledge(home):
        file = category.file.relative_to(home)
        for entry in category.entries:
            yield Subject(entry.label, entry.question.text, file, _phrasings(entry, file))


def _phrasings(entry: Entry, file: Path) -> tuple[Phrasing, ...]:
    return tuple(Phrasing(p.text, file, p.line) for p in entry.phrasings)


def _intents(home: Path) -> Iterator[Subject]:
    for file in sorted((home / _NLU).glob("*.yml")):
        source = marked_yaml.read(file)
        for number, item in enumerate((source.data or {}).get("nlu") or []):
            if "intent" in item:
                title = (item.get("metadata") or {}).get("title") or ""
                examples = tuple(_examples(source, number, file.relative_to(home)))
                yield Subject(item["intent"], title, file.relative_to(home), examples)


def _examples(source: MarkedYaml, number: int, file: Path) -> Iterator[Phrasing]:
    """Yield the examples of an item, in either of Rasa's two ways to write them."""
    given = source.data["nlu"][number].get("examples") or ()
    where = ("nlu", number, "examples")
    if isinstance(given, str):
        for below, line in enumerate(given.splitlines(), 1):
            if line.startswith("- "):
                yield Phrasing(_plain(line[2:]), file, source.line(*where) + below)
    else:
        for index, item in enumerate(given):
            text = item if isinstance(item, str) else item["text"]
            yield Phrasing(_plain(text), file, source.line(*where, index))


def _plain(example: str) -> str:
    return _ENTITY.sub(r"\1", example).strip()
