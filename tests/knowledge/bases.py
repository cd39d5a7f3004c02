"""Small knowledge bases for tests, and sheets for them."""

from __future__ import annotations

import csv
import io
import os
import signal
import sys
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from kefu.knowledge.model import FOLDER

# Of the interpreter's audit events, those that touch files.
_STEPS = ("open", "os.mkdir", "os.rename", "os.remove")
WORDS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰"
HEADER = ["分类", "编号", "标准问题", "相似问法", "答案", "按钮", "关键词", "页面"]


def phrasings(stem: str) -> list[str]:
    """Return the fifteen phrasings that every entry needs."""
    return [f"{stem}{word}" for word in WORDS]


def entry_yaml(name: str, question: str, answer: str = "请在订单页查看。") -> str:
    similar = "".join(f"      - {text}\n" for text in phrasings(question))
    head = f"  - id: {name}\n    question: {question}\n    answer: {answer}\n    similar:\n"
    return head + similar


def category_yaml(category: str, title: str, *entries: str) -> str:
    return f"category: {category}\ntitle: {title}\nentries:\n" + "".join(entries)


ORDER = category_yaml(
    "order", "订单相关", entry_yaml("find", "怎么查订单"), entry_yaml("cancel", "怎么取消订单")
)
MEMBER = category_yaml("member", "会员", entry_yaml("join", "怎么成为会员"))


def make_home(folder: Path, **files: str) -> Path:
    """Make a project of knowledge files alone: order.yml and member.yml, or those given."""
    place = folder / FOLDER
    place.mkdir(parents=True)
    for name, text in (files or {"order": ORDER, "member": MEMBER}).items():
        (place / f"{name}.yml").write_text(text, encoding="utf-8")
    return folder


def contents(home: Path) -> dict[str, str]:
    """Return the text of every knowledge file."""
    files = sorted((home / FOLDER).glob("*.yml"))
    return {file.stem: file.read_text(encoding="utf-8") for file in files}


def row(
    question: str,
    category: str = "订单相关",
    number: str = "",
    answer: str = "请在订单页查看。",
    similar: str | None = None,
    **more: Any,
) -> list[Any]:
    """Return a row in the order of HEADER, with fifteen phrasings unless others are given."""
    texts = "\n".join(phrasings(question)) if similar is None else similar
    rest = [more.get(key) for key in ("buttons", "keywords", "page")]
    return [category, number, question, texts, answer, *rest]


def xlsx(file: Path, rows: Iterable[Iterable[Any]], header: list[str] | None = None) -> Path:
    book = Workbook()
    sheet = book.active
    sheet.title = "问答"
    for values in [HEADER if header is None else header, *rows]:
        sheet.append(list(values))
    book.save(file)
    return file


def csv_bytes(
    rows: Iterable[Iterable[Any]], encoding: str = "utf-8-sig", delimiter: str = ","
) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows([HEADER, *([value or "" for value in values] for values in rows)])
    return text.getvalue().encode(encoding)


def killed_before(number: int, folder: Path, act: Callable[[], object]) -> bool:
    """Act in a process that is killed -9 before its n-th step on a folder; tell whether it was."""
    child = os.fork()
    if child == 0:
        steps = count()

        def stop(event: str, arguments: tuple[object, ...]) -> None:
            ours = event in _STEPS and str(folder) in str(arguments[0])
            if ours and next(steps) == number:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(stop)
        act()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])
