"""A publication from its start to its end, with a stand-in for Rasa's training."""

from __future__ import annotations

import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kefu.knowledge.model import FOLDER
from kefu.publishing import decisions, history, jobs, launching, places, result, service, trying
from kefu.publishing.errors import Refused
from kefu.publishing.history import Publication
from kefu.publishing.jobs import Job
from kefu.publishing.pending import unpublished
from kefu.publishing.work import run
from kefu.running.serving import Serving, wish
from tests.knowledge.small_base import in_git
from tests.publishing.shops import (
    FORMER,
    answers,
    edit,
    made_by_bot_team,
    served,
    trains_with_stand_in,
    with_settings,
)

NEW = "new.tar.gz"
Publish = Callable[..., Job]


@pytest.fixture
def publish(home: Path, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Give a function that publishes in this process; its arguments are those of `answers`."""
    trains_with_stand_in(home)

    def now(auto: bool = True, **wrong: str) -> Job:
        monkeypatch.setattr(trying, "try_model", answers(**wrong))
        return done("publish", auto=auto)

    return now


def done(kind: jobs.Kind, **given: Any) -> Job:
    job = jobs.save(jobs.new_job(kind, "chen", time.time(), **given))
    run(job)
    return jobs.get(job.id)


def uses(monkeypatch: pytest.MonkeyPatch, model: str, force: bool = False, why: str = "") -> Job:
    """Bring a model into service in this process, as `decisions` would in another."""

    def start(kind: jobs.Kind, by: str, now: float, **given: Any) -> Job:
        return done(kind, **given)

    monkeypatch.setattr(launching, "start", start)
    return decisions.use(model, "lin", time.time(), force, why)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*.tar.gz"))


def strict(home: Path) -> None:
    """Let three test questions be enough to judge by."""
    with_settings(home, "min_questions: 50", "min_questions: 3")


def test_model_that_passes_is_chosen_and_written_down(home: Path, publish: Publish) -> None:
    served(home)
    edit(home)
    job = publish()
    assert (job.state, job.text) == ("done", service.AFTER_RESTART)
    wanted = wish()
    assert wanted is not None
    assert (wanted.model, wanted.by) == (NEW, "chen")
    (publication,) = history.publications()
    assert (publication.kind, publication.model, publication.former) == ("publish", NEW, FORMER)
    assert (publication.questions, publication.accuracy) == (3, 1.0)
    assert [(one.label, one.in_words) for one in publication.changes] == [
        ("payment/invoice", "修改：答案")
    ]
    assert unpublished(home) == []
    assert not places.work().exists()


def test_mistakes_of_the_knowledge_base_stop_it_before_training(
    home: Path, publish: Publish
) -> None:
    in_git(home, "order", "在订单详情里取消。", f"{'很长' * 60}。")
    job = publish()
    assert job.state == "refused"
    (problem,) = job.problems
    assert (problem.file, problem.label) == ("data/knowledge/order.yml", "order/cancel")
    assert "100" in problem.text
    assert (names(home / "models"), history.publications()) == ([], [])


def test_failed_training_says_why_and_leaves_nothing(home: Path, publish: Publish) -> None:
    trains_with_stand_in(home, 'raise ValueError("no pipeline")')
    job = publish()
    assert job.state == "failed"
    assert "ValueError: no pipeline" in job.text
    assert (names(home / "models"), names(places.beside())) == ([], [])
    assert "no pipeline" in places.log().read_text(encoding="utf-8")
    assert not places.work().exists()


def test_what_is_saved_during_the_training_is_not_in_the_model(
    home: Path, publish: Publish
) -> None:
    served(home)
    edit(home, answer="先改的答案。")
    file = home / FOLDER / "payment.yml"
    later = f'p = pathlib.Path({str(file)!r}); p.write_text(p.read_text().replace("先改", "后改"))'
    trains_with_stand_in(home, later)
    assert publish().state == "done"
    assert "后改的答案" in file.read_text(encoding="utf-8")
    # The stand-in packs the knowledge base that it was given into the model.
    with tarfile.open(home / "models" / NEW) as archive:
        packed = archive.extractfile("data/knowledge/payment.yml")
        assert packed is not None
        assert "先改的答案" in packed.read().decode()
    assert [(one.label, one.in_words) for one in unpublished(home)] == [
        ("payment/invoice", "修改：答案")
    ]
    assert (home / "models" / NEW).stat().st_mtime < file.stat().st_mtime


def test_model_below_the_floor_stays_outside(home: Path, publish: Publish) -> None:
    served(home)
    strict(home)
    job = publish(new="none")
    assert job.state == "refused"
    assert job.text.startswith("准确率 0.0 %，低于要求的 80.0 %；准确率从 100.0 % 降到 0.0 %")
    # Not where the next start would take it as the newest.
    assert (names(home / "models"), names(places.beside())) == ([FORMER], [NEW])
    assert (wish(), history.publications()) == (None, [])
    tried = result.load(job.id)
    assert tried is not None
    assert len(tried.compared.worse) == 3


def test_only_an_administrator_with_a_reason_lets_a_refused_model_through(
    home: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(home)
    strict(home)
    publish(new="none")
    with pytest.raises(Refused, match="只有管理员"):
        uses(monkeypatch, NEW)
    with pytest.raises(Refused, match="写明原因"):
        uses(monkeypatch, NEW, force=True, why="  ")
    assert uses(monkeypatch, NEW, force=True, why="活动今晚开始").state == "done"
    (publication,) = history.publications()
    assert (publication.kind, publication.reason) == ("forced", "活动今晚开始")
    assert (publication.accuracy, publication.made_here) == (0, True)
    assert names(home / "models") == [FORMER, NEW]


def test_model_waits_where_it_is_not_to_come_into_service_by_itself(
    home: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(home)
    edit(home)
    job = publish(auto=False)
    assert (job.state, wish(), names(home / "models")) == ("waiting", None, [FORMER])
    assert len(unpublished(home)) == 1
    assert uses(monkeypatch, NEW).state == "done"
    (publication,) = history.publications()
    assert (publication.kind, publication.accuracy, publication.job) == ("publish", 1.0, job.id)
    assert len(publication.changes) == 1


def test_back_to_the_former_model(
    home: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(home)
    history.note(Publication(time.time(), "chen", "publish", FORMER, questions=3, accuracy=0.5))
    edit(home)
    publish()
    assert uses(monkeypatch, FORMER).state == "done"
    back = history.publications()[-1]
    assert (back.kind, back.model, back.former) == ("rollback", FORMER, NEW)
    assert (back.questions, back.accuracy) == (3, 0.5)
    # The knowledge base stays; what it says is not published any more.
    assert [one.label for one in unpublished(home)] == ["payment/invoice"]


def test_back_to_a_model_that_the_bot_team_trained(
    home: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_by_bot_team(home)
    publish()
    assert uses(monkeypatch, FORMER).state == "done"
    back = history.publications()[-1]
    assert (back.kind, back.model, back.made_here) == ("rollback", FORMER, False)


def test_model_of_the_bot_team_is_tried_without_changing_anything(
    home: Path, publish: Publish
) -> None:
    served(home)
    other = made_by_bot_team(home, "20261001-100000-other.tar.gz")
    assert publish().state == "done"
    job = done("check", model=other.name)
    assert (job.state, job.text) == ("done", "检查通过")
    assert [p.model for p in history.publications()] == [NEW]


def test_swap_that_fails_leaves_the_former_model_in_service(
    home: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(home)
    states = iter([Serving(FORMER, managed=True), Serving(FORMER, switching_to=NEW, managed=True)])
    failed = Serving(FORMER, failed="内存不够", managed=True)
    monkeypatch.setattr(service, "serving", lambda: next(states, failed))
    job = publish()
    assert job.state == "failed"
    assert "内存不够" in job.text
    wanted = wish()
    assert wanted is not None
    assert wanted.model == FORMER
    assert (names(home / "models"), names(places.beside())) == ([FORMER], [NEW])
    assert history.publications() == []


def test_stop_before_the_model_is_changed(home: Path) -> None:
    trains_with_stand_in(home, "import time; time.sleep(600)")
    job = jobs.new_job("publish", "chen", time.time())
    jobs.ask_to_stop(job.id, "lin")
    run(jobs.save(job))
    ended = jobs.get(job.id)
    assert (ended.state, names(home / "models")) == ("cancelled", [])
    assert not places.work().exists()


def test_old_models_of_publishing_go_and_those_of_the_bot_team_stay(
    home: Path, publish: Publish
) -> None:
    with_settings(home, "keep_models: 5", "keep_models: 1")
    made_by_bot_team(home)
    for number in range(3):
        trains_with_stand_in(home, name=f"p{number}.tar.gz")
        assert publish().state == "done"
    # The newest, the one before it, and what publishing did not make.
    assert names(home / "models") == [FORMER, "p1.tar.gz", "p2.tar.gz"]


def test_questions_that_do_not_count_are_told(home: Path, publish: Publish) -> None:
    with (home / "tests/knowledge/payment.yml").open("a", encoding="utf-8") as file:
        file.write("      - 怎么开发票甲问\n  - id: gone\n    phrasings: [早就没有的问题]\n")
    tried = result.load(publish().id)
    assert tried is not None
    assert (tried.compared.questions, tried.gone, tried.trained) == (3, 1, 1)
    assert [one.title for one in tried.untested] == ["怎么取消订单"]


def test_shop_without_test_questions_can_publish(home: Path, publish: Publish) -> None:
    (home / "tests/knowledge/payment.yml").unlink()
    job = publish()
    tried = result.load(job.id)
    assert tried is not None
    assert job.state == "done"
    assert "没有测试问题" in tried.verdict.remarks[0]
    assert history.publications()[0].accuracy is None


def test_entry_that_another_catches_is_named(home: Path, publish: Publish) -> None:
    tried = result.load(publish(new="order/cancel").id)
    assert tried is not None
    caught = [(one.title, one.after.words) for one in tried.compared.caught]
    assert caught == [
        ("怎么开发票", "回答「怎么取消订单」"),
        ("支持哪些支付方式", "回答「怎么取消订单」"),
    ]
    assert not tried.verdict.passed
