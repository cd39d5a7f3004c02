"""The benchmark against a stand-in for the REST channel; the real one runs with `make bench`."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from kefu import bench_report, benchmark
from kefu.bench_report import Measured, percentile
from kefu.benchmark import BenchFailed, Client, measure, phrasings
from kefu.running.machine import Machine

PROJECT = Path(__file__).resolve().parent.parent
HERE = Machine("a processor", 2, 4.0, "a system", "3.10.0")


class Backend(BaseHTTPRequestHandler):
    """Answers like the REST channel; the server object holds what came in and what to say."""

    protocol_version = "HTTP/1.1"
    # Otherwise head and body are two packets, and the second waits 40 ms for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        received = json.loads(self.rfile.read(length))
        self.server.received.append((time.monotonic(), received))  # type: ignore[attr-defined]
        status, answer = self.server.answer(received)  # type: ignore[attr-defined]
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Stand(ThreadingHTTPServer):
    """A stand-in on a free port."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Backend)
        self.received: list[tuple[float, dict[str, Any]]] = []
        self.answer: Any = lambda said: (200, [{"recipient_id": said["sender"], "text": "好"}])

    @property
    def client(self) -> Client:
        return Client(f"http://127.0.0.1:{self.server_port}", "a token")


@pytest.fixture
def stand(fresh_home: Path) -> Iterator[Stand]:
    server = Stand()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _measure(stand: Stand, orders: list[tuple[str, str]], turns: int = 20) -> list[Measured]:
    return measure(
        stand.client, ["怎么开发票", "多久发货", "运费多少"], orders, turns, 5, Console()
    )


def test_every_series_has_as_many_answers_as_it_should(stand: Stand) -> None:
    found = {series.key: series for series in _measure(stand, [("o_1", "2026010112345678")])}
    counts = {key: len(series.seconds) for key, series in found.items()}
    assert counts == {
        "faq": 20,
        "lookup": benchmark.LOOKUPS,
        "load": 20,
        "burst": benchmark.BURSTS,
    }


def test_an_order_is_asked_for_by_its_own_customer(stand: Stand) -> None:
    _measure(stand, [("o_1", "2026010112345678"), ("o_2", "2026010187654321")])
    asked = [body for _, body in stand.received if "20260101" in body["message"]]
    assert {(body["sender"], "12345678" in body["message"]) for body in asked} == {
        ("o_1", True),
        ("o_2", False),
    }


def test_without_the_demo_shop_no_order_is_asked_for(stand: Stand) -> None:
    assert "lookup" not in {series.key for series in _measure(stand, [])}


def test_a_burst_is_sent_without_waiting_for_answers(stand: Stand) -> None:
    def slow(said: dict[str, Any]) -> tuple[int, list[Any]]:
        if said["sender"].startswith("o_burst_"):
            threading.Event().wait(0.05)
        return 200, []

    stand.answer = slow
    _measure(stand, [])
    times = [at for at, body in stand.received if body["sender"] == "o_burst_7"]
    assert len(times) == 3
    assert max(times) - min(times) < 0.1  # three answers one after the other take 0.15 s


def test_a_customer_who_was_handed_over_is_taken_back(stand: Stand) -> None:
    def hand_over(said: dict[str, Any]) -> tuple[int, list[Any]]:
        offered = [] if said["message"] == "取消排队" else [{"title": "取消排队"}]
        return 200, [{"text": "正在转接", "buttons": offered}]

    stand.answer = hand_over
    stand.client.say("o_1", "转人工")
    assert [body["message"] for _, body in stand.received] == ["转人工", "取消排队"]


def test_nothing_measured_counts_as_a_customer_in_the_figures(stand: Stand) -> None:
    stand.client.say("o_1", "你好")
    assert stand.received[0][1]["metadata"] == {"test": True}


def test_apologies_are_counted_as_failures(stand: Stand) -> None:
    apology = "抱歉，系统暂时出了点问题，已为你记录并通知人工客服跟进，请稍后再试。"
    stand.answer = lambda said: (200, [{"text": f"{apology}\n请稍候"}])
    assert stand.client.say("o_1", "你好")[1]


@pytest.mark.parametrize(("status", "hint"), [(429, "--customers"), (401, "401")])
def test_a_refusal_stops_the_benchmark_with_its_reason(
    stand: Stand, status: int, hint: str
) -> None:
    stand.answer = lambda said: (status, {"error": {"code": "unauthorized"}})
    with pytest.raises(BenchFailed, match=hint):
        stand.client.say("o_1", "你好")


def test_a_silent_server_stops_the_benchmark() -> None:
    with pytest.raises(BenchFailed, match="没有应答"):
        Client("http://127.0.0.1:9", "a token").say("o_1", "你好")


def test_questions_are_known_phrasings_without_those_that_call_a_person() -> None:
    found = phrasings(PROJECT)
    assert len(found) >= 500
    assert len(phrasings(PROJECT, ["service/complaint"])) < len(found)


@pytest.mark.parametrize(
    ("rank", "value"), [(50, 50), (95, 95), (99, 99), (100, 100), (1, 1), (0, 1)]
)
def test_percentiles_are_values_that_were_measured(rank: int, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), rank) == value


def test_the_report_shows_goals_and_whether_they_were_reached(tmp_path: Path) -> None:
    quick = Measured("快", "quick", [0.010, 0.012], {"p50": 0.015}, 0, 1.0)
    slow = Measured("慢", "slow", [0.010, 0.090], {"p99": 0.060}, 0, 1.0)
    failing = Measured("坏", "failing", [0.010], {"p50": 0.015}, 1, 1.0)
    console = Console(width=80, record=True)
    bench_report.show([quick, slow, failing], {"rasa": 700.0}, HERE, console)
    text = console.export_text()
    lines = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert "10.0(≤15)" in lines["快"] and "✔" in lines["快"]
    assert "✘" in lines["慢"]
    assert "✘" in lines["坏"]
    assert "rasa 700 MB" in text
    assert "a processor" in text

    bench_report.write(tmp_path / "results" / "bench.json", [slow], {"rasa": 700.0}, HERE)
    written = json.loads((tmp_path / "results" / "bench.json").read_text(encoding="utf-8"))
    assert written["measured"]["slow"]["milliseconds"]["p99"] == 90.0
    assert written["measured"]["slow"]["reached"] is False
    assert written["machine"]["cores"] == 2
