"""Service terms: told once at the first contact, and given to whoever asks."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import yaml
from rasa.shared.core.trackers import DialogueStateTracker

from kefu import terms
from kefu.channels.wechat.compose import compose
from kefu.dialogue.answers import SettingsAnswers
from kefu.environment import environment
from kefu.exchange import Answer, Incoming
from kefu.reception import Reception
from kefu.settings import settings
from kefu.storage.encryption import pseudonym
from kefu.storage.erasure import erase
from kefu.storage.messages import Outgoing
from tests.channels.scripted import CUSTOMER, Script, a_message, outcomes, said_by
from tests.channels.wechat.made import MINIPROGRAM, content
from tests.model import PROJECT

pytestmark = pytest.mark.usefixtures("fresh_home", "first_contact")


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def reception(script: Script) -> Reception:
    return Reception(script)


def opened(customer: str = CUSTOMER, channel: str = "rest") -> Incoming:
    return Incoming(channel, customer, "enter", "", page="order")


def is_told(answer: Answer) -> bool:
    (reply,) = answer.replies
    return terms.notice(settings()) in reply["text"]


async def test_the_first_answer_tells_of_them_and_no_later_one(reception: Reception) -> None:
    first = await reception.receive(a_message("怎么开发票"))
    assert said_by(first).startswith("答：怎么开发票\n\n继续咨询即表示")
    assert len(first.replies) == 1
    assert not is_told(await reception.receive(a_message("怎么退款")))


async def test_the_welcome_tells_of_them_and_keeps_its_buttons(reception: Reception) -> None:
    welcome = await reception.receive(opened())
    assert is_told(welcome) and welcome.replies[0]["buttons"]
    assert not is_told(await reception.receive(opened()))
    assert is_told(await reception.receive(opened("o_another")))


async def test_options_stay_beside_what_leads_to_them(reception: Reception) -> None:
    answer = await reception.receive(a_message("您是不是想问："))
    assert is_told(answer) and said_by(answer).endswith("\n\n答：您是不是想问：")


async def test_a_restart_does_not_repeat_them(reception: Reception, script: Script) -> None:
    await reception.receive(a_message("怎么开发票"))
    assert not is_told(await Reception(script).receive(a_message("怎么退款")))


async def test_a_retry_reads_the_same_and_the_next_message_does_not(reception: Reception) -> None:
    first = await reception.receive(a_message("怎么开发票", "m1"))
    again = await reception.receive(a_message("怎么开发票", "m1"))
    assert again == first and is_told(again)
    assert not is_told(await reception.receive(a_message("怎么退款", "m2")))


async def test_an_erased_customer_is_a_new_one(reception: Reception) -> None:
    await reception.receive(a_message("怎么开发票"))
    erase(pseudonym("rest", CUSTOMER))
    assert is_told(await Reception(Script()).receive(a_message("怎么开发票")))


@pytest.fixture
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("config.yml", "data"):
        (home / name).symlink_to(PROJECT / name)
    (home / "settings.yml").write_bytes((PROJECT / "settings.yml").read_bytes())
    monkeypatch.setenv("KEFU_HOME", str(home))
    environment.cache_clear()
    settings.cache_clear()
    return home / "settings.yml"


def change(file: Path, **values: object) -> None:
    given = yaml.safe_load(file.read_text("utf-8"))
    given["terms"].update(values)
    file.write_text(yaml.safe_dump(given, allow_unicode=True), "utf-8")
    settings.look()


async def test_a_new_version_is_told_once_more(reception: Reception, own_settings: Path) -> None:
    assert is_told(await reception.receive(a_message("怎么开发票")))
    change(own_settings, version="2026-12")
    assert is_told(await reception.receive(a_message("怎么退款")))
    assert not is_told(await reception.receive(a_message("怎么换货")))


async def test_who_switches_them_off_tells_nobody(reception: Reception, own_settings: Path) -> None:
    change(own_settings, enabled=False)
    assert said_by(await reception.receive(a_message("怎么开发票"))) == "答：怎么开发票"


@pytest.mark.parametrize("word", ["服务条款", "《用户协议》", "隐私政策？", "服務條款"])
async def test_one_word_brings_them_whatever_the_knowledge_base_holds(
    reception: Reception, script: Script, word: str
) -> None:
    answer = await reception.receive(a_message(word))
    assert said_by(answer) == terms.answer(settings())
    assert script.turns == [] and outcomes() == ["task"]
    # Who has read them need not be told that they are there.
    assert not is_told(await reception.receive(a_message("怎么开发票")))


async def test_a_question_that_holds_the_word_goes_to_the_dialogue(
    reception: Reception, script: Script
) -> None:
    await reception.receive(a_message("服务条款里写了几天退款吗"))
    assert len(script.turns) == 1


async def test_the_entry_about_them_is_answered_with_them() -> None:
    from rasa.shared.core.domain import Domain

    told = {
        "utter_service/service_terms": [{"text": "在「我的」里看", "buttons": [{"title": "甲"}]}]
    }
    answers = SettingsAnswers(None, Domain.from_dict({"responses": told}))  # type: ignore[arg-type]
    tracker = DialogueStateTracker("c", [])
    reply = await answers.generate("utter_service/service_terms", tracker, "rest")
    assert reply is not None
    assert reply["text"] == terms.answer(settings())
    assert reply["buttons"] == [{"title": "甲"}]


def test_an_answer_has_the_address_or_the_whole_text(own_settings: Path) -> None:
    assert terms.full_text(settings()) in terms.answer(settings())
    change(own_settings, url="https://kefu.example.com/terms")
    short = terms.answer(settings())
    assert short.endswith("全文：https://kefu.example.com/terms") and len(short) < 300
    assert terms.notice(settings()).endswith("https://kefu.example.com/terms")
    change(own_settings, url="", text="条" * 5000)
    assert len(terms.answer(settings())) < 300


def test_nothing_in_braces_is_left_and_retention_is_named() -> None:
    chosen = settings()
    for text in (terms.full_text(chosen), terms.answer(chosen), terms.notice(chosen)):
        assert "{" not in text
    assert f"{chosen.retention.messages_days}天" in terms.full_text(chosen)


async def test_in_wechat_it_is_no_message_of_its_own(reception: Reception) -> None:
    told = []
    for key, text in (("m1", "怎么开发票"), ("m2", "怎么退货")):
        incoming = Incoming("wechat:miniprogram", CUSTOMER, "text", text, key)
        answer = await reception.receive(incoming)
        body = json.dumps(answer.replies[0], ensure_ascii=False)
        (sent,) = compose([Outgoing(1, "bot", body, 1, 1.0)], MINIPROGRAM)
        told.append(terms.notice(settings()) in content(sent.body))
    assert told == [True, False]


async def test_two_channels_are_two_customers(reception: Reception) -> None:
    for channel in ("rest", "wechat:miniprogram", "wechat:official"):
        assert is_told(await reception.receive(opened(channel=channel)))
        assert not is_told(await reception.receive(opened(channel=channel)))


async def test_messages_of_a_burst_are_told_once(reception: Reception) -> None:
    answers = await asyncio.gather(
        *(reception.receive(a_message(text, text)) for text in ("怎么开发票", "怎么退货", "几天到"))
    )
    told = [terms.notice(settings()) in r["text"] for a in answers for r in a.replies]
    assert told.count(True) == 1
