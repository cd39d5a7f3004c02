"""A group robot of WeCom for tests, as a process of its own: `robot.py`.

Prints its port, then serves:
POST /cgi-bin/webhook/send?key=…   a message; answers {"errcode": …}, as it has been told
POST /play                         JSON {"errcode", "status", "silent"}: how to answer from now on
GET  /messages                     what was taken, oldest first
It takes 20 messages a minute, as the real one does, and no body over 4096 bytes of markdown.
"""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "693a91f6-test"
_RATE = 20
_LONGEST = 4096


class _Robot(ThreadingHTTPServer):
    taken: list[dict[str, Any]]
    times: list[float]
    play: dict[str, Any]


class _Handler(BaseHTTPRequestHandler):
    server: _Robot
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._say(self.server.taken)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/play":
            self.server.play = body
            self._say({})
        elif not self.path.endswith(f"?key={KEY}"):
            self._say({"errcode": 93000, "errmsg": "invalid webhook url"})
        elif self.server.play.get("silent"):
            self.close_connection = True
        elif self.server.play.get("status"):
            self._say({}, self.server.play["status"])
        else:
            self._say(self._take(body))

    def _take(self, body: dict[str, Any]) -> dict[str, Any]:
        code = self.server.play.get("errcode", 0)
        recent = [at for at in self.server.times if at > time.monotonic() - 60]
        if len(recent) >= _RATE:
            code = 45009
        if len(body.get("markdown", {}).get("content", "").encode()) > _LONGEST:
            code = 40058
        if code == 0:
            self.server.taken.append(body)
            self.server.times.append(time.monotonic())
        return {"errcode": code, "errmsg": "ok" if code == 0 else "refused"}

    def _say(self, content: Any, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


if __name__ == "__main__":
    robot = _Robot(("127.0.0.1", 0), _Handler)
    robot.taken, robot.times, robot.play = [], [], {}
    print(robot.server_address[1], flush=True)
    robot.serve_forever()
