"""Importing sheets into the knowledge base."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from kefu import cli
from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.knowledge.changes import FieldChange, Kind
from kefu.knowledge.exchange import Mode, Plan, carry_out, plan_import
from kefu.knowledge.model import FOLDER, read_knowledge
from kefu.knowledge.writing import KnowledgeChanged
from tests.knowledge.bases import (
    HEADER,
    MEMBER,
    ORDER,
    category_yaml,
    contents,
    entry_yaml,
    killed_before,
    make_home,
    phrasings,
    row,
    xlsx,
)

Said = list[str]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path / "home")


def planned(home: Path, rows: list[list[object]], mode: Mode = Mode.APPEND) -> Plan:
    return plan_import(home, xlsx(home.parent / "问答.xlsx", rows), mode, ["转人工"])


def refused(home: Path, rows: list[list[object]], mode: Mode = Mode.APPEND) -> Said:
    before = contents(home)
    with pytest.raises(FileProblems) as raised:
        planned(home, rows, mode)
    assert contents(home) == before
    return [str(p).removeprefix(f"{home.parent}/") for p in raised.value.problems]


def written(home: Path, rows: list[list[object]], mode: Mode = Mode.APPEND) -> dict[str, str]:
    carry_out(planned(home, rows, mode), home.parent / "var")
    return contents(home)


def kinds(plan: Plan) -> dict[str, str]:
    return {change.label: change.kind.value for change in plan.changes}


def test_a_new_entry_is_added_behind_the_others(home: Path) -> None:
    files = written(home, [row("怎么催发货", number="order/urge")])
    assert files == {
        "order": ORDER + entry_yaml("urge", "怎么催发货"),
        "member": MEMBER,
    }


def test_a_new_entry_without_number_is_named_by_its_sound(home: Path) -> None:
    rows = [row("怎么催发货"), row("怎么崔发货？！", similar="\n".join(phrasings("别的")))]
    plan = planned(home, rows)
    assert [*kinds(plan)][-2:] == ["order/zen_me_cui_fa_huo", "order/zen_me_cui_fa_huo_2"]


def test_a_new_title_makes_a_category(home: Path) -> None:
    files = written(home, [row("几点营业", category="门店服务", answer="九点。")])
    assert files["men_dian_fu_wu"] == category_yaml(
        "men_dian_fu_wu", "门店服务", entry_yaml("ji_dian_ying_ye", "几点营业", "九点。")
    )


def test_an_entry_is_found_by_its_number_or_its_question(home: Path) -> None:
    rows = [
        row("怎么查订单？", answer="点「我的订单」。", similar="单子在哪看"),
        row("", category="", number="order/cancel", answer="", similar="退了这单"),
        row("", category="", number="join", answer="点「会员中心」。", similar=""),
    ]
    plan = planned(home, rows)
    assert kinds(plan) == {
        "member/join": "修改", "order/find": "修改", "order/cancel": "修改",
    }  # fmt: skip
    fields = {c.label: {f.title: (f.added, f.removed) for f in c.fields} for c in plan.changes}
    assert fields["order/cancel"] == {"相似问法": (("退了这单",), ())}
    assert fields["member/join"] == {"答案": (("点「会员中心」。",), ("请在订单页查看。",))}
    assert fields["order/find"]["标准问题"] == (("怎么查订单？",), ("怎么查订单",))


def test_appending_removes_nothing_and_the_second_time_changes_nothing(home: Path) -> None:
    rows = [row("怎么查订单", similar="单子在哪看\n怎么查订单甲")]
    files = written(home, rows)
    assert "- 单子在哪看" in files["order"] and files["order"].count("怎么查订单甲") == 1
    assert all(f"- {text}\n" in files["order"] for text in phrasings("怎么查订单"))
    assert planned(home, rows).empty


def test_replacing_makes_the_base_what_the_sheet_says(home: Path) -> None:
    rows = [row("怎么查订单"), row("怎么催发货"), row("几点营业", category="门店")]
    plan = planned(home, rows, Mode.REPLACE)
    assert kinds(plan) == {
        "men_dian/ji_dian_ying_ye": "新增", "order/find": "不变", "order/zen_me_cui_fa_huo": "新增",
        "member/join": "删除", "order/cancel": "删除",
    }  # fmt: skip
    carry_out(plan, home.parent / "var")
    assert set(contents(home)) == {"men_dian", "order"}
    questions = [e.question.text for c in read_knowledge(home) for e in c.entries]
    assert questions == ["几点营业", "怎么查订单", "怎么催发货"]


def test_replacing_drops_phrasings_that_the_sheet_does_not_have(home: Path) -> None:
    texts = [*phrasings("怎么查订单")[1:], "单子呢"]
    plan = planned(home, [row("怎么查订单", similar="\n".join(texts))], Mode.REPLACE)
    (change,) = (c for c in plan.changes if c.kind is Kind.CHANGED)
    (field,) = change.fields
    assert field.added == ("单子呢",) and field.removed == ("怎么查订单甲",)


def test_what_was_there_is_kept(home: Path) -> None:
    copy = carry_out(planned(home, [row("怎么催发货")], Mode.REPLACE), home.parent / "var")
    assert copy.parent == home.parent / "var/knowledge_copies"
    assert {f.name: f.read_text("utf-8") for f in copy.iterdir()} == {
        "order.yml": ORDER, "member.yml": MEMBER,
    }  # fmt: skip


def test_an_import_that_is_killed_leaves_the_old_or_the_new_base(tmp_path: Path) -> None:
    rows = [row("怎么查订单", answer="点「我的」。"), row("几点营业", category="门店")]
    left = []
    for number in count():
        home = make_home(tmp_path / str(number) / "home")
        plan = planned(home, rows, Mode.REPLACE)
        killed = killed_before(number, home, lambda p=plan: carry_out(p, tmp_path / "var"))
        read_knowledge(home)
        left.append(contents(home))
        if not killed:
            break
    old, new = {"order": ORDER, "member": MEMBER}, left[-1]
    assert set(new) == {"order", "men_dian"} and "点「我的」。" in new["order"]
    assert all(files in (old, new) for files in left)
    assert left.count(old) > 2 and left.count(new) > 2


def test_a_change_made_between_plan_and_writing_is_not_lost(home: Path) -> None:
    plan = planned(home, [row("怎么催发货")])
    file = home / FOLDER / "order.yml"
    file.write_text(ORDER.replace("订单相关", "订单"), encoding="utf-8")
    with pytest.raises(KnowledgeChanged):
        carry_out(plan, home.parent / "var")
    assert contents(home)["order"] == ORDER.replace("订单相关", "订单")


def test_everything_that_is_wrong_is_said_at_once(home: Path) -> None:
    rows = [
        row("问题甲", answer="好" * 101),
        row("问题乙", answer="全网最低价"),
        row("问题丙", similar="只有一条"),
        row("问题丁", similar="\n".join([*phrasings("问题丁"), "怎么查订单甲"])),
        row("问题戊", similar="\n".join([*phrasings("问题戊"), "问题戊甲！"])),
        row("问题己", buttons="没有这个\n转人工\n问题甲"),
        row("问题庚", answer="=1+1"),
        row("问题辛", category=""),
        row("问题壬", number="Bad Id"),
        row("问题癸", similar="\n".join([*phrasings("问题癸"), "长" * 101])),
    ]
    said = "\n".join(refused(home, rows))
    place = "问答.xlsx:工作表「问答」第 {} 行".format
    assert f"{place(2)}「答案」列（E2）: 答案有 101 个字，至多 100 个，请缩短" in said
    assert f"{place(3)}「答案」列（E3）: 答案里的「全网最低」是广告法禁止的说法" in said
    assert f"{place(4)}: 「问题丙」只有 1 条相似问法，至少要 15 条，请补充" in said
    assert (
        f"{place(5)}「相似问法」列（D5）: 「怎么查订单甲」与 order.yml:8（怎么查订单）冲突" in said
    )
    assert (
        f"{place(6)}「相似问法」列（D6）: 「问题戊甲！」与 问答.xlsx:工作表「问答」第 6 行" in said
    )
    assert f"{place(7)}「按钮」列（F7）: 按钮「没有这个」不是任何条目的标准问题" in said
    assert f"{place(8)}「答案」列（E8）: 是公式" in said and "E8）: 答案为空" not in said
    assert f"{place(9)}「分类」列（A9）: 是空的：请填上分类的标题" in said
    assert f"{place(10)}: id「BadId」只能用小写字母、数字和下划线" in said
    assert f"{place(11)}「相似问法」列（D11）: 这条相似问法有 101 个字" in said
    assert len(said.splitlines()) == 10


def test_the_same_entry_in_two_rows_names_both(home: Path) -> None:
    said = refused(home, [row("怎么查订单"), row("", number="order/find", similar="看看单")])
    assert said == [
        "问答.xlsx:工作表「问答」第 3 行「编号」列（B3）: "
        "与工作表「问答」第 2 行是同一个条目：请合并成一行"
    ]


def test_number_and_category_that_disagree_are_a_problem(home: Path) -> None:
    for mode in Mode:
        rows = [row("怎么成为会员", "会员", "member/join"), row("怎么查订单", "会员", "order/find")]
        first = row("怎么取消订单", "订单相关", "order/cancel")
        said = refused(home, [first, *rows], mode)
        assert "第 4 行「分类」列（A4）: 写的是「会员」，但编号「order/find」属于分类" in said[0]


def test_question_of_another_category_is_a_problem(home: Path) -> None:
    (said,) = refused(home, [row("怎么查订单", category="会员")])
    assert "「怎么查订单」已经在另一个分类里（编号 order/find）" in said


def test_a_category_is_not_named_like_a_task(home: Path) -> None:
    said = refused(home, [row("你好呀", "问候", "greet/hello"), row("问好", category="thank")])
    assert "第 2 行「编号」列（B2）: 里的「greet」是内置功能的名称" in said[0]
    assert "第 3 行「分类」列（A3）: 里的「thank」是内置功能的名称" in said[1]


def test_sheet_without_rows_says_so(home: Path) -> None:
    assert refused(home, []) == ["问答.xlsx: 列名下面没有内容，请填写后再导入"]


def test_mistakes_of_the_base_itself_keep_their_place(home: Path) -> None:
    file = home / FOLDER / "member.yml"
    file.write_text(MEMBER.replace("请在订单页查看。", "好" * 101), encoding="utf-8")
    (said,) = refused(home, [row("怎么催发货")])
    assert said == f"{file.relative_to(home.parent)}:6: 答案有 101 个字，至多 100 个，请缩短"


def test_an_empty_project_takes_a_sheet(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    files = written(home, [row("怎么查订单", number="order/find")])
    assert files == {"order": category_yaml("order", "订单相关", entry_yaml("find", "怎么查订单"))}


def test_progress_is_told(home: Path) -> None:
    rows = [row(f"{number // 50}区{number % 50}号怎么走") for number in range(450)]
    steps: list[tuple[str, int, int]] = []
    file = xlsx(home.parent / "问答.xlsx", rows)
    plan_import(home, file, Mode.APPEND, (), lambda *step: steps.append(step))
    assert ("读取表格", 200, 451) in steps and ("读取表格", 400, 451) in steps
    assert steps[-1] == ("检查", 0, 0)


@pytest.fixture
def kefu(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Give a function that runs a command on the project and returns exit code and output."""
    (home / "data/nlu").mkdir()
    monkeypatch.setenv("KEFU_HOME", str(home))
    monkeypatch.setenv("KEFU_VAR", str(home.parent / "var"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> tuple[int, str]:
        environment.cache_clear()
        monkeypatch.setattr(sys, "argv", ["kefu", "knowledge", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        environment.cache_clear()
        return int(ended.value.code or 0), said.out + said.err

    return run


def test_dry_run_shows_what_would_change_and_writes_nothing(
    home: Path, kefu: Callable[..., tuple[int, str]]
) -> None:
    file = xlsx(
        home.parent / "问答.xlsx", [row("怎么查订单", answer="点「我的」。"), row("新的问题")]
    )
    code, said = kefu("import", str(file), "--mode", "replace", "--dry-run")
    assert code == 0
    assert "答案：请在订单页查看。 → 点「我的」。" in said
    assert "新增 1，修改 1，删除 2，不变 0" in said
    assert said.index("member/join") < said.index("order/find")
    assert contents(home) == {"order": ORDER, "member": MEMBER}
    assert not (home.parent / "var").exists()


def test_without_a_terminal_nothing_is_written_unless_one_says_yes(
    home: Path, kefu: Callable[..., tuple[int, str]]
) -> None:
    file = str(xlsx(home.parent / "问答.xlsx", [row("新的问题", number="order/new_one")]))
    code, said = kefu("import", file)
    assert code == 1 and "--yes" in said
    assert contents(home)["order"] == ORDER
    code, said = kefu("import", file, "--yes")
    assert code == 0 and "已写入" in said and "knowledge-" in said
    assert contents(home)["order"] == ORDER + entry_yaml("new_one", "新的问题")
    code, said = kefu("import", file, "--yes")
    assert code == 0 and "没有变化" in said


def test_mistakes_are_lines_and_no_trace(home: Path, kefu: Callable[..., tuple[int, str]]) -> None:
    file = xlsx(home.parent / "问答.xlsx", [["订单相关", None, "新的问题"]], HEADER)
    code, said = kefu("import", str(file), "--yes")
    assert code == 1
    assert "共 2 处问题，没有写入" in said and "Traceback" not in said
    assert contents(home)["order"] == ORDER


@pytest.mark.parametrize("mode", list(Mode))
def test_buttons_follow_a_question_that_the_sheet_rewords(home: Path, mode: Mode) -> None:
    file = home / FOLDER / "member.yml"
    text = file.read_text("utf-8")
    file.write_text(f"{text}    buttons: [怎么查订单]\n", encoding="utf-8")
    rows = [
        row("订单在哪里看", number="order/find"),
        row("怎么成为会员", "会员", number="member/join", buttons="怎么查订单"),
    ]
    plan = planned(home, rows, mode)
    assert [title for c in plan.changes if c.label == "member/join" for title in c.fields] == [
        FieldChange("按钮", ("怎么查订单",), ("订单在哪里看",))
    ]
