"""Run the demo shop: `python -m kefu.shop.demo`."""

from __future__ import annotations

import errno
import socket
import sys

import uvicorn

from kefu.environment import environment, secret
from kefu.errors import KefuError
from kefu.shop.demo.app import create_app
from kefu.shop.demo.store import FILE, open_store


def main() -> int:
    """Serve until stopped; return 1 after one line on stderr when that is impossible."""
    try:
        here = environment()
        secret("shop_api_key"), secret("shop_api_secret")
        with _listen(here.host, here.shop_port) as listening:
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


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        reason = "端口已被占用" if error.errno == errno.EADDRINUSE else error.strerror
        raise KefuError(
            f"演示商城无法监听 {host}:{port}（{reason}），"
            "请结束占用端口的程序，或用 KEFU_SHOP_PORT 换一个端口"
        ) from None
    return listening


if __name__ == "__main__":
    sys.exit(main())
