"""Writing knowledge files: in their style, and all or none of them."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu.knowledge import journal
from kefu.knowledge.category_text import category_text
from kefu.knowledge.entry_text import scalar
from kefu.knowledge.model import FOLDER, Category, Entry, Phrasing, read_files, read_knowledge
from kefu.knowledge.writing import (
    KnowledgeChanged,
    changed_files,
    keep_copy,
    read_base,
    write_categories,
)
from tests.knowledge.bases import (
    MEMBER,
    ORDER,
    contents,
    entry_yaml,
    killed_before,
    make_home,
)
from tests.model import PROJECT

COMMENTED = """\
# 订单的问题
category: order
title: 订单相关
entries:
  # 查订单
  - id: find
    question: 怎么查订单   # 标准问法
    answer: '请在订单页查看。'
    similar:
      # 口语
      - 订单在哪
      - "查单"
    keywords: [订单]

  # 取消
  - id: cancel
    question: 怎么取消订单
    answer: 请在订单页取消。
    similar: [取消, 不要了]
"""


def parsed(text: bytes, folder: Path) -> Category:
    file = folder / "order.yml"
    file.write_bytes(text)
    return read_files([file])[0]


def changed(category: Category, number: int, **fields: object) -> Category:
    entries = list(category.entries)
    entries[number] = replace(entries[number], **fields)
    return replace(category, entries=tuple(entries))


def said(category: Category) -> list[tuple[object, ...]]:
    def texts(many: tuple[Phrasing, ...]) -> list[str]:
        return [one.text for one in many]

    return [
        (e.label, e.question.text, e.answer.text, texts(e.similar), texts(e.buttons), e.keywords)
        for e in category.entries
    ]


@pytest.mark.parametrize("file", sorted((PROJECT / FOLDER).glob("*.yml")), ids=lambda f: f.stem)
def test_a_file_that_says_what_it_should_stays_letter_by_letter(file: Path) -> None:
    (category,) = read_files([file])
    assert category_text(category, file.read_bytes()) == file.read_bytes()


def test_a_changed_answer_changes_one_line(tmp_path: Path) -> None:
    old = parsed(COMMENTED.encode(), tmp_path)
    new = changed(old, 0, answer=Phrasing("请在「我的」里看。", 1))
    text = category_text(new, COMMENTED.encode()).decode()
    assert text == COMMENTED.replace("'请在订单页查看。'", "请在「我的」里看。")


def test_comments_of_other_entries_and_fields_stay(tmp_path: Path) -> None:
    old = parsed(COMMENTED.encode(), tmp_path)
    similar = (*old.entries[1].similar, Phrasing("撤单", 1))
    text = category_text(changed(old, 1, similar=similar), COMMENTED.encode()).decode()
    head, _, _ = COMMENTED.partition("    similar: [取消")
    assert text == head + "    similar:\n      - 取消\n      - 不要了\n      - 撤单\n"


def test_a_field_that_is_added_stands_in_its_order(tmp_path: Path) -> None:
    old = parsed(COMMENTED.encode(), tmp_path)
    new = changed(old, 0, buttons=(Phrasing("转人工", 1),), page="pages/order")
    lines = category_text(new, COMMENTED.encode()).decode().splitlines()
    keys = [line.split(":")[0].strip("- ") for line in lines[5:15] if ":" in line]
    assert keys == ["id", "question", "answer", "similar", "buttons", "keywords", "page"]
    assert "  # 取消" in lines
    assert said(parsed("\n".join(lines).encode(), tmp_path)) == said(new)


def test_a_removed_entry_takes_its_comment_along(tmp_path: Path) -> None:
    old = parsed(COMMENTED.encode(), tmp_path)
    text = category_text(replace(old, entries=old.entries[:1]), COMMENTED.encode()).decode()
    assert "# 取消" not in text and "# 查订单" in text


def test_an_added_entry_and_a_new_title_leave_the_rest(tmp_path: Path) -> None:
    old = parsed(COMMENTED.encode(), tmp_path)
    more = Entry(
        "order/again", Phrasing("再来一单", 1), Phrasing("点「再次购买」。", 1),
        (Phrasing("再买", 1),), (), (), "", tmp_path, 1,
    )  # fmt: skip
    new = replace(old, title="订单", entries=(*old.entries, more))
    text = category_text(new, COMMENTED.encode()).decode()
    assert text.startswith(COMMENTED.replace("订单相关", "订单"))
    assert said(parsed(text.encode(), tmp_path)) == said(new)


def test_a_file_in_brackets_is_written_anew(tmp_path: Path) -> None:
    text = (
        "category: order\ntitle: 订单\nentries: [{id: a_b, question: 甲, answer: 乙, similar: []}]"
    )
    old = parsed(text.encode(), tmp_path)
    new = changed(old, 0, answer=Phrasing("丙", 1))
    assert said(parsed(category_text(new, text.encode()), tmp_path)) == said(new)


def test_line_ends_of_windows_stay(tmp_path: Path) -> None:
    text = COMMENTED.replace("\n", "\r\n").encode()
    new = changed(parsed(text, tmp_path), 0, answer=Phrasing("好的。", 1))
    written = category_text(new, text)
    assert written.count(b"\r\n") == written.count(b"\n") == text.count(b"\n")


@settings(max_examples=500)
@given(
    st.text(
        st.one_of(
            st.sampled_from("ab1.-_:,#{}[]'\"\\\n\t ~=+!?%@&*|<>0eE好（「，：\u2028\x85"),
            st.characters(blacklist_categories=["Cs"]),
        )
    )
)
def test_any_text_is_read_back_as_it_was(text: str) -> None:
    written = f"- {scalar(text)}\n- k: {scalar(text)}\n"
    assert yaml.load(written, yaml.CSafeLoader) == [text, {"k": text}]


OLD = {"a.yml": b"old a", "b.yml": b"old b", "gone.yml": b"old c"}
NEW = {"a.yml": b"new a", "b.yml": b"old b", "more.yml": b"new d"}


def old_folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in OLD.items():
        (folder / name).write_bytes(content)
    return folder


def replaced(folder: Path) -> None:
    with journal.exclusive(folder):
        journal.replace(
            folder, {"a.yml": b"new a", "more.yml": b"new d", "gone.yml": None}
        )  # fmt: skip


def seen(folder: Path) -> dict[str, bytes]:
    with journal.steady(folder):
        return {file.name: file.read_bytes() for file in folder.glob("*.yml")}


def test_killed_between_any_two_steps_there_is_all_old_or_all_new(tmp_path: Path) -> None:
    found = []
    for number in count():
        folder = old_folder(tmp_path / str(number))
        killed = killed_before(number, folder, lambda folder=folder: replaced(folder))
        found.append(seen(folder))
        assert found[-1] in (OLD, NEW), number
        replaced(folder)
        assert sorted(path.name for path in folder.iterdir()) == sorted(NEW)
        if not killed:
            break
    assert found[0] == OLD and found[-1] == NEW
    # Killed after the journal was written, the change is finished by the next who reads.
    assert found[:-1].count(NEW) > 2 and found.count(OLD) > 2


def test_whoever_reads_meanwhile_sees_no_mixture(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    states = [{"order.yml": b"1", "member.yml": b"1"}, {"order.yml": b"2", "member.yml": b"2"}]
    write_categories(home, {Path(name): content for name, content in states[0].items()})
    stop = threading.Event()

    def write() -> None:
        for number in count(1):
            if stop.is_set():
                return
            changes = {Path(name): content for name, content in states[number % 2].items()}
            write_categories(home, changes)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found = [seen(home / FOLDER) for _ in range(300)]
        deadline = time.monotonic() + 10
        while states[1] not in found and time.monotonic() < deadline:
            found.append(seen(home / FOLDER))
    finally:
        stop.set()
        writer.join()
    assert [state for state in found if state not in states] == []
    assert states[1] in found


def test_a_change_that_was_cut_off_is_finished_by_reading(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    staged = home / FOLDER / ".new-1"
    staged.mkdir()
    (staged / "order.yml.next").write_text(ORDER.replace("订单相关", "订单"), encoding="utf-8")
    plan = '{"staged": ".new-1", "put": ["order.yml"], "remove": ["member.yml"]}'
    (home / FOLDER / journal.JOURNAL).write_text(plan)
    assert [category.title for category in read_knowledge(home)] == ["订单"]
    assert [path.name for path in (home / FOLDER).iterdir()] == ["order.yml"]


def test_only_files_that_change_are_written(tmp_path: Path) -> None:
    base = read_base(make_home(tmp_path))
    member, order = base.categories
    new = changed(order, 0, answer=Phrasing("在「我的」里看。", 1))
    files = changed_files(base, [new])
    assert files == {
        tmp_path / FOLDER / "order.yml": ORDER.replace(
            "请在订单页查看。", "在「我的」里看。", 1
        ).encode(),
        tmp_path / FOLDER / "member.yml": None,
    }
    assert changed_files(base, [member, order]) == {}


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    base = read_base(home)
    file = home / FOLDER / "order.yml"
    file.write_text(ORDER + entry_yaml("new", "刚刚加的"), encoding="utf-8")
    with pytest.raises(KnowledgeChanged):
        write_categories(home, {home / FOLDER / "member.yml": None}, expected=base.files)
    assert set(contents(home)) == {"order", "member"}


def test_the_mode_of_a_file_stays(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    file = home / FOLDER / "order.yml"
    file.chmod(0o640)
    write_categories(home, {file: ORDER.replace("订单相关", "订单")})
    assert file.stat().st_mode & 0o777 == 0o640
    assert contents(home)["member"] == MEMBER


def test_copies_of_one_second_have_names_of_their_own(tmp_path: Path) -> None:
    home, var = make_home(tmp_path / "home"), tmp_path / "var"
    copies = [keep_copy(home, var) for _ in range(3)]
    assert len({*copies}) == 3
    for copy in copies:
        assert {file.name for file in copy.iterdir()} == {"order.yml", "member.yml"}
        assert (copy / "order.yml").read_text("utf-8") == ORDER
