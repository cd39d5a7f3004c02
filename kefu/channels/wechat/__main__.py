"""Start the process that takes WeChat's pushes and sends what goes to WeChat."""

from __future__ import annotations

import logging
import sys

import uvicorn

from kefu.channels.wechat.accounts import accounts
from kefu.channels.wechat.service import create_app
from kefu.environment import environment
from kefu.errors import KefuError
from kefu.running.listening import listen
from kefu.storage import migrate, troubles
from kefu.storage.engine import let_threads_alternate

_KEEP_ALIVE = 75  # seconds; longer than nginx keeps a connection


def main() -> int:
    """Serve until a signal comes; return 1 after one line on stderr when that is impossible."""
    try:
        place, known = environment(), accounts()
        migrate.upgrade()
        with listen(place.host, place.wechat_port, "微信收发", "KEFU_WECHAT_PORT") as listening:
            _configure_log(place.log_level)
            let_threads_alternate()
            troubles.keep()
            # Addresses of pushes carry signatures and openids, so there is no access log.
            config = uvicorn.Config(
                create_app(known),
                access_log=False,
                log_level="warning",
                ws="none",
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE,
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
