"""What the administrator writes, sees and does about the helpdesk."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from kefu.cli import app
from kefu.console.app import create_app
from kefu.doctor import Finding, diagnose
from kefu.environment import secret
from kefu.errors import FileProblems, KefuError
from kefu.handoff import holder
from kefu.helpdesk import outbox
from kefu.helpdesk.pump import Pump
from kefu.settings import read_settings
from tests.databases import PROJECT
from tests.helpdesk.calls import event, post
from tests.helpdesk.double import HelpdeskDouble
from tests.helpdesk.made import asks, customer, outbox_kinds


def written(folder: Path, url: str) -> Path:
    text = (PROJECT / "settings.yml").read_text(encoding="utf-8")
    file = folder / "settings.yml"
    file.write_text(text.replace('url: ""\n  timeout: 5', f"url: '{url}'"), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://me:password@desk.example.com/kefu", "KEFU_HELPDESK_SECRET"),
        ("desk.example.com/kefu", "https://"),
        ("postgresql://desk/kefu", "https://"),
        ("https:///kefu", "https://"),
        ("https://[desk/kefu", "https://"),
    ],
)
def test_an_address_that_will_not_do_is_refused_with_a_remedy(
    tmp_path: Path, url: str, reason: str
) -> None:
    with pytest.raises(FileProblems, match=f"helpdesk.url：.*{reason}"):
        read_settings(written(tmp_path, url))


def test_a_web_address_is_taken(tmp_path: Path) -> None:
    url = "https://desk.example.com:8443/kefu?inbox=1"
    assert read_settings(written(tmp_path, url)).helpdesk.url == url


def kefu(*words: str) -> str:
    result = CliRunner().invoke(app, ["helpdesk", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.usefixtures("fresh_home")
def test_the_secret_can_be_shown() -> None:
    assert kefu("secret").strip() == secret("helpdesk_secret")


def test_what_was_given_up_is_listed_and_sent_again(configured: HelpdeskDouble) -> None:
    assert "没有放弃的事件" in kefu("dead")
    conversation = customer(now=time.time())
    asks(conversation, time.time())
    Pump().fill(time.time())
    head = outbox.head(conversation, time.time())
    assert head is not None
    outbox.bury(head, "外部客服系统拒收：HTTP 400", time.time())
    listed = kefu("dead")
    assert "转人工" in listed and "HTTP 400" in listed
    status = kefu("status")
    assert configured.url in status and "HTTP 400" in status
    with pytest.raises(KefuError, match="没有编号为 999"):
        kefu("retry", "999")
    assert "1 个事件" in kefu("retry", str(head.number))
    assert outbox_kinds() == ["handoff.requested"]
    with pytest.raises(KefuError, match="没有放弃的事件"):
        kefu("retry")


def test_a_test_event_shows_whether_address_and_signature_are_right(
    configured: HelpdeskDouble,
) -> None:
    assert "收下了" in kefu("test")
    assert configured.kinds() == ["ping"]
    configured.script = [401]
    with pytest.raises(KefuError, match="HTTP 401"):
        kefu("test")


@pytest.mark.usefixtures("fresh_home")
def test_without_an_address_there_is_nothing_to_test() -> None:
    with pytest.raises(KefuError, match=r"helpdesk\.url"):
        kefu("test")


def findings(holds: Callable[[Finding], bool] = lambda _: True) -> list[Finding]:
    return [found for found in diagnose() if found.name == "外部客服系统" and holds(found)]


def test_the_doctor_says_what_did_not_arrive(configured: HelpdeskDouble) -> None:
    assert findings(lambda found: found.ok)
    conversation = customer(now=time.time())
    asks(conversation, time.time())
    Pump().fill(time.time())
    head = outbox.head(conversation, time.time())
    assert head is not None
    outbox.put_off(head, "连不上外部客服系统", time.time())
    (found,) = findings()
    assert not found.ok
    assert "连不上外部客服系统" in found.text and "kefu helpdesk status" in found.remedy


@pytest.mark.usefixtures("fresh_home")
def test_the_doctor_is_silent_where_there_is_no_helpdesk() -> None:
    assert findings() == []


def test_the_console_takes_signed_requests_without_a_session(configured: HelpdeskDouble) -> None:
    handoff = asks(customer(now=time.time()), time.time())
    Pump().fill(time.time())
    with TestClient(create_app(with_duties=False), follow_redirects=False) as client:
        unsigned = client.post("/helpdesk/events", json={})
        answer = post(client, event("message", handoff.id, text="您好"))
    assert unsigned.status_code == 401
    assert unsigned.json()["error"]["code"] == "unauthorized"
    assert answer.status_code == 200
    assert holder.get(handoff.id).agent == "外部:小李"


def test_the_console_tells_the_helpdesk_while_it_runs(configured: HelpdeskDouble) -> None:
    asks(customer(now=time.time()), time.time())
    with TestClient(create_app()) as client:
        deadline = time.monotonic() + 15
        while not configured.taken and time.monotonic() < deadline:
            client.get("/health")
    assert configured.kinds() == ["handoff.requested"]
