"""supervisord as a child process: it keeps the programs running and rotates their logs."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from kefu.errors import KefuError
from kefu.running.leash import leashed
from kefu.running.log_files import last_reason
from kefu.running.programs import Program

GROUP = "kefu"
# A program that ends sooner after its start counts as failing to start, and is
# started again after 1, 2, 3 ... seconds.
START_SECONDS = 30
RETRIES = 20
TERM_SECONDS = 5
STOP_SECONDS = 8
# A socket's path must fit into 108 bytes.
_LONGEST_SOCKET = 100


class DaemonFailed(KefuError):
    """Raised when supervisord does not start."""


@dataclass(frozen=True)
class State:
    """What supervisord knows of one program.

    Attributes:
        name: The program's name.
        state: STARTING, RUNNING, BACKOFF, EXITED, FATAL, STOPPING, STOPPED or UNKNOWN.
        pid: Process id, 0 while it does not run.
    """

    name: str
    state: str
    pid: int


class Daemon:
    """supervisord with the programs it keeps running; all of them end with this process."""

    def __init__(
        self, programs: Sequence[Program], home: Path, var: Path, variables: Mapping[str, str]
    ) -> None:
        """Prepare; `home` is the programs' working directory, `var` gets `run` and `log`."""
        self._programs = programs
        self._home = home
        self._run = var / "run"
        self._logs = var / "log"
        self._variables = dict(variables)
        self._process: subprocess.Popen[bytes] | None = None
        self._pids: set[int] = set()

    def start(self) -> None:
        """Start supervisord and with it every program. Raises DaemonFailed."""
        for folder in (self._run, self._logs):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._socket = _socket_path(self._run)
        config = self._run / "supervisord.conf"
        config.write_text(self._config(), encoding="utf-8")
        command = [sys.executable, "-m", "supervisor.supervisord", "-n", "-s", "-c", str(config)]
        with open(self._run / "supervisord.out", "wb") as output:
            self._process = subprocess.Popen(
                leashed(command, signal.SIGTERM),
                env=self._variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C in the terminal is for this process alone, which stops the others.
                start_new_session=True,
            )
        self._wait_until_it_listens()

    def log_file(self, name: str) -> Path:
        """Return the log file of one program."""
        return self._logs / f"{name}.log"

    def alive(self) -> bool:
        """Tell whether supervisord itself runs."""
        return self._process is not None and self._process.poll() is None

    def states(self) -> list[State]:
        """Return the state of every program; empty when supervisord does not answer."""
        try:
            rows: Any = self._rpc().supervisor.getAllProcessInfo()
        except (OSError, xmlrpc.client.Error):
            return []
        states = [State(row["name"], row["statename"], row["pid"]) for row in rows]
        self._pids = {state.pid for state in states if state.pid}
        return states

    def start_again(self, name: str) -> None:
        """Start a program that supervisord has given up on."""
        try:
            self._rpc().supervisor.startProcess(f"{GROUP}:{name}", False)
        except (OSError, xmlrpc.client.Error):
            return

    def stop(self) -> None:
        """Stop all programs and supervisord, at the latest after STOP_SECONDS."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        # Usually gone by now: supervisord killed them, or their leash did.
        for pid in self._pids:
            try:
                os.killpg(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        self._socket.unlink(missing_ok=True)

    def _rpc(self) -> xmlrpc.client.ServerProxy:
        # The host name is not used: the transport speaks to the socket.
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + 15
        while not self.states():
            if not self.alive() or time.monotonic() > deadline:
                self.stop()
                reason = last_reason(self._run / "supervisord.out")
                reason = reason or last_reason(self._logs / "supervisord.log")
                raise DaemonFailed(f"进程管理器没有启动：{reason}（日志：{self._logs}）")
            time.sleep(0.1)

    def _config(self) -> str:
        sections = [
            f"[unix_http_server]\nfile={_escape(self._socket)}\nchmod=0700",
            "[supervisord]\n"
            f"logfile={_escape(self._logs / 'supervisord.log')}\n"
            "logfile_maxbytes=10MB\nlogfile_backups=3\n"
            f"pidfile={_escape(self._run / 'supervisord.pid')}\n"
            f"childlogdir={_escape(self._logs)}\nnocleanup=true",
            "[rpcinterface:supervisor]\n"
            "supervisor.rpcinterface_factory="
            "supervisor.rpcinterface:make_main_rpcinterface",
            # In one group all are stopped at the same time, not one after the other.
            f"[group:{GROUP}]\nprograms={','.join(p.name for p in self._programs)}",
            *(self._section(program) for program in self._programs),
        ]
        return "\n\n".join(sections) + "\n"

    def _section(self, program: Program) -> str:
        command = leashed(list(program.command), signal.SIGKILL)
        pairs = (f'{key}="{_escape(value)}"' for key, value in program.variables.items())
        lines = [
            f"[program:{program.name}]",
            f"command={_escape(shlex.join(command))}",
            f"directory={_escape(self._home)}",
            f"environment={','.join(pairs)}",
            f"startsecs={START_SECONDS}",
            f"startretries={RETRIES}",
            "autorestart=true",
            f"stopwaitsecs={TERM_SECONDS}",
            "stopasgroup=true",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={_escape(self.log_file(program.name))}",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=3",
        ]
        return "\n".join(lines)


def _escape(value: object) -> str:
    return str(value).replace("%", "%%")


def _socket_path(folder: Path) -> Path:
    path = folder / "supervisor.sock"
    if len(os.fsencode(path)) > _LONGEST_SOCKET:
        path = Path(tempfile.mkdtemp(prefix="kefu-")) / path.name
    return path
