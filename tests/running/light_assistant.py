"""An instance without Rasa, started as the real one: the text of its model says what it does.

Answers every request with the name of its model and its process id. `slow` in the model
makes it load until the file `go` lies beside the model, `broken` makes the model unusable,
and a request for /slow takes until `go` is there.
"""

from __future__ import annotations

import asyncio
import os
import sys

from sanic import Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from kefu.errors import KefuError
from kefu.running.assistant import main
from kefu.running.instances import Job


async def load(job: Job) -> Sanic:
    """Return a small application in the place of Rasa's."""
    behaviour = job.model.read_text(encoding="utf-8")
    go = job.model.with_name("go")
    if "broken" in behaviour:
        raise KefuError(f"{job.model.name} 不是可用的模型")
    while "slow" in behaviour and not go.exists():
        await asyncio.sleep(0.05)
    app = Sanic("light")

    @app.get("/<path:path>")
    async def answer(_request: Request, path: str) -> HTTPResponse:
        while path == "slow" and not go.exists():
            await asyncio.sleep(0.02)
        return response.text(f"{job.model.name} {os.getpid()}")

    return app


if __name__ == "__main__":
    sys.exit(main(load=load))
