"""supervisord as a child process: it keeps the programs running and rotates their logs."""

from __future__ import annotations

import os
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
from kefu.running import log_files
from kefu.running.daemon_config import GROUP, LOG_BACKUPS, LOG_MEGABYTES, Places, config
from kefu.running.leash import leashed
from kefu.running.log_files import last_reason
from kefu.running.programs import Program

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
        run = var / "run"
        self._places = Places(home, var / "log", run, _socket_path(run))
        self._variables = dict(variables)
        self._process: subprocess.Popen[bytes] | None = None
        self._pids: set[int] = set()

    def start(self) -> None:
        """Start supervisord and with it every program. Raises DaemonFailed."""
        run, logs = self._places.run, self._places.logs
        for folder in (run, logs):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = run / "supervisord.conf"
        file.write_text(config(self._programs, self._places), encoding="utf-8")
        command = [sys.executable, "-m", "supervisor.supervisord", "-n", "-s", "-c", str(file)]
        with open(run / "supervisord.out", "wb") as output:
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
        return self._places.log_file(self.program_of(name))

    def own_log(self) -> Path:
        """Return the log of supervisord itself: what was started, and how it ended."""
        return self._places.log_file("supervisord")

    def program_of(self, name: str) -> str:
        """Return the name of the program that a process belongs to: a standby to its first."""
        for program in self._programs:
            if program.standby is not None and program.standby.name == name:
                return program.name
        return name

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

    def start_program(self, name: str) -> None:
        """Start a program that does not run, or that supervisord has given up on."""
        self._tell("startProcess", name)

    def stop_program(self, name: str) -> None:
        """Let a program end, and stay so."""
        self._tell("stopProcess", name)

    def rotate_shared_logs(self) -> None:
        """Begin a new log where two programs write one and it has grown."""
        # supervisord itself can only do it for a log that one program writes.
        for program in self._programs:
            log = self.log_file(program.name)
            full = log_files.size(log) > LOG_MEGABYTES * 1024 * 1024
            if program.standby is not None and full and self._process is not None:
                log_files.move_aside(log, LOG_BACKUPS)
                # It opens all its logs anew.
                self._process.send_signal(signal.SIGUSR2)

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
        self._places.socket.unlink(missing_ok=True)

    def _tell(self, order: str, name: str) -> None:
        try:
            getattr(self._rpc().supervisor, order)(f"{GROUP}:{name}", False)
        except (OSError, xmlrpc.client.Error):
            return

    def _rpc(self) -> xmlrpc.client.ServerProxy:
        # The host name is not used: the transport speaks to the socket.
        transport = SupervisorTransport(None, None, f"unix://{self._places.socket}")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + 15
        while not self.states():
            if not self.alive() or time.monotonic() > deadline:
                self.stop()
                logs = self._places.logs
                reason = last_reason(self._places.run / "supervisord.out")
                reason = reason or last_reason(logs / "supervisord.log")
                raise DaemonFailed(f"进程管理器没有启动：{reason}（日志：{logs}）")
            time.sleep(0.1)


def _socket_path(folder: Path) -> Path:
    path = folder / "supervisor.sock"
    if len(os.fsencode(path)) > _LONGEST_SOCKET:
        path = Path(tempfile.mkdtemp(prefix="kefu-")) / path.name
    return path
