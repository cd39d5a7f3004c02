"""The demo shop: its data, its door and its pages."""

from __future__ import annotations

import re
import socket
import sqlite3
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from kefu.environment import child_environment
from kefu.shop.demo.data import sales
from kefu.shop.demo.goods import ZONE
from kefu.shop.demo.store import open_store
from kefu.shop.records import OrderState, ParcelState, RefundState
from kefu.shop.signing import TIMESTAMP_HEADER, WINDOW, signature, signed_headers

from .conftest import PROJECT, Demo, free_port

MEMBER = "/api/customers/o_demo_0001/member"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    return open_store(tmp_path_factory.mktemp("store") / "demo.db")


def test_has_every_state_and_enough_of_everything(store: sqlite3.Connection) -> None:
    def column(sql: str) -> list[object]:
        return [row[0] for row in store.execute(sql)]

    assert column("SELECT count(*) FROM customers") == [200]
    assert column("SELECT count(*) FROM orders") == [2000]
    assert set(column("SELECT DISTINCT state FROM orders")) == {s.value for s in OrderState}
    assert set(column("SELECT DISTINCT state FROM parcels")) == {s.value for s in ParcelState}
    assert set(column("SELECT DISTINCT state FROM refunds")) == {s.value for s in RefundState}
    first = column("SELECT DISTINCT state FROM orders WHERE openid = 'o_demo_0001'")
    assert set(first) == {s.value for s in OrderState}
    counts = column("SELECT count(*) FROM orders GROUP BY openid")
    assert len(counts) == 200
    assert min(counts) >= 3  # type: ignore[type-var]
    assert max(counts) >= 30  # type: ignore[operator,type-var]


def test_numbers_look_real_and_nothing_lies_in_the_future(store: sqlite3.Connection) -> None:
    now = datetime.now(ZONE).isoformat()
    for order_no, created in store.execute("SELECT order_no, created_at FROM orders"):
        assert re.fullmatch(r"20\d{16}", order_no)
        assert order_no.startswith(created[:10].replace("-", ""))
        assert created <= now
    for (number,) in store.execute("SELECT tracking_no FROM parcels"):
        assert re.fullmatch(r"(SF|YT|ZT|JD)\d{13}", number)
    assert store.execute("SELECT count(*) FROM traces WHERE at > ?", (now,)).fetchone()[0] == 0
    late = "SELECT count(*) FROM refunds WHERE updated_at > ? OR updated_at < applied_at"
    assert store.execute(late, (now,)).fetchone()[0] == 0


def test_is_the_same_every_time_and_quickly_made(tmp_path: Path) -> None:
    now = datetime(2026, 8, 1, 12, tzinfo=ZONE)
    assert list(sales(now)) == list(sales(now))
    started = time.monotonic()
    open_store(tmp_path / "demo.db").close()
    assert time.monotonic() - started < 3


def _get(url: str, headers: dict[str, str]) -> requests.Response:
    return requests.get(url, headers=headers, timeout=5)


def test_lets_in_a_signed_request_once(demo: Demo) -> None:
    headers = signed_headers("test-key", "test-secret", "GET", MEMBER, "", b"")
    assert _get(demo.url + MEMBER, headers).json()["openid"] == "o_demo_0001"
    again = _get(demo.url + MEMBER, headers)
    assert again.status_code == 401
    assert "用过" in again.json()["message"]


@pytest.mark.parametrize(
    ("key", "secret", "signed_path"),
    [
        ("wrong", "test-secret", MEMBER),
        ("test-key", "wrong", MEMBER),
        ("test-key", "test-secret", "/api/customers/o_demo_0002/member"),
        ("", "", MEMBER),
    ],
)
def test_refuses_wrong_signatures(demo: Demo, key: str, secret: str, signed_path: str) -> None:
    headers = signed_headers(key, secret, "GET", signed_path, "", b"")
    assert _get(demo.url + MEMBER, headers).status_code == 401


def test_refuses_an_old_timestamp_though_rightly_signed(demo: Demo) -> None:
    headers = signed_headers("test-key", "test-secret", "GET", MEMBER, "", b"")
    old = str(int(time.time()) - WINDOW - 5)
    signed = signature("test-secret", "GET", MEMBER, "", old, headers["X-Nonce"], b"")
    headers |= {TIMESTAMP_HEADER: old, "X-Signature": signed}
    assert _get(demo.url + MEMBER, headers).status_code == 401


def test_refuses_without_headers_and_with_a_changed_body(demo: Demo) -> None:
    assert _get(demo.url + MEMBER, {}).status_code == 401
    path = "/api/customers/o_demo_0001/after-sales"
    headers = signed_headers("test-key", "test-secret", "POST", path, "", b"{}")
    body = {"order_no": "1", "kind": "refund", "reason": "x", "request_id": "1"}
    assert requests.post(demo.url + path, json=body, headers=headers, timeout=5).status_code == 401


def test_answers_alike_for_foreign_and_absent_numbers(demo: Demo) -> None:
    sql = "SELECT order_no FROM orders WHERE openid = 'o_demo_0002'"
    foreign = sqlite3.connect(demo.var / "demo_shop.db").execute(sql).fetchone()[0]
    answers = []
    for number in (foreign, "202601010000000000"):
        path = f"/api/customers/o_demo_0001/orders/{number}"
        headers = signed_headers("test-key", "test-secret", "GET", path, "", b"")
        answer = _get(demo.url + path, headers)
        answers.append((answer.status_code, answer.content))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


def test_a_large_body_is_refused(demo: Demo) -> None:
    path = "/api/customers/o_demo_0001/after-sales"
    assert requests.post(demo.url + path, data=b"x" * 70_000, timeout=5).status_code == 413


def test_pages_need_no_other_host(demo: Demo) -> None:
    start, docs = (requests.get(demo.url + path, timeout=5).text for path in ("/", "/docs"))
    assert "o_demo_0001" in start
    assert "/docs" in start
    assert re.search(r"20\d{16}", start)
    for link in re.findall(r'(?:src|href)="([^"]+)"', docs):
        assert not urlsplit(link).netloc
        assert requests.get(demo.url + link, timeout=5).status_code == 200
    assert requests.get(f"{demo.url}/openapi.json", timeout=5).json()["openapi"].startswith("3.0")


def _start(var: Path, port: int) -> subprocess.CompletedProcess[str]:
    changes = {"KEFU_VAR": str(var), "KEFU_SHOP_PORT": str(port), "KEFU_HOST": "127.0.0.1"}
    command = [sys.executable, "-m", "kefu.shop.demo"]
    return subprocess.run(
        command,
        env=child_environment(**changes),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_a_used_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = _start(tmp_path, taken.getsockname()[1])
    assert result.returncode == 1
    assert "KEFU_SHOP_PORT" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_broken_database_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "demo_shop.db").write_bytes(b"not a database at all" * 100)
    result = _start(tmp_path, free_port())
    assert result.returncode == 1
    assert "demo_shop.db" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
