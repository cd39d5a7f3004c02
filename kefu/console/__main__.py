"""Serve the console of agents and operators: `python -m kefu.console`."""

from __future__ import annotations

import logging
import sys

import uvicorn

from kefu.console.app import create_app
from kefu.environment import environment
from kefu.errors import KefuError
from kefu.running.listening import listen
from kefu.settings import settings
from kefu.storage import migrate, troubles
from kefu.storage.engine import let_threads_alternate

_KEEP_ALIVE = 75  # seconds; longer than nginx keeps a connection


def main() -> int:
    """Serve until a signal comes; return 1 after one line on stderr when that is impossible."""
    try:
        place = environment()
        settings()
        migrate.upgrade()
        with listen(place.host, place.console_port, "客服工作台", "KEFU_CONSOLE_PORT") as listening:
            _configure_log(place.log_level)
            let_threads_alternate()
            troubles.keep()
            # Who looked at what is in the database; an access log would only repeat it.
            config = uvicorn.Config(
                create_app(),
                access_log=False,
                log_level="warning",
                ws="none",
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=1,  # pages wait for news as long as they are open
            )
            uvicorn.Server(config).run(sockets=[listening])
    except KefuError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _configure_log(level: str) -> None:
    logging.basicConfig(
        # At DEBUG libraries log what goes over the wire.
        level="INFO" if level == "DEBUG" else level,
        format="%(asctime)s %(levelname)-8s %(name)s  %(message)s",
    )


if __name__ == "__main__":
    sys.exit(main())
