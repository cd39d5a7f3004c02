"""Publishing in the browser: what is shown, who may do what, and the way through it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from kefu.environment import environment
from kefu.publishing import history, jobs, launching, places, result, trying
from kefu.publishing.entries import EntryDifference
from kefu.publishing.history import Publication
from kefu.publishing.jobs import Job
from kefu.publishing.work import run
from tests.console.visitors import Visitor
from tests.end_to_end.processes import eventually
from tests.knowledge.small_base import in_git
from tests.publishing.shops import (
    FORMER,
    answers,
    edit,
    made_by_bot_team,
    make_shop,
    served,
    trains_with_stand_in,
    with_settings,
)

NEW = "new.tar.gz"
ADDRESSES = ("/publishing", "/publishing/unknown", "/publishing/unknown/progress")
_TAGS = re.compile(r"<[^>]+>|\s+")


@pytest.fixture
def home(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a small project beside the database."""
    made = make_shop(tmp_path / "shop")
    monkeypatch.setenv("KEFU_HOME", str(made))
    environment.cache_clear()
    yield made


@pytest.fixture
def operator(home: Path, console: Starlette) -> Iterator[Visitor]:
    """Give a browser in which the operator 小陈 (chen) is signed in."""
    with Visitor(console) as visitor:
        visitor.becomes("chen", "小陈", "operator")
        yield visitor


def done(monkeypatch: pytest.MonkeyPatch, home: Path, **wrong: str) -> Job:
    """Publish in this process with a stand-in for Rasa; its arguments are those of `answers`."""
    trains_with_stand_in(home)
    monkeypatch.setattr(trying, "try_model", answers(**wrong))
    job = jobs.save(jobs.new_job("publish", "chen", time.time(), auto=False))
    run(job)
    return jobs.get(job.id)


def text(page: Any) -> str:
    return _TAGS.sub("", page.text)


def test_agents_are_refused(home: Path, agent: Visitor) -> None:
    for address in ADDRESSES:
        assert agent.get(address).status_code == 403
    for act in ("start", "use", "check", "unknown/stop"):
        assert agent.submits(f"/publishing/{act}", model=FORMER).status_code == 403
    assert jobs.all_jobs() == []


def test_operator_reads_what_is_served_and_what_is_not_published(
    home: Path, operator: Visitor
) -> None:
    made_by_bot_team(home)
    assert "没有。顾客得到的回答和知识库一致" in text(operator.get("/publishing"))
    edit(home)
    page = operator.get("/publishing")
    assert "由机器人团队训练" in text(page)
    assert "没有发布的修改1条" in text(page)
    assert '<a href="/knowledge/entries/payment/invoice">怎么开发票</a>' in page.text


def test_empty_shop_is_told_what_to_do(home: Path, operator: Visitor) -> None:
    page = text(operator.get("/publishing"))
    assert "还没有模型，助手还不能回答" in page
    assert "还没有发布过" in page


def test_unreadable_knowledge_base_is_said_on_the_page(home: Path, operator: Visitor) -> None:
    served(home)
    (home / "data/knowledge/order.yml").write_text("category: [\n", encoding="utf-8")
    page = operator.get("/publishing")
    assert page.status_code == 200
    assert "知识库现在读不了：order.yml" in text(page)


def test_history_names_people_changes_and_reasons(home: Path, operator: Visitor) -> None:
    changes = (EntryDifference("payment/invoice", "怎么开<b>发票", "changed", ("answer",)),)
    for number, share in enumerate((0.9, 0.75, 0.92)):
        kind: history.Kind = "forced" if share < 0.8 else "publish"
        reason = "活动今晚开始" if kind == "forced" else ""
        at = time.time() - 86_400 * (3 - number)
        history.note(
            Publication(
                at, "chen", kind, f"{number}.tar.gz", None, True, 60, share, changes, reason
            )
        )
    page = operator.get("/publishing")
    assert "管理员放行活动今晚开始" in text(page)
    assert "小陈" in page.text
    assert "怎么开&lt;b&gt;发票" in page.text
    assert page.text.count("dot-on-curve") == 3


def test_mistakes_lead_to_their_entries(
    home: Path, operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_git(home, "order", "在订单详情里取消。", f"{'很长' * 60}。")
    assert done(monkeypatch, home).state == "refused"
    page = operator.get("/publishing")
    assert "知识库有1处要改，没有训练" in text(page)
    assert 'href="/knowledge/entries/order/cancel"' in page.text
    assert "data/knowledge/order.yml 第" in page.text


def test_refused_model_is_for_administrators_with_a_reason(
    home: Path, operator: Visitor, administrator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(home)
    with_settings(home, "min_questions: 50", "min_questions: 3")
    job = done(monkeypatch, home, new="none")
    page = operator.get(f"/publishing/{job.id}")
    assert "低于要求的80.0%" in text(page)
    assert "变差了3条" in text(page)
    assert "只有管理员可以启用" in text(page)
    refused = operator.submits("/publishing/use", model=NEW, **{"from": job.id}, reason="快")
    assert refused.status_code == 422
    assert "仍然启用" in administrator.get(f"/publishing/{job.id}").text
    unsaid = administrator.submits("/publishing/use", model=NEW, **{"from": job.id}, reason=" ")
    assert unsaid.status_code == 422
    assert "写明原因" in unsaid.text
    answer = administrator.submits("/publishing/use", model=NEW, reason="活动今晚开始")
    assert answer.url.path == "/publishing"
    eventually(lambda: history.publications(), 90, "the model is in service")
    (publication,) = history.publications()
    assert (publication.kind, publication.by) == ("forced", "lin")


def test_model_that_is_gone_is_said(home: Path, operator: Visitor) -> None:
    for act in ("use", "check"):
        answer = operator.submits(f"/publishing/{act}", model="gone.tar.gz")
        assert answer.status_code == 422
        assert "已经不在" in answer.text
    assert operator.get("/publishing/unknown").status_code == 404


def test_two_operators_at_once(
    home: Path, operator: Visitor, administrator: Visitor, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    wait = "import time\nwhile not pathlib.Path({!r}).exists(): time.sleep(0.02)\nsys.exit(1)"
    trains_with_stand_in(home, wait.format(str(flag)))
    assert operator.submits("/publishing/start", auto="yes").url.path == "/publishing"
    second = administrator.submits("/publishing/start", auto="yes")
    assert second.url.path == "/publishing" and second.request.method == "GET"
    assert "已经有一次在进行" in second.text
    job = launching.running()
    assert job is not None
    assert "正在发布" in second.text
    going_on = administrator.get(f"/publishing/{job.id}/progress")
    assert "HX-Refresh" not in going_on.headers
    flag.touch()
    eventually(lambda: launching.running() is None, 90, "the job has ended")
    assert operator.get(f"/publishing/{job.id}/progress").headers["HX-Refresh"] == "true"


def test_model_that_waits_is_brought_into_service_from_its_result(
    home: Path, operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(home)
    edit(home)
    job = done(monkeypatch, home)
    assert f'href="/publishing/{job.id}"' in operator.get("/publishing").text
    operator.submits("/publishing/use", model=NEW, **{"from": job.id})
    eventually(lambda: history.publications(), 90, "the model is in service")
    assert "启用。" in text(operator.get(f"/publishing/{job.id}"))
    assert result.load(job.id) is not None
    assert places.find_model(NEW) == home / "models" / NEW
