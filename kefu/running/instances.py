"""The two Rasa processes that take turns: what each is to do, and what each says of itself.

`kefu run` alone writes the orders, each instance alone writes its own report.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from kefu.environment import environment
from kefu.running import json_files

_ORDERS = "instances.json"


@dataclass(frozen=True)
class Job:
    """What an instance was started for.

    Attributes:
        name: The instance.
        model: Its model.
        host, port: Where customers come to.
        endpoints, credentials: Rasa's files.
    """

    name: str
    model: Path
    host: str
    port: int
    endpoints: str
    credentials: str


@dataclass(frozen=True)
class Orders:
    """What the instances are to do.

    Attributes:
        serving: The one that answers customers; None where nobody says.
        heir: The one that is to take over from it, None while none is.
        models: Path of the model that an instance loads, by the instance's name.
    """

    serving: str | None = None
    heir: str | None = None
    models: dict[str, str] = field(default_factory=dict)

    def wants(self, name: str) -> bool:
        """Tell whether an instance has anything to do."""
        return self.serving is None or name in (self.serving, self.heir)

    def may_take_over(self, name: str) -> bool:
        """Tell whether an instance may take the customers from one that answers them."""
        return self.serving is None or name == self.heir


@dataclass(frozen=True)
class Report:
    """What an instance says of itself.

    Attributes:
        pid: Its process id.
        model: Path of its model.
        since: When it began to answer, in seconds since the epoch.
        left: It has handed its customers over, and nobody is connected any more.
    """

    pid: int
    model: str
    since: float
    left: bool = False


def orders() -> Orders:
    """Return the orders; those of nobody where `kefu run` has given none."""
    return json_files.read(_folder() / _ORDERS, Orders) or Orders()


def give_orders(given: Orders) -> None:
    """Replace the orders."""
    json_files.write(_folder() / _ORDERS, given)


def report_of(name: str) -> Report | None:
    """Return what an instance has last said; it may have died since."""
    return json_files.read(_report(name), Report)


def report(name: str, said: Report) -> None:
    """Say how things stand with this instance."""
    json_files.write(_report(name), said)


def _report(name: str) -> Path:
    return _folder() / f"{name}.json"


def _folder() -> Path:
    return environment().var / "run"
