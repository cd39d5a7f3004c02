"""What supervisord is told of the programs that it keeps running."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kefu.running.leash import leashed
from kefu.running.programs import Program

GROUP = "kefu"
LOG_MEGABYTES = 10
LOG_BACKUPS = 3
# A program that ends sooner after its start counts as failing to start, and is
# started again after 1, 2, 3 ... seconds.
START_SECONDS = 30
RETRIES = 20
TERM_SECONDS = 5


@dataclass(frozen=True)
class Places:
    """Where things are: the programs' working directory, logs, state, and the door to ask at."""

    home: Path
    logs: Path
    run: Path
    socket: Path

    def log_file(self, name: str) -> Path:
        """Return the log file of one program."""
        return self.logs / f"{name}.log"


def config(programs: Sequence[Program], places: Places) -> str:
    """Return supervisord's configuration file."""
    names = [name for p in programs for name in (p.name, p.standby and p.standby.name) if name]
    sections = [
        f"[unix_http_server]\nfile={_escape(places.socket)}\nchmod=0700",
        "[supervisord]\n"
        f"logfile={_escape(places.logs / 'supervisord.log')}\n"
        f"logfile_maxbytes={LOG_MEGABYTES}MB\nlogfile_backups={LOG_BACKUPS}\n"
        f"pidfile={_escape(places.run / 'supervisord.pid')}\n"
        f"childlogdir={_escape(places.logs)}\nnocleanup=true",
        "[rpcinterface:supervisor]\n"
        "supervisor.rpcinterface_factory="
        "supervisor.rpcinterface:make_main_rpcinterface",
        # In one group all are stopped at the same time, not one after the other.
        f"[group:{GROUP}]\nprograms={','.join(names)}",
        *(section for program in programs for section in _sections(program, places)),
    ]
    return "\n\n".join(sections) + "\n"


def _sections(program: Program, places: Places) -> Iterator[str]:
    log = places.log_file(program.name)
    if program.standby is None:
        yield _section(program, places, log, f"{LOG_MEGABYTES}MB")
        return
    # Two write one log, which supervisord would move away from under the other.
    yield _section(program, places, log, "0")
    yield _section(program.standby, places, log, "0") + "\nautostart=false"


def _section(program: Program, places: Places, log: Path, largest: str) -> str:
    command = leashed(list(program.command), signal.SIGKILL)
    pairs = (f'{key}="{_escape(value)}"' for key, value in program.variables.items())
    lines = [
        f"[program:{program.name}]",
        f"command={_escape(shlex.join(command))}",
        f"directory={_escape(places.home)}",
        f"environment={','.join(pairs)}",
        f"startsecs={START_SECONDS}",
        f"startretries={RETRIES}",
        "autorestart=true",
        f"stopwaitsecs={TERM_SECONDS}",
        "stopasgroup=true",
        "killasgroup=true",
        "redirect_stderr=true",
        f"stdout_logfile={_escape(log)}",
        f"stdout_logfile_maxbytes={largest}",
        f"stdout_logfile_backups={LOG_BACKUPS}",
    ]
    return "\n".join(lines)


def _escape(value: object) -> str:
    return str(value).replace("%", "%%")
