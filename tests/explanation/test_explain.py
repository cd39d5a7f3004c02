"""`kefu explain` with a real model."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from kefu import cli
from kefu.explanation import explain as module
from kefu.explanation.explanation import Explanation
from kefu.explanation.page import show
from kefu.loaded_model import LoadedModel, load
from tests.model import PROJECT

Explain = Callable[..., Explanation]


@pytest.fixture(scope="module")
def loaded(trained_model: Path) -> LoadedModel:
    return load(trained_model)


@pytest.fixture
def explained(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> Explain:
    """Give `explain` with a model that is loaded only once."""
    monkeypatch.setattr(module, "load", lambda model: loaded)
    return lambda text, after="": module.explain(text, after, loaded.file)


def page(found: Explanation) -> str:
    printed = io.StringIO()
    show(found, Console(file=printed, highlight=False, soft_wrap=True))
    return printed.getvalue()


def test_known_phrasing_is_explained_by_its_line(explained: Explain) -> None:
    found = explained("怎麼開發票？")
    assert "直接回答「怎么开发票」" in page(found)
    assert "与已有的一条问法相同" in page(found)
    [best], [near, _] = found.found.decided.candidates, found.nearest[0]
    assert (best.label, best.score, near.similarity) == ("payment/invoice", 1, 100)
    line = (PROJECT / near.phrasing.file).read_text("utf-8").splitlines()[near.phrasing.line - 1]
    assert near.phrasing.text in line
    assert f"{near.phrasing.file}:{near.phrasing.line}，移到" in page(found)


def test_score_is_compared_and_the_nearest_phrasings_are_shown(explained: Explain) -> None:
    found = explained("你们这儿退費一般得等多久才到账呀😊")
    shown = page(found)
    assert "同义词 退费→退款" in shown and "繁体→简体、去掉表情" in shown
    assert "≥" in found.conclusion.compared or "<" in found.conclusion.compared
    scores = [candidate.score for candidate in found.found.decided.candidates]
    assert scores == sorted(scores, reverse=True) and all(0 < score < 1 for score in scores)
    assert found.found.decided.candidates[0].label == "after_sales/refund_time"
    for group in found.nearest:
        assert [near.similarity for near in group] == sorted(
            (near.similarity for near in group), reverse=True
        )
    assert 40 < found.nearest[0][0].similarity < 100
    assert "kefu knowledge check" in shown and "make train" in shown


def test_message_that_leans_on_the_turn_before(explained: Explain) -> None:
    found = explained("那运费呢", "支持七天无理由退货吗")
    assert [part.kind for part in found.found.parts] == ["follow_up"]
    assert found.conclusion.because.startswith("接着上一个问题理解")
    assert "上一个问题  支持七天无理由退货吗\n" in page(found)
    alone = explained("那运费呢")
    assert not alone.found.parts and "上一个问题" not in page(alone)
    assert "没有用到" in page(explained("怎么开发票", "支持七天无理由退货吗"))


def test_clauses_and_order_numbers_are_shown(explained: Explain) -> None:
    shown = page(explained("订单２０２６１１０４１２３４５６７８，啥时候能发出来呢"))
    assert "单号        2026110412345678" in shown
    assert "分句        订单〔单号〕" in shown
    assert "ξ" not in shown


def test_keyword_for_a_person_is_the_reason(explained: Explain) -> None:
    found = explained("你先别说了帮我转人工")
    assert found.conclusion.sentence == "转人工"
    assert "「转人工」" in found.conclusion.because


def test_message_that_is_no_business_of_the_shop(explained: Explain) -> None:
    found = explained("帮我把客厅的扫地机器人打开然后放一段钢琴曲")
    assert found.in_scope < 0.5
    assert found.found.decided.outcome != "answer"
    assert "是本店业务的可能：0." in page(found) and "像是和本店无关的话" in page(found)


@pytest.mark.parametrize("text", ["？？？", "😊"])
def test_message_without_words_has_no_candidates(explained: Explain, text: str) -> None:
    found = explained(text)
    assert "没有文字" in page(found)
    assert not found.nearest and not found.hints


def test_typed_slash_is_text(explained: Explain) -> None:
    assert explained("/restart").found.read_as.strip("/") == "restart"


def test_conversation_stores_nothing_of_this(loaded: LoadedModel) -> None:
    """What `explain` reads stays on the message, whatever its metadata asks for."""
    parsed = asyncio.run(loaded.parse("怎么开发票", {"explain": True}))
    assert set(parsed) & {"reading", "parts", "candidates", "normalised_text"} == set()


def test_command_prints_json_and_nothing_else(
    fresh_home: Path, trained_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of its own: what libraries print at their first use counts too."""
    # Rasa, imported by the tests, has set it for its own children.
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    command = ["explain", "[微笑]怎么开发票", "--model", str(trained_model), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "kefu.cli", *command], capture_output=True, check=True
    )
    told = json.loads(done.stdout)
    assert (told["outcome"], told["read_as"]) == ("answer", "怎么开发票")
    assert told["candidates"][0] == {
        "label": "payment/invoice", "name": "怎么开发票", "score": 1.0
    }  # fmt: skip
    assert told["nearest"]["payment/invoice"][0]["similarity"] == 100
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["  "], "请写一句顾客的话"),
        (["那运费呢", "--after", "没有的条目"], "没有「没有的条目」"),
        (["怎么退货", "--model", "no-such-model.tar.gz"], "make train"),
        (["怎么退货", "--model", str(PROJECT / "config.yml")], "make train"),
    ],
)
def test_mistake_is_one_line_that_says_what_to_do(
    fresh_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.setattr("sys.argv", ["kefu", "explain", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (1, "")
    assert said in told.err
    assert "Traceback" not in told.err and told.err.count("\n") == 1
