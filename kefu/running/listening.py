"""The socket that a server of ours listens on."""

from __future__ import annotations

import errno
import socket

from kefu.errors import KefuError

BACKLOG = 1024


def listen(host: str, port: int, title: str, port_variable: str) -> socket.socket:
    """Return a listening socket.

    Args:
        host: Address to listen on.
        port: TCP port.
        title: What people call the server.
        port_variable: The environment variable that changes the port.

    Raises:
        KefuError: It cannot listen there; the text says what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sends answers without waiting for more (TCP_NODELAY).
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        reason = "端口已被占用" if error.errno == errno.EADDRINUSE else error.strerror
        raise KefuError(
            f"{title}无法监听 {host}:{port}（{reason}），"
            f"请结束占用端口的程序，或用 {port_variable} 换一个端口"
        ) from None
    return listening
