"""Run the double for the demo accounts: `python -m kefu.wechat_double`."""

from __future__ import annotations

import socket
import sys

import uvicorn

from kefu.channels.wechat.accounts import Account, demo_accounts
from kefu.environment import environment
from kefu.errors import KefuError
from kefu.running.listening import listen
from kefu.wechat_double.accounts import DoubleAccount, Format, original_id
from kefu.wechat_double.app import create_app

_KEEP_ALIVE = 75  # seconds, as WeChat's own servers keep a connection


class _Server(uvicorn.Server):
    """A server that lets go of the pages that wait for news before it stops."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving."""
        self.config.app.state.platform.customers.wake()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def main() -> int:
    """Serve until stopped; return 1 after one line on stderr when that is impossible."""
    try:
        here = environment()
        accounts = [_played(account) for account in demo_accounts()]
        port, variable = here.wechat_double_port, "KEFU_WECHAT_DOUBLE_PORT"
        with listen(here.host, port, "微信模拟平台", variable) as listening:
            print(f"微信模拟平台：{here.wechat_double_url}", flush=True)
            # The access log would name customers and carry access_tokens.
            config = uvicorn.Config(
                create_app(accounts),
                log_level="warning",
                access_log=False,
                ws="none",
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=1,
            )
            _Server(config).run(sockets=[listening])
    except KefuError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _played(account: Account) -> DoubleAccount:
    usual: Format = "json" if account.kind == "miniprogram" else "xml"
    return DoubleAccount(
        name=account.name,
        kind=account.kind,
        appid=account.appid,
        secret=account.secret,
        token=account.token,
        aes_key=account.aes_key,
        mode=account.mode,
        format=usual if account.format == "auto" else account.format,
        push_url=f"{environment().wechat_url}/wechat/{account.name}",
        original_id=original_id(account.appid),
    )


if __name__ == "__main__":
    sys.exit(main())
