"""Publishing with Rasa itself, in a project with three entries."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kefu.publishing import decisions, history, launching, result
from kefu.publishing.jobs import Job
from kefu.publishing.pending import unpublished
from kefu.running.serving import wish
from tests.end_to_end.processes import eventually
from tests.publishing.shops import edit

_CONFIG = """
recipe: default.v1
assistant_id: kefu
language: zh
importers:
  - name: RasaFileImporter
  - name: kefu.knowledge.importer.KnowledgeImporter
pipeline:
  - name: kefu.nlu.normaliser.Normaliser
  - name: kefu.nlu.recogniser.KnowledgeRecogniser
    steps: 60
  - name: kefu.nlu.decision.Decision
policies:
  - name: RulePolicy
"""
_DOMAIN = """
version: "3.1"
intents: [greet, out_of_scope]
responses:
  utter_greet:
    - text: 你好
session_config:
  session_expiration_time: 60
  carry_over_slots_to_new_session: true
"""
_NLU = """
version: "3.1"
nlu:
  - intent: greet
    examples: |
      - 你好
      - 您好呀
      - 早上好
  - intent: out_of_scope
    examples: |
      - 今天天气怎么样
      - 给我讲个笑话
      - 明天会下雨吗
"""
_RULES = """
version: "3.1"
rules:
  - rule: greet
    steps:
      - intent: greet
      - action: utter_greet
"""


@pytest.fixture
def real(home: Path) -> Iterator[Path]:
    """Give the project with everything that Rasa needs to train."""
    (home / "config.yml").write_text(_CONFIG, encoding="utf-8")
    (home / "domain.yml").write_text(_DOMAIN, encoding="utf-8")
    (home / "data/nlu/small_talk.yml").write_text(_NLU, encoding="utf-8")
    (home / "data/rules").mkdir()
    (home / "data/rules/greet.yml").write_text(_RULES, encoding="utf-8")
    yield home
    job = launching.running()
    assert job is None, job


def published(auto: bool = True) -> tuple[Job, list[float]]:
    """Publish and wait for the end; return the job and the percentages that were seen."""
    job, seen = decisions.publish("chen", time.time(), auto), [0.0]

    def ended() -> Job | None:
        now = launching.current(job.id)
        seen.append(now.percent)
        return now if now.ended else None

    found: Job = eventually(ended, 240, "the publication has ended")
    return found, seen


def test_two_publications_and_what_changed_between_them(real: Path) -> None:
    first, seen = published()
    assert first.state == "done", first.text
    assert seen == sorted(seen)
    assert any(0 < percent < 100 for percent in seen)
    assert unpublished(real) == []
    tried = result.load(first.id)
    assert tried is not None
    # Without a model before it, nothing can be compared.
    assert tried.compared.right_before is None
    assert (tried.compared.standard, tried.compared.caught) == (3, ())

    edit(real, answer="在「我的」里申请发票。")
    second, _ = published(auto=False)
    assert second.state == "waiting", second.text
    tried = result.load(second.id)
    assert tried is not None
    assert tried.compared.questions == 3
    assert tried.compared.right_before == tried.compared.right
    assert [(one.label, one.in_words) for one in tried.changes] == [
        ("payment/invoice", "修改：答案")
    ]
    wanted = wish()
    assert wanted is not None
    assert wanted.model == first.model
    assert [p.model for p in history.publications()] == [first.model]
    assert first.model != second.model
