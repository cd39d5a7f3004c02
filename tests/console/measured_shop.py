"""A large shop for `measure_pages`: its folder, its month of messages, a sheet, its console."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import insert

from kefu.console.guard import COOKIE
from kefu.environment import secret
from kefu.normalise import match_key
from kefu.recognition_benchmark.scale import words
from kefu.staff import people, sessions
from kefu.storage import migrate
from kefu.storage.engine import writing
from kefu.storage.tables import messages, turns
from tests.console.visitors import PASSWORD
from tests.databases import PROJECT
from tests.insight.made import Month, fill
from tests.knowledge.bases import row, xlsx

_MESSAGES, _DAYS, _PHRASINGS = 100_000, 31, 15
_A_CATEGORY = 84
_COPIED = ("data", "settings.yml", "credentials.yml", "endpoints.yml", "domain.yml", "config.yml")
_STARTS_WITHIN = 60.0


def prepare(folder: Path, entries: int) -> Path:
    """Make a shop in a folder unless it is there: a month that ended yesterday; return its sheet.

    `KEFU_HOME` and `KEFU_VAR` of this process become the shop's.
    """
    os.environ.update(KEFU_HOME=str(folder / "home"), KEFU_VAR=str(folder / "var"))
    sheet = folder / "entries.xlsx"
    if not sheet.exists():
        _copy_project(folder / "home")
        migrate.upgrade()
        month = Month(_MESSAGES, date.today() - timedelta(days=_DAYS), _DAYS)
        fill(month)
        _say(month)
        people.add("measured", "小量", "administrator", PASSWORD, time.time())
        xlsx(sheet, rows(entries))
    return sheet


def rows(number: int) -> list[list[Any]]:
    """Return so many entries as rows of a sheet, in categories of 84, none like another."""
    known = words()
    pairs = [(p, q) for q in range(len(known.questions)) for p in range(len(known.products))]
    made = []
    for order, (product, question) in enumerate(pairs[:number]):
        names, wordings = known.products[product], known.questions[question]
        texts = [f.format(n=n, q=q) for f in known.frames for n in names for q in wordings]
        distinct = list({match_key(text): text for text in texts}.values())[: _PHRASINGS + 1]
        answer = f"{names[0]}的这个问题，请看商品页的「服务说明」，第 {order + 1} 条。"
        similar = "\n".join(distinct[1:])
        made.append(row(distinct[0], f"类目{order // _A_CATEGORY + 1}", "", answer, similar))
    return made


@contextmanager
def console(log: Path) -> Iterator[Console]:
    """Give the console of the configured shop in a process of its own, with somebody signed in."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {**os.environ, "KEFU_CONSOLE_PORT": str(port)}
    with open(log, "ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "kefu.console"], env=variables, stdout=output, stderr=output
        )
    try:
        yield Console(process.pid, f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()


class Console:
    """A running console, a browser in front of it, and what its process uses."""

    def __init__(self, pid: int, url: str) -> None:
        """Wait until it answers, and sign in."""
        self._pid = pid
        person = people.by_login("measured")
        assert person is not None
        session = sessions.open_session(person.id, time.time())
        self.csrf = session.csrf
        token = {"Authorization": f"Bearer {secret('metrics_token')}"}
        headers = {"Accept": "text/html", "X-CSRF-Token": self.csrf, "Origin": url, **token}
        self.browser = httpx.Client(
            base_url=url, headers=headers, cookies={COOKIE: session.token}, timeout=120
        )
        self._wait()

    def get(self, path: str) -> tuple[httpx.Response, float, float]:
        """Return an answer, its seconds on the clock and those of the console's processor."""
        return self.measured("GET", path)

    def measured(self, method: str, path: str, **more: Any) -> tuple[httpx.Response, float, float]:
        """Return an answer, its seconds on the clock and those of the console's processor."""
        used, begun = self.used, time.perf_counter()
        answer = self.browser.request(method, path, **more)
        return answer, time.perf_counter() - begun, self.used - used

    @property
    def used(self) -> float:
        """Return the seconds of a processor that its process has used."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def megabytes(self) -> int:
        """Return the memory of its process."""
        lines = Path(f"/proc/{self._pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) // 1024

    def _wait(self) -> None:
        end = time.monotonic() + _STARTS_WITHIN
        while time.monotonic() < end:
            try:
                self.browser.get("/health")
                return
            except httpx.ConnectError:
                time.sleep(0.05)
        raise TimeoutError("the console does not answer")


def _copy_project(home: Path) -> None:
    home.mkdir(parents=True)
    for name in _COPIED:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, home / name)
        else:
            shutil.copy(PROJECT / name, home / name)


def _say(month: Month) -> None:
    """Give every turn the words that a customer typed."""
    known, chance = words(), random.Random(1)
    said = []
    for turn in month.rows[turns]:
        names, wordings = chance.choice(known.products), chance.choice(known.questions)
        text = chance.choice(known.frames).format(n=names[0], q=chance.choice(wordings))
        row = {"id": turn["id"], "conversation": turn["conversation"], "author": "customer"}
        state = {"kind": "text", "state": "answered", "turn": turn["id"]}
        said.append({**row, **state, "body": text, "created_at": turn["started_at"]})
    with writing() as connection:
        connection.execute(insert(messages), said)
