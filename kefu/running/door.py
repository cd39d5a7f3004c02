"""The socket at which a Rasa server meets its customers, opened and closed while it runs."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from sanic import Sanic
from sanic.request import Request
from sanic.response import BaseHTTPResponse

from kefu.running.listening import BACKLOG


class Door:
    """A Sanic application behind a listening socket."""

    def __init__(self, app: Sanic, listening: socket.socket) -> None:
        """Take the application and the socket, which stays the caller's."""
        self._app = app
        self._listening = listening
        # Sanic's AsyncioServer has no types.
        self._servers: list[Any] = []
        self._leaves = False
        app.register_middleware(self._last_answer, "response")

    async def prepare(self) -> None:
        """Run the application's start, so that opening takes no time."""
        server = await self._add_server()
        await server.startup()
        await server.before_start()
        await server.after_start()

    async def open(self) -> None:
        """Let customers in, those first who wait already."""
        await self._servers[-1].start_serving()

    def close(self) -> None:
        """Let nobody in any more; who is in stays, and is asked to come anew after an answer."""
        self._leaves = True
        self._servers[-1].close()

    async def open_again(self) -> None:
        """Take back what `close` did."""
        self._leaves = False
        await self._add_server()
        await self.open()

    async def empty(self, patience: float, limit: float) -> None:
        """Wait until nobody is in.

        Args:
            patience: Seconds after which connections without a request are closed.
            limit: Seconds after which this returns, whoever is in.
        """
        began = asyncio.get_running_loop().time()
        while any(server.connections for server in self._servers):
            elapsed = asyncio.get_running_loop().time() - began
            if elapsed > limit:
                return
            if elapsed > patience:
                self._close_idle()
            await asyncio.sleep(0.1)

    async def shut(self, seconds: float) -> None:
        """Stop the application: first answer what was asked, for so many seconds."""
        await self._servers[0].before_stop()
        self.close()
        await self.empty(0, seconds)
        await self._servers[0].after_stop()

    async def _add_server(self) -> Any:
        server = await self._app.create_server(
            sock=self._listening.dup(),
            return_asyncio_server=True,
            backlog=BACKLOG,
            asyncio_server_kwargs={"start_serving": False},
        )
        self._servers.append(server)
        return server

    def _close_idle(self) -> None:
        for server in self._servers:
            for connection in tuple(server.connections):
                connection.close_if_idle()

    def _last_answer(self, request: Request, _response: BaseHTTPResponse) -> None:
        if self._leaves and request.stream is not None:
            request.stream.keep_alive = False
