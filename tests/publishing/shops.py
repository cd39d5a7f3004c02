"""Small projects that can be published, with Rasa or with a stand-in for its training."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kefu.environment import environment
from kefu.evaluation import Recognised
from kefu.knowledge.editing import open_entry, save
from kefu.knowledge.library import library
from kefu.knowledge.model import FOLDER
from kefu.publishing import contents
from kefu.settings import settings
from tests.knowledge.small_base import ORDER, PAYMENT
from tests.model import PROJECT

FORMER = "20261101-100000-former.tar.gz"

# What answers to `python -m rasa train --out FOLDER` from within the project.
_STAND_IN = """
import pathlib, sys, tarfile
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
{before}
print("INFO rasa.engine.training.hooks  - Starting to train component 'Parts'.", flush=True)
with tarfile.open(out / "{name}", "w:gz") as archive:
    archive.add("data/knowledge/payment.yml")
"""
_TESTS = """category: payment
entries:
  - id: invoice
    phrasings:
      - 发票去哪里开
      - 想要一张发票
  - id: methods
    phrasings:
      - 能刷银行卡吗
"""


@contextmanager
def shop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a project with a former model and test questions, and configure it.

    Its data directory is the one that is configured already, where there is one.
    """
    home = make_shop(folder / "shop")
    monkeypatch.setenv("KEFU_HOME", str(home))
    monkeypatch.setenv("KEFU_VAR", str(folder / "var"))
    _forget()
    yield home
    _forget()


def make_shop(home: Path) -> Path:
    (home / FOLDER).mkdir(parents=True)
    (home / FOLDER / "payment.yml").write_text(PAYMENT, encoding="utf-8")
    (home / FOLDER / "order.yml").write_text(ORDER, encoding="utf-8")
    (home / "data/nlu").mkdir()
    (home / "config.yml").write_text("language: zh\n", encoding="utf-8")
    (home / "domain.yml").write_text('version: "3.1"\n', encoding="utf-8")
    (home / "settings.yml").write_bytes((PROJECT / "settings.yml").read_bytes())
    (home / "tests/knowledge").mkdir(parents=True)
    (home / "tests/knowledge/payment.yml").write_text(_TESTS, encoding="utf-8")
    (home / "models").mkdir()
    return home


def with_settings(home: Path, old: str, new: str) -> None:
    """Change a line of the settings."""
    file = home / "settings.yml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    settings.cache_clear()


def trains_with_stand_in(home: Path, before: str = "", name: str = "new.tar.gz") -> None:
    """Let training be done by a program that makes some archive, after `before`."""
    text = _STAND_IN.format(before=before, name=name)
    (home / "rasa.py").write_text(text, encoding="utf-8")


def made_by_bot_team(home: Path, name: str = FORMER) -> Path:
    """Lay a model into the project whose archive says what the knowledge base says now."""
    known = library(home)
    entries = [entry for shelf in known.shelves for entry in shelf.entries.values()]
    responses = {}
    for entry in entries:
        said: dict[str, object] = {"text": entry.answer.text}
        if entry.buttons:
            said["buttons"] = [{"title": b.text, "payload": b.text} for b in entry.buttons]
        responses[f"utter_{entry.label}"] = [said]
    titles = {entry.label: entry.question.text for entry in entries}
    files = {
        "metadata.json": {"domain": {"responses": responses}},
        "components/train_recogniser/known.json": {"titles": titles},
    }
    return _archive(home / "models" / name, files)


def served(home: Path, name: str = FORMER) -> Path:
    """Lay a model into the project that publishing knows the contents of."""
    model = made_by_bot_team(home, name)
    contents.note(name, contents.of_library(library(home)))
    return model


def edit(home: Path, label: str = "payment/invoice", **fields: Any) -> None:
    """Change an entry as an operator does in the browser."""
    draft = open_entry(home, label)
    changed: dict[str, Any] = {"answer": "在「我的订单」里申请发票。", **fields}
    save(home, replace(draft, entry=replace(draft.entry, **changed)), "chen", time.time())


def answers(**wrong: str) -> Callable[..., dict[str, Recognised]]:
    """Return a stand-in for trying a model, which answers rightly but for what is given.

    Args:
        wrong: For the stem of a model's file (- as _), the label that it always answers;
            "none" for nothing.
    """

    def try_model(
        model: Path, texts: Iterable[str], opened: object, tell: Callable[[float], None]
    ) -> dict[str, Recognised]:
        tell(0.5)
        label = wrong.get(model.name.removesuffix(".tar.gz").replace("-", "_"))
        return {text: _recognised(label or _right(text)) for text in texts}

    return try_model


def _recognised(label: str) -> Recognised:
    if label == "none":
        return Recognised("not_recognised", (), ())
    return Recognised("answer", (label,), ())


def _right(text: str) -> str:
    rules = (("发票", "payment/invoice"), ("订单", "order/cancel"))
    return next((label for part, label in rules if part in text), "payment/methods")


def _archive(file: Path, files: Mapping[str, object]) -> Path:
    with tarfile.open(file, "w:gz") as made:
        for name, content in files.items():
            data = json.dumps(content, ensure_ascii=False).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            made.addfile(member, io.BytesIO(data))
    return file


def _forget() -> None:
    environment.cache_clear()
    settings.cache_clear()
