"""What runs on one machine: command, address and health check of each program."""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from kefu.channels.wechat.accounts import accounts, has_section
from kefu.environment import Environment, reachable
from kefu.errors import KefuError
from kefu.running.endpoints import endpoints_file

_RASA_NICENESS = 5


class PortTaken(KefuError):
    """Raised when other programs listen where ours should."""


@dataclass(frozen=True)
class Program:
    """One process that is kept running.

    Attributes:
        name: Name of the process and of its log file.
        title: What people call it.
        command: Program and arguments.
        host: Address that it listens on.
        port: TCP port that it listens on.
        port_variable: The environment variable that changes the port.
        health: Path that answers 200 when the program is ready.
        variables: What it gets in its environment besides the common ones.
        model: The model that it loads, where it loads one.
        standby: Not started with the others: it takes turns with this one at its port.
    """

    name: str
    title: str
    command: tuple[str, ...]
    host: str
    port: int
    port_variable: str
    health: str
    variables: dict[str, str] = field(default_factory=dict)
    model: Path | None = None
    standby: Program | None = None

    @property
    def url(self) -> str:
        """Return the base URL under which this machine reaches the program."""
        return f"http://{reachable(self.host)}:{self.port}"

    @property
    def health_url(self) -> str:
        """Return the URL of the health check."""
        return self.url + self.health


def programs(environment: Environment, model: Path | None = None) -> list[Program]:
    """Return the programs of this installation, Rasa first.

    The demo shop is among them unless the merchant's own shop is configured, the WeChat
    double unless an account of the merchant's is. Raises AccountProblem.
    """
    chosen = [_rasa(environment, model), _actions(environment)]
    if uses_demo_shop(environment):
        chosen.append(_shop(environment))
    chosen.append(_console(environment))
    if has_section(environment.home):
        chosen.append(_wechat(environment))
        if any(account.demo for account in accounts()):
            chosen.append(_wechat_double(environment))
    return chosen


def uses_demo_shop(environment: Environment) -> bool:
    """Tell whether orders come from the demo shop."""
    return environment.shop_url == f"http://{environment.host}:{environment.shop_port}"


def require_free_ports(chosen: list[Program]) -> None:
    """Raise PortTaken naming every port that another program holds."""
    taken = [program for program in chosen if not _is_free(program.host, program.port)]
    if taken:
        raise PortTaken(
            "\n".join(
                f"端口 {p.port}（{p.title}）已被占用：先停掉占用它的程序，"
                f"或设置 {p.port_variable} 换一个端口"
                for p in taken
            )
        )


def _rasa(environment: Environment, model: Path | None) -> Program:
    standby = _rasa_instance(environment, model, "rasa_2")
    return replace(_rasa_instance(environment, model, "rasa"), model=model, standby=standby)


def _rasa_instance(environment: Environment, model: Path | None, name: str) -> Program:
    home = environment.home
    command = [
        # WeChat gives up on a push that is not acknowledged; the dialogue can wait.
        *("nice", "-n", str(_RASA_NICENESS)),
        *(sys.executable, "-m", "kefu.running.assistant", name),
        *("--host", environment.host, "--port", str(environment.rasa_port)),
        *("--endpoints", str(endpoints_file(environment))),
        *("--credentials", str(home / "credentials.yml")),
        *("--model", str(model or home / "models")),
    ]
    return Program(
        name,
        "Rasa",
        tuple(command),
        environment.host,
        environment.rasa_port,
        "KEFU_RASA_PORT",
        "/webhooks/rest/",
    )


def _actions(environment: Environment) -> Program:
    port = environment.actions_port
    command = (sys.executable, "-m", "rasa_sdk", "--actions", "actions", "-p", str(port))
    return Program(
        "actions",
        "动作服务",
        command,
        "127.0.0.1",
        port,
        "KEFU_ACTIONS_PORT",
        "/health",
        {"SANIC_HOST": "127.0.0.1"},
    )


def _shop(environment: Environment) -> Program:
    command = (sys.executable, "-m", "kefu.shop.demo")
    host, port = environment.host, environment.shop_port
    return Program("shop", "演示商城", command, host, port, "KEFU_SHOP_PORT", "/health")


def _console(environment: Environment) -> Program:
    command = (sys.executable, "-m", "kefu.console")
    host, port = environment.host, environment.console_port
    return Program("console", "客服工作台", command, host, port, "KEFU_CONSOLE_PORT", "/health")


def _wechat(environment: Environment) -> Program:
    command = (sys.executable, "-m", "kefu.channels.wechat")
    host, port = environment.host, environment.wechat_port
    return Program("wechat", "微信收发", command, host, port, "KEFU_WECHAT_PORT", "/health")


def _wechat_double(environment: Environment) -> Program:
    command = (sys.executable, "-m", "kefu.wechat_double")
    host, port = environment.host, environment.wechat_double_port
    return Program(
        "wechat_double",
        "微信模拟平台",
        command,
        host,
        port,
        "KEFU_WECHAT_DOUBLE_PORT",
        "/health",
    )


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
