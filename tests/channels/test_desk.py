"""What recognition makes of a text, asked for over HTTP: of the console alone, and of no effect."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from rasa.core.agent import Agent
from rasa.core.channels import channel
from rasa.core.channels.channel import UserMessage
from rasa.core.run import create_http_input_channels
from sanic import Sanic
from sqlalchemy import func, select

from kefu.channels.desk import DeskChannel
from kefu.environment import secret
from kefu.settings import settings
from kefu.storage.engine import reading
from kefu.storage.tables import conversations, messages, tracker_events
from tests.conftest import PROJECT

SUGGEST = "/webhooks/desk/suggest"


class Recognising:
    """In the place of Rasa's agent: knows one question."""

    def __init__(self) -> None:
        self.heard: list[str | None] = []
        self.processor: Any = self

    async def parse_message(self, message: UserMessage) -> dict[str, Any]:
        self.heard.append(message.text)
        if message.text == "出错":
            raise RuntimeError("a component failed")
        found = [{"label": "payment/invoice", "score": 0.91}, {"label": "greet", "score": 0.02}]
        decision = {"candidates": found, "outcome": "answer", "options": []}
        return {"intent": {"name": "order"}, "decision": decision}


@pytest.fixture
def agent(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> Recognising:
    # Without it, only one server can be started in the life of a process.
    monkeypatch.setattr(Sanic, "test_mode", True)
    return Recognising()


@pytest.fixture
async def client(agent: Recognising) -> AsyncIterator[httpx.AsyncClient]:
    app = Sanic(f"kefu_{uuid.uuid4().hex}", configure_logging=False)
    app.ctx.agent = agent
    channel.register([DeskChannel.from_credentials(None)], app, route="/webhooks/")
    server = await app.create_server("127.0.0.1", 0, return_asyncio_server=True)
    assert server is not None
    await server.startup()
    url = f"http://127.0.0.1:{server.server.sockets[0].getsockname()[1]}"
    token = {"Authorization": f"Bearer {secret('internal_token')}"}
    async with httpx.AsyncClient(base_url=url, headers=token, trust_env=False) as calling:
        yield calling
    await server.close()


async def test_the_console_learns_what_a_text_may_be_about(client: httpx.AsyncClient) -> None:
    answer = await client.post(SUGGEST, json={"text": "怎么开发票"})
    assert answer.status_code == 200
    assert answer.json() == {
        "candidates": [
            {"label": "payment/invoice", "score": 0.91},
            {"label": "greet", "score": 0.02},
        ],
        "outcome": "answer",
        "options": [],
    }


async def test_asking_leaves_no_trace(client: httpx.AsyncClient) -> None:
    await client.post(SUGGEST, json={"text": "怎么开发票"})
    with reading() as connection:
        for table in (conversations, messages, tracker_events):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Basic {token}", "{token}"])
async def test_nobody_else_is_answered(
    client: httpx.AsyncClient, agent: Recognising, given: str
) -> None:
    headers = {"Authorization": given.format(token=secret("internal_token"))}
    answer = await client.post(SUGGEST, json={"text": "怎么开发票"}, headers=headers)
    assert answer.status_code == 401
    assert agent.heard == []


@pytest.mark.parametrize(
    "body", [b"", b"text", b"[]", b'{"text": 1}', b'{"text": " "}', b'{"text": "' + b"x" * 70_000]
)
async def test_what_holds_no_text_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    assert (await client.post(SUGGEST, content=body)).status_code == 400


async def test_a_command_for_rasa_is_read_as_text(
    client: httpx.AsyncClient, agent: Recognising
) -> None:
    await client.post(SUGGEST, json={"text": '/request_human{"a": "b"}'})
    assert agent.heard == ['／request_human{"a": "b"}']


async def test_a_very_long_text_is_cut(client: httpx.AsyncClient, agent: Recognising) -> None:
    await client.post(SUGGEST, json={"text": "很" * 5000})
    assert agent.heard == ["很" * settings().reception.max_text]


async def test_without_a_model_it_says_so(client: httpx.AsyncClient, agent: Recognising) -> None:
    agent.processor = None
    assert (await client.post(SUGGEST, json={"text": "怎么开发票"})).status_code == 503


async def test_a_component_that_fails_shows_nothing_of_the_inside(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post(SUGGEST, json={"text": "出错"})
    assert answer.status_code == 500
    assert "component" not in answer.text


def test_rasa_opens_it_with_the_others(fresh_home: Path) -> None:
    channels = create_http_input_channels(None, str(PROJECT / "credentials.yml"))
    assert any(isinstance(opened, DeskChannel) for opened in channels)


async def test_the_trained_model_finds_the_entry(
    client: httpx.AsyncClient, agent: Recognising, trained_model: Path
) -> None:
    agent.processor = Agent.load(str(trained_model)).processor
    answer = await client.post(SUGGEST, json={"text": "东西发了能不能给我补一张发票"})
    labels = [found["label"] for found in answer.json()["candidates"]]
    assert "payment/invoice" in labels[:3]
