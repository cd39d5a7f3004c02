"""An installation of its own: `kefu run` on free ports, with its data in a temporary folder."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import uuid
import xmlrpc.client
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
import yaml
from supervisor.xmlrpc import SupervisorTransport

from tests.end_to_end.processes import eventually, is_running
from tests.end_to_end.shown import INNER_NAMES, Reply, payloads, texts, titles
from tests.model import PROJECT

# The start trains first when a file was changed after the model was made.
STARTS_WITHIN = 150.0
STOPS_WITHIN = 15.0
RASA = ("rasa", "rasa_2")
# All but settings.yml, whose service hours must not depend on the time of day.
_SHARED = (
    "actions",
    "config.yml",
    "credentials.yml",
    "data",
    "domain.yml",
    "endpoints.yml",
    "kefu",
    "requirements.lock",
)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def a_customer() -> str:
    """Return the openid of somebody who was never here and has no orders."""
    return f"o_{uuid.uuid4().hex[:20]}"


@contextmanager
def running(
    folder: Path, model: Path, hours: Iterable[str], **variables: str
) -> Iterator[Installation]:
    """Give an installation that runs until the end of the block."""
    installation = Installation(folder, model, hours, **variables)
    try:
        installation.start()
        yield installation
    finally:
        installation.stop()


class Installation:
    """`kefu run` in a process, and everything that people and backends do with it."""

    def __init__(
        self, folder: Path, model: Path | None, hours: Iterable[str], **variables: str
    ) -> None:
        """Prepare; `hours` are the service hours of every day, none for always closed.

        Without a model, the start trains one.
        """
        self.home, self.var = folder / "home", folder / "var"
        self._make_home(model, list(hours))
        self.rasa_port, self.actions_port, self.shop_port, *others = _free_ports(6)
        self.wechat_port, self.double_port, self.console_port = others
        kept = {key: value for key, value in os.environ.items() if not key.startswith("KEFU_")}
        self.variables = {
            **kept,
            "KEFU_HOME": str(self.home),
            "KEFU_VAR": str(self.var),
            "KEFU_RASA_PORT": str(self.rasa_port),
            "KEFU_ACTIONS_PORT": str(self.actions_port),
            "KEFU_SHOP_PORT": str(self.shop_port),
            "KEFU_WECHAT_PORT": str(self.wechat_port),
            "KEFU_WECHAT_DOUBLE_PORT": str(self.double_port),
            "KEFU_CONSOLE_PORT": str(self.console_port),
            **variables,
        }
        self.sent: set[str] = set()
        self.customers: set[str] = set()
        self.secrets: set[str] = set()
        self._conversations: dict[str, str] = {}
        self._http = requests.Session()
        self._http.trust_env = False
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, within: float = STARTS_WITHIN) -> None:
        """Start everything and wait so many seconds until it is ready."""
        output = self.var.parent / "output.txt"
        with open(output, "wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kefu.cli", "run"],
                cwd=self.home,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = self._process
        eventually(
            lambda: "按 Ctrl-C 停止" in output.read_text("utf-8") or process.poll() is not None,
            within,
            "kefu run is ready",
        )
        assert process.poll() is None, output.read_text("utf-8")
        self.token = self.kefu("token", "miniprogram").strip()

    @property
    def running(self) -> bool:
        """Tell whether `kefu run` has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def printed(self) -> str:
        """Return what `kefu run` has shown since its start."""
        return (self.var.parent / "output.txt").read_text("utf-8")

    def die(self) -> None:
        """Kill -9 `kefu run` itself."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Press Ctrl-C and return the exit code."""
        assert self._process is not None
        if self.running:
            self._process.send_signal(signal.SIGINT)
        return self._process.wait(STOPS_WITHIN)

    def say(self, customer: str, text: str, **more: Any) -> list[Reply]:
        """Send what a customer typed, as the mini-program's backend does; return the replies.

        Keyword arguments: `message_id`, `page`, `order_no`, `type`.
        """
        answer = self.post(self.body(customer, text, **more))
        assert answer.status_code == 200, answer.text
        return self._seen(answer.json(), customer)

    def body(self, customer: str, text: str, **more: Any) -> dict[str, Any]:
        """Return the body of a request."""
        self.sent.add(text)
        self.customers.add(customer)
        body: dict[str, Any] = {"sender": customer, "message": text}
        if "message_id" in more:
            body["message_id"] = more.pop("message_id")
        return {**body, "metadata": more} if more else body

    def enter(self, customer: str, page: str | None = None) -> list[Reply]:
        """Open the chat, from a page of the mini-program."""
        return self.say(customer, "", type="enter", **({"page": page} if page else {}))

    def post(self, body: Any, timeout: float = 20, **options: Any) -> requests.Response:
        """Post to the channel; a body that is not bytes becomes JSON."""
        content = {"data": body} if isinstance(body, bytes) else {"json": body}
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        url = f"http://127.0.0.1:{self.rasa_port}/webhooks/rest/webhook"
        return self._http.post(url, headers=headers, timeout=timeout, **content, **options)

    def waiting(self, customer: str, wait: int = 0, after: int | None = None) -> list[Reply]:
        """Return what a person wrote to the customer meanwhile, or after what was read."""
        url = f"http://127.0.0.1:{self.rasa_port}/webhooks/rest/messages"
        answer = self._http.get(
            url,
            params={
                "sender": customer,
                "wait": str(wait),
                **({} if after is None else {"after": str(after)}),
            },
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=wait + 10,
        )
        assert answer.status_code == 200, answer.text
        return self._seen(answer.json(), customer)

    def kefu(self, *arguments: str) -> str:
        """Run the command line as an agent or the administrator does; return its output."""
        done = subprocess.run(
            [sys.executable, "-m", "kefu.cli", *arguments],
            cwd=self.home,
            env={**self.variables, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def shop_is(self, mode: str, **more: Any) -> None:
        """Tell the demo shop which fault to have."""
        url = f"http://127.0.0.1:{self.shop_port}/_control/faults"
        answer = self._http.post(url, json={"mode": mode, **more}, timeout=5)
        assert answer.status_code == 200, answer.text

    def ordered_at(self, order_no: str) -> datetime:
        """Return when an order was placed, in the shop's own time zone."""
        query = "SELECT created_at FROM orders WHERE order_no = ?"
        return datetime.fromisoformat(self._shop(query, order_no)[0][0])

    def tracking_number(self, order_no: str) -> str:
        """Return the number of an order's first parcel."""
        query = "SELECT tracking_no FROM parcels WHERE order_no = ?"
        number = str(self._shop(query, order_no)[0][0])
        self.secrets.add(number)
        return number

    def cases(self, order_no: str) -> list[tuple[str, str]]:
        """Return kind and reason of the after-sales requests for an order."""
        return self._shop("SELECT kind, reason FROM refunds WHERE order_no = ?", order_no)

    def someone_with(self, state: str) -> tuple[str, str]:
        """Return a customer of the demo shop whom no test has met, and an order in this state."""
        query = (
            "SELECT openid, order_no FROM orders WHERE state = ? ORDER BY openid, created_at DESC"
        )
        met = self.customers
        customer, order_no = next(row for row in self._shop(query, state) if row[0] not in met)
        self.customers.add(customer)
        self.secrets.add(order_no)
        return str(customer), str(order_no)

    def recorded(self, customer: str) -> int:
        """Return how many messages of a customer are in the database."""
        return self._count("messages", "author = 'customer'", customer)

    def turns(self, customer: str) -> int:
        """Return how many turns the assistant has taken with a customer."""
        return self._count("turns", "1", customer)

    def leaks(self) -> list[str]:
        """Return what can be read of customers in the logs or in the database's files."""
        stored = b"".join(file.read_bytes() for file in self.var.glob("kefu.db*"))
        assert all(
            self._conversation(customer).encode() in stored for customer in self._conversations
        )
        places = [stored, *(text.encode() for text in self.logs().values())]
        secrets = {*self.secrets, *self.customers, *(s for s in self.sent if len(s) > 4)}
        return [s for s in secrets if any(s.encode("utf-8", "replace") in p for p in places)]

    def pid(self, name: str) -> int:
        """Return the process id of rasa, actions or shop; 0 while it does not run."""
        return self.pids().get(name, 0)

    def pids(self) -> dict[str, int]:
        """Return the process ids by program; of the two that take turns as Rasa, the one there."""
        found: dict[str, int] = {}
        for name, pid in self._processes():
            program = "rasa" if name in RASA else name
            found[program] = pid or found.get(program, 0)
        return found

    def rasas(self) -> dict[str, int]:
        """Return the process ids of those that are there as Rasa: two while one follows another."""
        return {name: pid for name, pid in self._processes() if name in RASA and pid}

    def kill(self, name: str) -> int:
        """Kill -9 a program and return the process id that it had."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not is_running(pid), 5, f"{name} is dead")
        return pid

    def wait_healthy(self, name: str, seconds: float = 60) -> None:
        """Wait until a program answers its health check."""
        port, path = {
            "rasa": (self.rasa_port, "/webhooks/rest/"),
            "actions": (self.actions_port, "/health"),
            "shop": (self.shop_port, "/health"),
            "wechat": (self.wechat_port, "/health"),
            "wechat_double": (self.double_port, "/health"),
            "console": (self.console_port, "/health"),
        }[name]
        eventually(lambda: self._answers(f"http://127.0.0.1:{port}{path}"), seconds, name)

    def _processes(self) -> list[tuple[str, int]]:
        transport = SupervisorTransport(None, None, f"unix://{self.var}/run/supervisor.sock")
        server: Any = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        return [(row["name"], row["pid"]) for row in server.supervisor.getAllProcessInfo()]

    def logs(self) -> dict[str, str]:
        """Return the text of every file under var/log and var/run, but for that of a training."""
        files = [f for f in self.var.rglob("*") if f.parent.name in ("log", "run") and f.is_file()]
        files = [file for file in files if file.name != "train.log"]
        return {file.name: file.read_text("utf-8", errors="replace") for file in files}

    def _seen(self, replies: list[Reply], customer: str) -> list[Reply]:
        assert all(reply["recipient_id"] == customer for reply in replies)
        for shown in (texts(replies), *payloads(replies), *titles(replies)):
            assert not INNER_NAMES.search(shown), shown
        return replies

    def _count(self, table: str, where: str, customer: str) -> int:
        query = f"SELECT count(*) FROM {table} WHERE {where} AND conversation = ?"
        with closing(sqlite3.connect(self.var / "kefu.db")) as database:
            return int(database.execute(query, (self._conversation(customer),)).fetchone()[0])

    def _conversation(self, customer: str) -> str:
        if customer not in self._conversations:
            program = (
                "import sys; from kefu.storage.encryption import pseudonym;"
                "print(pseudonym('rest', sys.argv[1]))"
            )
            done = subprocess.run(
                [sys.executable, "-c", program, customer],
                cwd=self.home,
                env=self.variables,
                capture_output=True,
                text=True,
                check=True,
            )
            self._conversations[customer] = done.stdout.strip()
        return self._conversations[customer]

    def _shop(self, query: str, *values: str) -> list[Any]:
        with closing(sqlite3.connect(self.var / "demo_shop.db")) as database:
            return database.execute(query, values).fetchall()

    def _answers(self, url: str) -> bool:
        try:
            return self._http.get(url, timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def _make_home(self, model: Path | None, hours: list[str]) -> None:
        (self.home / "models").mkdir(parents=True)
        if model is not None:
            (self.home / "models" / model.name).symlink_to(model)
        for name in _SHARED:
            (self.home / name).symlink_to(PROJECT / name)
        given = yaml.safe_load((PROJECT / "settings.yml").read_text("utf-8"))
        given["service_hours"] = {"weekly": {day: list(hours) for day in _DAYS}, "holidays": []}
        # What these customers are answered does not depend on whether they come for the first time.
        given["terms"]["first_contact"] = ""
        text = yaml.safe_dump(given, allow_unicode=True)
        (self.home / "settings.yml").write_text(text, encoding="utf-8")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for opened in sockets:
        opened.bind(("127.0.0.1", 0))
    ports = [int(opened.getsockname()[1]) for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports
