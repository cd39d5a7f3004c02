"""What `kefu knowledge check` finds in a knowledge base with one mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kefu import cli
from kefu.environment import environment
from kefu.knowledge import checks

Write = Callable[..., Path]

SIMILAR = [f"退货运费要谁来出{word}" for word in "甲乙丙丁戊己庚辛壬癸子丑寅卯辰"]
ENTRY = """\
  - id: return_freight
    question: 退货运费谁出
    answer: 商品有问题由商家承担，其他情况由你承担。
    similar:
""" + "".join(f"      - {text}\n" for text in SIMILAR)
HEAD = "category: after_sales\ntitle: 售后\nentries:\n"
GOOD = HEAD + ENTRY
OTHER = (
    ENTRY.replace("return_freight", "refund_time")
    .replace("退货运费谁出", "退款多久到账")
    .replace("退货运费要谁来出", "退的钱几天到")
)
# Lines of GOOD.
ID, QUESTION, ANSWER, SIMILAR_FIRST = 4, 5, 6, 8


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give a function that writes one knowledge file."""

    def written(text: str | bytes, name: str = "after_sales.yml") -> Path:
        file = tmp_path / "data/knowledge" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return written


def test_good_knowledge_base_has_no_problem(write: Write, tmp_path: Path) -> None:
    write(GOOD + OTHER)
    assert checks.check(tmp_path) == []


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


ANSWER_TEXT = "商品有问题由商家承担，其他情况由你承担。"
MISTAKES = {
    "question too long": (
        changed("question: 退货运费谁出", "question: " + "好" * 101),
        QUESTION,
        "标准问题有 101 个字，至多 100 个",
    ),
    "answer too long": (changed(ANSWER_TEXT, "好" * 101), ANSWER, "答案有 101 个字，至多 100 个"),
    "placeholder counts": (
        changed(ANSWER_TEXT, "好" * 81 + "{service_hours}"),
        ANSWER,
        "答案有 101 个字",
    ),
    "answer empty": (changed(ANSWER_TEXT, '""'), ANSWER, "答案为空，请填上"),
    "question empty": (changed("退货运费谁出", '"？"'), QUESTION, "标准问题为空，请填上"),
    "phrasing empty": (changed(SIMILAR[0], '"  "'), SIMILAR_FIRST, "这条相似问法为空，请删去"),
    "phrasing too long": (changed(SIMILAR[0], "退" + "货" * 100), SIMILAR_FIRST, "至多 100 个"),
    "duplicate": (changed(SIMILAR[1], SIMILAR[0]), SIMILAR_FIRST + 1, "after_sales.yml:8 重复"),
    "duplicate of the question": (
        changed(SIMILAR[0], "退貨運費誰出？？"),
        SIMILAR_FIRST,
        "after_sales.yml:5 重复",
    ),
    "too few": (
        GOOD.replace(f"      - {SIMILAR[0]}\n", ""),
        ID,
        "只有 14 条相似问法，至少要 15 条",
    ),
    "bad id": (changed("return_freight", "退货-1"), ID, "id「退货-1」只能用小写字母"),
    "unknown field": (
        changed("    similar:", "    similiar: [a]\n    similar:"),
        7,
        "不认识「similiar」",
    ),
    "missing field": (changed(f"    answer: {ANSWER_TEXT}\n", ""), ID, "缺少「answer」"),
    "wrong type": (changed(ANSWER_TEXT, "12"), ANSWER, "「answer」应为文字，请加上引号"),
    "list is a text": (GOOD + "    buttons: 查物流\n", 23, "「buttons」应为列表"),
    "item is a number": (
        changed(SIMILAR[0], "123456"),
        SIMILAR_FIRST,
        "第 1 项不是文字，请加上引号",
    ),
    "entry is a text": (HEAD + "  - 退货\n", ID, "每个条目应以「- id: …」开头"),
    "category and file differ": (
        changed("after_sales", "order"),
        1,
        "应与文件名「after_sales」相同",
    ),
    "empty title": (changed("售后", '""'), 1, "分类标题（title）为空"),
    "no entries": (HEAD.replace("entries:", "entries: []"), 1, "分类里没有条目"),
    "id repeated": (
        GOOD + OTHER.replace("refund_time", "return_freight"),
        23,
        "after_sales.yml:4 重复，请改名",
    ),
    "key repeated": (
        changed("    question:", "    question: 运费\n    question:"),
        6,
        "「question」写了两次",
    ),
    "not YAML": (changed("    question:", "    question"), QUESTION, "YAML 格式有误"),
    "quote left open": (changed(ANSWER_TEXT, '"' + ANSWER_TEXT), ANSWER, "YAML 格式有误"),
    "bracket left open": (GOOD + "    buttons: [退货运费谁出\n", 23, "YAML 格式有误"),
    "not a mapping": ("- 退货\n", 1, "文件应以 category、title、entries 三项组成"),
    "unknown placeholder": (
        changed(ANSWER_TEXT, "请拨 {phone}。"),
        ANSWER,
        "不认识「{phone}」，可用的有：{service_hours}",
    ),
    "unknown button": (
        GOOD + "    buttons: [查一查]\n",
        23,
        "按钮「查一查」不是任何条目的标准问题",
    ),
    "too many buttons": (
        GOOD + "    buttons: [" + ", ".join(["退货运费谁出"] * 4) + "]\n",
        23,
        "按钮有 4 个，至多 3 个",
    ),
}


@pytest.mark.parametrize(("text", "line", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_named_with_file_and_line(
    write: Write, tmp_path: Path, text: str, line: int, said: str
) -> None:
    file = write(text)
    problems = [str(problem) for problem in checks.check(tmp_path)]
    assert len(problems) == 1, problems
    assert problems[0].startswith(f"{file}:{line}: ")
    assert said in problems[0]


@pytest.mark.parametrize(
    "same",
    ["退貨運費誰出", "退货运费 谁出？", "退货，运费谁出！", "「退货运费谁出」", "退货运费谁出😊"],
)
def test_same_phrasing_in_two_entries_is_a_conflict_however_it_is_spelled(
    write: Write, tmp_path: Path, same: str
) -> None:
    write(GOOD + OTHER.replace("退的钱几天到甲", f'"{same}"'))
    (problem,) = checks.check(tmp_path)
    assert problem.line == 27
    assert "after_sales.yml:5（退货运费谁出）冲突" in problem.text


def test_category_that_cannot_be_a_name(write: Write, tmp_path: Path) -> None:
    file = write(changed("after_sales", "After-Sales"), "After-Sales.yml")
    (problem,) = checks.check(tmp_path)
    assert str(problem) == f"{file}:1: 分类「After-Sales」只能用小写字母、数字和下划线"


def test_width_does_not_hide_a_conflict_between_two_files(write: Write, tmp_path: Path) -> None:
    write(changed(SIMILAR[0], "ＶＩＰ退货运费"))
    order = OTHER.replace("退的钱几天到甲", "vip退货运费")
    file = write(HEAD.replace("after_sales", "order") + order, "order.yml")
    (problem,) = checks.check(tmp_path)
    assert (problem.file, problem.line) == (file, 8)
    assert "与 after_sales.yml:8（退货运费谁出）冲突" in problem.text


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ("我们的质量是最好的", "最好"),
        ("全网最低价", "全网最低"),
        ("国家级品质", "国家级"),
        ("行业第一", "第一"),
        ("100%正品", "100%"),
        ("本店最安全", "最"),
        ("第一时间发货，销量第一", "销量第一"),
        ("最近是最便宜的", "最便宜"),
    ],
)
def test_promise_that_the_law_forbids(write: Write, tmp_path: Path, answer: str, word: str) -> None:
    write(changed(ANSWER_TEXT, answer))
    problems = checks.check(tmp_path)
    assert problems[0].line == ANSWER
    assert f"「{word}」是广告法禁止的说法" in problems[0].text


@pytest.mark.parametrize("word", checks.ALLOWED)
def test_usual_word_is_no_promise(word: str) -> None:
    assert checks.forbidden_words(f"请在{word}之内看看") == []


def test_button_of_a_task_or_of_another_entry_is_known(write: Write, tmp_path: Path) -> None:
    write(GOOD + "    buttons: [查物流, 退款多久到账]\n" + OTHER)
    assert checks.check(tmp_path, known_texts=["查物流"]) == []


def test_mistakes_of_several_files_are_found_at_once(write: Write, tmp_path: Path) -> None:
    first = write("category: [\n", "account.yml")
    second = write(changed("    similar:", "    similiar:"))
    found = {(p.file, p.line) for p in checks.check(tmp_path)}
    assert {file for file, _ in found} == {first, second}
    assert (second, 7) in found


def test_file_in_another_encoding_says_so(write: Write, tmp_path: Path) -> None:
    write(GOOD.encode("gb18030"))
    (problem,) = checks.check(tmp_path)
    assert "请另存为 UTF-8" in problem.text


def test_project_without_knowledge_files_says_so(tmp_path: Path) -> None:
    (problem,) = checks.check(tmp_path)
    assert str(problem).startswith(f"{tmp_path / 'data/knowledge'}: 没有知识库文件")


def test_command_prints_the_places_and_fails(
    fresh_home: Path,
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = write(changed(ANSWER_TEXT, '""'))
    monkeypatch.setenv("KEFU_HOME", str(tmp_path))
    environment.cache_clear()
    monkeypatch.setattr("sys.argv", ["kefu", "knowledge", "check"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert f"{file}:6: 答案为空，请填上" in said.out
    assert "共 1 处问题" in said.err
    assert "Traceback" not in said.out + said.err
