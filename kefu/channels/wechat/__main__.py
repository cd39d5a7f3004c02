"""Start the process that takes WeChat's pushes and sends what goes to WeChat."""

from __future__ import annotations

import logging
import sys

import uvicorn

from kefu.channels.wechat.accounts import accounts
from kefu.channels.wechat.service import create_app
from kefu.environment import environment
from kefu.errors import KefuError
from kefu.storage import migrate
from kefu.storage.engine import let_threads_alternate


def main() -> int:
    """Serve until a signal comes; return 1 after one line on stderr when that is impossible."""
    try:
        place, known = environment(), accounts()
        migrate.upgrade()
    except KefuError as error:
        print(error, file=sys.stderr)
        return 1
    logging.basicConfig(
        level="INFO" if place.log_level == "DEBUG" else place.log_level,
        format="%(asctime)s %(levelname)-8s %(name)s  %(message)s",
    )
    let_threads_alternate()
    uvicorn.run(
        create_app(known),
        host=place.host,
        port=place.wechat_port,
        # Addresses of pushes carry signatures and openids.
        access_log=False,
        ws="none",
        log_level="warning",
        timeout_keep_alive=75,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
