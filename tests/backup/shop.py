"""A small shop whose knowledge base, settings and conversations can be lost."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from kefu.backup import making, manifest, shelf
from kefu.backup.checking import Backup
from kefu.backup.databases import sqlite_place
from kefu.knowledge.model import read_knowledge
from kefu.storage import conversations, messages
from kefu.storage.engine import engine, writing
from kefu.storage.messages import Line
from kefu.storage.tables import metadata
from tests.databases import PROJECT

CUSTOMER = "o_secret_openid"
ASKED = "我的订单 202611270000123456 到哪了"
SAID = "包裹今天下午送到"
NOW = 1_700_000_000.0
ENTRY = """\
  - id: {id}
    question: {question}
    answer: {answer}
    similar:
      - {question}呢
      - 请问{question}
"""


@dataclass(frozen=True)
class Shop:
    """The kind of its database, where it is, and its one conversation."""

    kind: str
    home: Path
    conversation: str

    @classmethod
    def opened(cls, kind: str, home: Path) -> Shop:
        """Write the knowledge base and let the customer ask something."""
        made = cls(kind, home, conversations.remember("rest", CUSTOMER, NOW))
        made.write("invoice", ("open", "怎么开发票", "点击「开发票」即可"))
        made.write("parcel", ("slow", "快递太慢怎么办", "联系我们"), ("lost", "快递丢了", "补发"))
        asked = messages.record(made.conversation, "customer", "text", ASKED, "m1", NOW)
        messages.add_reply(made.conversation, "agent", SAID, asked.id, NOW + 1, state="delivered")
        return made

    def write(self, category: str, *entries: tuple[str, str, str]) -> None:
        """Write a category of the knowledge base."""
        folder = self.home / "data/knowledge"
        folder.mkdir(exist_ok=True)
        lines = [ENTRY.format(id=i, question=q, answer=a) for i, q, a in entries]
        head = f"category: {category}\ntitle: {category}\nentries:\n"
        (folder / f"{category}.yml").write_text(head + "".join(lines), encoding="utf-8")

    def say(self, words: str) -> None:
        """Let the customer write something more."""
        messages.record(self.conversation, "customer", "text", words, words, NOW)

    def transcript(self) -> list[Line]:
        """Return what an agent reads of the conversation."""
        return messages.transcript(self.conversation)

    def questions(self) -> list[str]:
        """Return the standard questions of the knowledge base."""
        found = read_knowledge(self.home)
        return [entry.question.text for category in found for entry in category.entries]

    def lose_knowledge(self) -> None:
        """Lose the knowledge base."""
        shutil.rmtree(self.home / "data/knowledge")

    def lose_database(self) -> None:
        """Lose the database, and leave what a crash leaves beside it."""
        if self.kind == "postgresql":
            with writing() as connection:
                names = ", ".join((*metadata.tables, "alembic_version"))
                connection.execute(text(f"DROP TABLE {names} CASCADE"))
            return
        engine().dispose()
        for end in ("", "-wal", "-shm"):
            sqlite_place().with_name(f"kefu.db{end}").write_bytes(os.urandom(5000))


def backed_up() -> Backup:
    """Make a backup as a person does."""
    return making.make("manual")


def sealed_again(backup: Backup, **changes: object) -> Path:
    """Change the list of a backup as only somebody who has the key can."""
    changed = dataclasses.replace(backup.manifest, **changes)  # type: ignore[arg-type]
    (backup.folder / manifest.NAME).write_text(manifest.to_json(changed))
    return backup.folder


def left_over() -> list[str]:
    """Return what lies in the folder of the backups besides whole ones."""
    folder = shelf.default_folder()
    known = {*shelf.names(folder), ".lock"}
    return [path.name for path in folder.iterdir() if path.name not in known]


def run_apart(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, in the same installation."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
