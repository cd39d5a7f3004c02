"""Many customers who are with people: made quickly, and looked at afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import requests

from tests.end_to_end.installation import Installation, a_customer

AT_A_TIME = 6
# Until everything that was killed is there again.
KEEPS_TRYING = 90.0

_TAKE = """
import json, sys, time
from kefu.handoff import desk, holder
from kefu.staff import people, sessions
from kefu.storage.encryption import pseudonym

logins, customers = json.loads(sys.argv[1])
signed_in = {}
for login in logins:
    person = people.add(login, f"客服{login}", "agent", "a long enough secret 1", time.time())
    session = sessions.open_session(person.id, time.time())
    signed_in[login] = [session.token, session.csrf]
taken = {}
for place, customer in enumerate(customers):
    handoff = holder.open_of(pseudonym("rest", customer))
    login = logins[place % len(logins)]
    taken[customer] = [desk.take(handoff.id, login, time.time()).id, login]
print(json.dumps([signed_in, taken]))
"""
_LOOK = """
import json, sys
from kefu.handoff import holder
from kefu.storage.encryption import pseudonym
from kefu.storage.messages import transcript

seen = {}
for customer in json.loads(sys.argv[1]):
    conversation = pseudonym("rest", customer)
    handoff = holder.open_of(conversation)
    lines = [[line.author, line.text] for line in transcript(conversation, 1000)]
    seen[customer] = [handoff and handoff.state, handoff and handoff.agent, lines]
print(json.dumps(seen))
"""


@dataclass(frozen=True)
class Seen:
    """What the database has of a customer: who holds the conversation, and all that was said."""

    state: str | None
    agent: str | None
    lines: list[tuple[str, str]]


class Crowd:
    """Customers of an installation, each held by an agent, and what both of them do."""

    def __init__(self, kefu: Installation, customers: int, agents: int) -> None:
        """Let so many customers ask for a person, and so many agents take them."""
        self._kefu = kefu
        self.customers = [a_customer() for _ in range(customers)]
        self._together(lambda customer: kefu.say(customer, "转人工"))
        logins = [f"agent{number}" for number in range(agents)]
        signed_in, taken = self._python(_TAKE, [logins, self.customers])
        self._sessions: dict[str, list[str]] = signed_in
        self._handoffs: dict[str, tuple[int, str]] = taken
        # How far each customer's backend has read.
        self._read = dict.fromkeys(self.customers, 0)
        self.taken: list[str] = []
        self.heard()

    def agent_of(self, customer: str) -> str:
        """Return who took the customer."""
        return self._handoffs[customer][1]

    def number_of(self, customer: str) -> int:
        """Return the number of the customer's handoff."""
        return self._handoffs[customer][0]

    def customers_write(self, text: str) -> None:
        """Let every customer write, over and over until it is acknowledged, as backends do."""
        self._together(lambda customer: self._write(customer, text))

    def agents_answer(self, text: str) -> None:
        """Let the agents answer every customer, over and over until the console has it."""
        self._together(lambda customer: self._answer(customer, text))

    def heard(self) -> dict[str, list[str]]:
        """Return what people told customers since the last time, also in answers that got lost."""
        return {customer: self._hears(customer) for customer in self.customers}

    def look(self) -> dict[str, Seen]:
        """Return what the database has of each customer."""
        found = self._python(_LOOK, self.customers)
        return {
            customer: Seen(state, agent, [(author, said) for author, said in lines])
            for customer, (state, agent, lines) in found.items()
        }

    def _write(self, customer: str, text: str) -> None:
        body = self._kefu.body(customer, text, message_id=_key(customer, text))

        _until_taken(lambda: self._kefu.post(body, timeout=10))
        self.taken.append(customer)

    def _hears(self, customer: str) -> list[str]:
        found = self._kefu.waiting(customer, after=self._read[customer])
        self._read[customer] = max(
            (reply["custom"]["id"] for reply in found), default=self._read[customer]
        )
        return [reply["text"] for reply in found]

    def _answer(self, customer: str, text: str) -> None:
        number, login = self._handoffs[customer]
        token, csrf = self._sessions[login]
        url = f"http://127.0.0.1:{self._kefu.console_port}/desk/{number}/say"
        said = {"text": text, "key": _key(customer, text)}
        given: dict[str, Any] = {
            "cookies": {"kefu_session": token},
            "headers": {"X-CSRF-Token": csrf},
        }
        with requests.Session() as http:
            http.trust_env = False
            _until_taken(lambda: http.post(url, data=said, timeout=10, **given))
        self.taken.append(customer)

    def _together(self, act: Callable[[str], object]) -> None:
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            list(pool.map(act, self.customers))

    def _python(self, program: str, given: Sequence[Any]) -> Any:
        done = subprocess.run(
            [sys.executable, "-c", program, json.dumps(given)],
            cwd=self._kefu.home,
            env=self._kefu.variables,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


def _key(customer: str, text: str) -> str:
    """Return what the repeats of a message have in common; it names nobody."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, customer + text))


def _until_taken(post: Callable[[], requests.Response]) -> requests.Response:
    deadline = time.monotonic() + KEEPS_TRYING
    while True:
        try:
            answer = post()
        except requests.RequestException as error:
            assert time.monotonic() < deadline, error
        else:
            if answer.status_code == 200:
                return answer
            assert answer.status_code >= 500 and time.monotonic() < deadline, answer.text
        time.sleep(0.2)
