"""Run the demo shop: `python -m kefu.shop.demo`."""

from __future__ import annotations

import sys

import uvicorn

from kefu.environment import environment, secret
from kefu.errors import KefuError
from kefu.running.listening import listen
from kefu.shop.demo.app import create_app
from kefu.shop.demo.store import FILE, open_store


def main() -> int:
    """Serve until stopped; return 1 after one line on stderr when that is impossible."""
    try:
        here = environment()
        secret("shop_api_key"), secret("shop_api_secret")
        with listen(here.host, here.shop_port, "演示商城", "KEFU_SHOP_PORT") as listening:
            app = create_app(open_store(here.var / FILE))
            print(f"演示商城：http://{here.host}:{here.shop_port}", flush=True)
            # The access log would name customers and orders.
            config = uvicorn.Config(app, log_level="warning", access_log=False, ws="none")
            uvicorn.Server(config).run(sockets=[listening])
    except KefuError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
