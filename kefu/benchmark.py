"""`kefu bench`: how long customers wait, measured over HTTP on a set of processes of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import requests
from rich.console import Console

from kefu import bench_report, replies
from kefu.bench_report import Measured
from kefu.benchmark_wechat import measure_wechat
from kefu.environment import environment
from kefu.errors import KefuError
from kefu.knowledge.model import read_knowledge
from kefu.progress import counting
from kefu.running.machine import machine, resident_megabytes
from kefu.running.own_set import OwnSet, own_set
from kefu.settings import Gateway, Shop, settings
from kefu.shop.http import HttpOrders
from kefu.training import model_is_current, newest_model, train

RESULT = Path("results") / "bench.json"
LOOKUPS = 200
BURSTS = 50
BURST_GAP_SECONDS = 0.01
AT_A_TIME = 8
_SEED = 7
_WARM_UP = 20
_OPENERS = ("在吗", "你好", "请问一下", "想问一下")
_DEMO_CUSTOMERS = 100
_LOOKUP_TEXTS = ("查一下订单{}", "{}到哪了", "帮我看看订单{}的状态", "{}")

Tick = Callable[[], None]


class BenchFailed(KefuError):
    """Raised when there is nothing to measure; the text says what to do."""


def bench(turns: int, customers: int, console: Console) -> int:
    """Start a set of processes of its own, measure, print and write results/bench.json.

    Nothing of this installation is touched: ports, data directory and database are
    temporary. Goals are printed, not asserted; the exit code is 0 once all has run.

    Raises:
        BenchFailed, OwnSetFailed: The processes do not start, or refuse the requests.
    """
    if turns < 1 or customers < 1:
        raise BenchFailed("--turns 和 --customers 应为正整数")
    asked = phrasings(environment().home, settings().handoff.complaint_entries)
    model = current_model(environment().home, console)
    console.print("• 启动一套独立的进程（约 15 秒）…")
    with own_set(model) as running:
        client = Client(running.place.rasa_url, running.token)
        orders = _orders(running.place.shop_url, console)
        measured = measure(client, asked, orders, turns, customers, console)
        measured += _measure_wechat(running, asked, console)
        states = running.daemon.states()
        memory = {state.name: resident_megabytes(state.pid) for state in states if state.pid}
    here = machine()
    bench_report.show(measured, memory, here, console)
    file = environment().home / RESULT
    bench_report.write(file, measured, memory, here)
    console.print(f"✔ 已写入 {file}")
    return 0


def _measure_wechat(running: OwnSet, asked: Sequence[str], console: Console) -> list[Measured]:
    if not running.has_double:
        console.print("• credentials.yml 里没有演示账号，不测微信")
        return []
    with counting(console) as progress:

        def tick(title: str, total: int) -> Tick:
            task = progress.add_task(title, total=total)
            return lambda: progress.advance(task)

        return measure_wechat(running.place.wechat_double_url, asked, tick)


def phrasings(home: Path, without: Sequence[str] = ()) -> list[str]:
    """Return the known phrasings of the knowledge base, except those of the entries `without`.

    Known ones, because times are measured and not recognition: each is answered from
    the knowledge base, and none opens a form that would slow the turns after it.
    """
    entries = [entry for category in read_knowledge(home) for entry in category.entries]
    return [p.text for entry in entries if entry.label not in without for p in entry.phrasings]


class Client:
    """A backend of the mini-program with one connection that it keeps."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._token = token
        self._session = requests.Session()
        # A proxy of the environment must not stand between two processes of one machine.
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {token}"

    def another(self) -> Client:
        """Return a client with a connection of its own."""
        return Client(self.url, self._token)

    def say(self, customer: str, text: str) -> tuple[float, bool]:
        """Send a message; return the seconds until the whole answer, and whether it failed.

        A customer who was handed over is taken back, so that the bot is measured.
        """
        started = time.perf_counter()
        answer = self._post(customer, text)
        seconds = time.perf_counter() - started
        offered = {b["title"] for reply in answer for b in reply.get("buttons") or []}
        if replies.CANCEL_WAITING in offered:
            self._post(customer, replies.CANCEL_WAITING)
        apology = settings().assistant.apology
        return seconds, any(apology in (reply.get("text") or "") for reply in answer)

    def _post(self, customer: str, text: str) -> list[dict[str, Any]]:
        body = {"sender": customer, "message": text, "metadata": {"test": True}}
        try:
            answer = self._session.post(f"{self.url}/webhooks/rest/webhook", json=body, timeout=30)
        except requests.RequestException as error:
            raise BenchFailed(f"Rasa 没有应答（{type(error).__name__}）") from None
        if answer.status_code == 429:
            raise BenchFailed(
                "超过了 settings.yml 的频率限制：请加大 --customers，或放宽 reception"
            )
        if answer.status_code != 200:
            raise BenchFailed(f"Rasa 应答 {answer.status_code}：{answer.text[:200]}")
        said: list[dict[str, Any]] = answer.json()
        return said


def measure(
    client: Client,
    asked: Sequence[str],
    orders: Sequence[tuple[str, str]],
    turns: int,
    customers: int,
    console: Console,
) -> list[Measured]:
    """Measure all series; without `orders` (customer, number) there are no look-ups."""
    random = Random(_SEED)
    questions = [(f"o_bench_{i % customers}", random.choice(asked)) for i in range(turns)]
    loads = [(f"o_load_{i % customers}", random.choice(asked)) for i in range(turns)]
    looked_up = [
        (
            orders[i % len(orders)][0],
            random.choice(_LOOKUP_TEXTS).format(orders[i % len(orders)][1]),
        )
        for i in range(LOOKUPS if orders else 0)
    ]
    bursts = [(f"o_burst_{i}", _burst(random, asked, i % 3 + 1)) for i in range(BURSTS)]
    for number in range(_WARM_UP):
        client.say(f"o_warm_{number}", random.choice(asked))
    with counting(console) as progress:

        def tick(title: str, total: int) -> Tick:
            task = progress.add_task(title, total=total)
            return lambda: progress.advance(task)

        found = [_faq(client, questions, tick("常见问题", turns))]
        if looked_up:
            found.append(_lookups(client, looked_up, tick("查订单", LOOKUPS)))
        found.append(_load(client, loads, tick(f"{AT_A_TIME} 人同时", turns)))
        found.append(_bursts(client, bursts, tick("连发三条", BURSTS)))
    return found


def _faq(client: Client, turns: Sequence[tuple[str, str]], tick: Tick) -> Measured:
    return _series(
        "常见问题", "faq", {"p50": 0.015, "p99": 0.060}, _one_by_one(client, turns, tick)
    )


def _lookups(client: Client, turns: Sequence[tuple[str, str]], tick: Tick) -> Measured:
    return _series("查订单", "lookup", {"p50": 0.060}, _one_by_one(client, turns, tick))


def _load(client: Client, turns: Sequence[tuple[str, str]], tick: Tick) -> Measured:
    started = time.perf_counter()
    # Each worker has customers of its own: two messages of one are never under way at once.
    names = sorted({customer for customer, _ in turns})
    groups = [set(names[number::AT_A_TIME]) for number in range(AT_A_TIME)]
    shares = [[turn for turn in turns if turn[0] in group] for group in groups]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        done = list(pool.map(lambda share: _one_by_one(client.another(), share, tick), shares))
    answers = [answer for share in done for answer in share]
    wall = time.perf_counter() - started
    return _series(f"{AT_A_TIME} 人同时", "load", {}, answers, wall)


def _bursts(client: Client, bursts: Sequence[tuple[str, list[str]]], tick: Tick) -> Measured:
    clients = [client.another() for _ in range(3)]
    answers = []
    with ThreadPoolExecutor(len(clients)) as pool:
        for number, (customer, texts) in enumerate(bursts):
            if number == 0:  # connections are opened before anything is measured
                for each in clients:
                    each.say(f"{customer}_warm", texts[-1])
            answers.append(_sent_at_once(pool, clients, customer, texts))
            tick()
    return _series("连发三条", "burst", {"max": 1.0}, answers)


def _sent_at_once(
    pool: ThreadPoolExecutor, clients: Sequence[Client], customer: str, texts: Sequence[str]
) -> tuple[float, bool]:
    started = time.perf_counter()

    def send(number: int) -> bool:
        time.sleep(max(0.0, started + number * BURST_GAP_SECONDS - time.perf_counter()))
        return clients[number].say(customer, texts[number])[1]

    failed = list(pool.map(send, range(len(texts))))
    return time.perf_counter() - started, any(failed)


def _burst(random: Random, asked: Sequence[str], questions: int) -> list[str]:
    openers = random.sample(_OPENERS, 3 - questions)
    return openers + random.sample(list(asked), questions)


def _one_by_one(
    client: Client, turns: Sequence[tuple[str, str]], tick: Tick
) -> list[tuple[float, bool]]:
    answers = []
    for customer, text in turns:
        answers.append(client.say(customer, text))
        tick()
    return answers


def _series(
    name: str,
    key: str,
    goals: dict[str, float],
    answers: Sequence[tuple[float, bool]],
    wall: float | None = None,
) -> Measured:
    seconds = [taken for taken, _ in answers]
    return Measured(name, key, seconds, goals, sum(f for _, f in answers), wall or sum(seconds))


def _orders(shop_url: str, console: Console) -> list[tuple[str, str]]:
    """Return an order number of each of the demo shop's customers."""
    if settings().shop != Shop():
        console.print("• settings.yml 连接了商家自己的系统，不测查订单")
        return []
    gateway = HttpOrders(Gateway(), shop_url, settings().assistant.zone)
    customers = [f"o_demo_{number:04d}" for number in range(1, _DEMO_CUSTOMERS + 1)]
    found = [(customer, gateway.recent_orders(customer, 1)) for customer in customers]
    return [(customer, orders[0].order_no) for customer, orders in found if orders]


def current_model(home: Path, console: Console) -> Path:
    """Return the newest model, trained anew where it is not of these files."""
    newest = newest_model(home)
    if newest is not None and model_is_current(home):
        return newest
    console.print("• 训练模型（约一分钟）…")
    return train(home, console)
