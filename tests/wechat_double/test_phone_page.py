"""The phone page in a real browser, on the real double, with a merchant's server behind it."""

from __future__ import annotations

import asyncio
import json
import queue
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from defusedxml import ElementTree
from playwright.async_api import Locator, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from kefu.wechat_double.accounts import DoubleAccount, Format, Kind, original_id
from kefu.wechat_double.app import create_app

pytest_plugins = ["tests.browser"]
pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOP = "wx00000000000000a1"
NEWS = "wx00000000000000b2"
ACCOUNTS: dict[Kind, tuple[str, Format, str]] = {
    "miniprogram": (SHOP, "json", "花间集小店"),
    "official": (NEWS, "xml", "花间集公众号"),
}
SECRET = "s" * 32
ANNA = "o_demo_0001"
HOSTILE = (
    '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
    '<a href="javascript:window.hacked=1">点我</a>'
)


class Merchant:
    """The merchant's server: takes pushes, answers as told."""

    def __init__(self) -> None:
        self.answer = "success"
        self.pushes: queue.Queue[dict[str, Any]] = queue.Queue()
        self.app = Starlette(routes=[Route("/push", self._push, methods=["POST"])])

    async def _push(self, request: Request) -> Response:
        body = (await request.body()).decode()
        push = json.loads(body) if body.startswith("{") else _fields_of(body)
        self.pushes.put(push)
        if self.answer != "transfer" or push["MsgType"] == "event":
            return PlainTextResponse("success")
        swapped = {"ToUserName": push["FromUserName"], "FromUserName": push["ToUserName"]}
        transfer = {"CreateTime": 1, "MsgType": "transfer_customer_service"}
        return PlainTextResponse(json.dumps({**swapped, **transfer}))

    async def next_push(self) -> dict[str, Any]:
        return await asyncio.to_thread(self.pushes.get, timeout=15)


class World:
    """The double, the merchant behind it, and the merchant's way back."""

    def __init__(self, url: str, merchant: Merchant) -> None:
        self.url = url
        self.merchant = merchant
        self._http = httpx.Client(base_url=url, trust_env=False)

    def control(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._checked(self._http.post(f"/_control/{path}", json=body))

    def switches(self) -> dict[str, Any]:
        return self._checked(self._http.get("/_control/switches"))

    def send(self, appid: str, type_: str, payload: dict[str, Any], openid: str = ANNA) -> None:
        """Send a message to a customer as the merchant's server does, marked as an AI's."""
        body = {"touser": openid, "msgtype": type_, type_: payload}
        self._call(appid, "message/custom/send", json={**body, "aimsgcontext": {"is_ai_msg": 1}})

    def type(self, appid: str) -> None:
        body = {"touser": ANNA, "command": "Typing"}
        self._call(appid, "message/custom/business/typing", json=body)

    def upload(self, appid: str, content: bytes) -> str:
        files = {"media": ("cup.png", content, "image/png")}
        answer = self._call(appid, "media/upload", files=files, params={"type": "image"})
        return str(answer["media_id"])

    def close(self) -> None:
        self._http.close()

    def _call(self, appid: str, path: str, **request: Any) -> dict[str, Any]:
        query = {"grant_type": "client_credential", "appid": appid, "secret": SECRET}
        token = self._http.get("/cgi-bin/token", params=query).json()["access_token"]
        params = {"access_token": token, **request.pop("params", {})}
        return self._checked(self._http.post(f"/cgi-bin/{path}", params=params, **request))

    @staticmethod
    def _checked(response: httpx.Response) -> dict[str, Any]:
        answer: dict[str, Any] = response.json()
        assert response.status_code == 200 and answer.get("errcode", 0) == 0, answer
        return answer


@pytest.fixture
def world(serve: Callable[[Starlette], str]) -> Iterator[World]:
    merchant = Merchant()
    push_url = f"{serve(merchant.app)}/push"
    world = World(serve(create_app([_account(kind, push_url) for kind in ACCOUNTS])), merchant)
    yield world
    world.close()


def _account(kind: Kind, push_url: str) -> DoubleAccount:
    appid, format_, title = ACCOUNTS[kind]
    gh, key = original_id(appid), "k" * 43
    return DoubleAccount(
        kind, kind, appid, SECRET, "token", key, "plain", format_, push_url, gh, title
    )


def _fields_of(xml: str) -> dict[str, Any]:
    return {child.tag: child.text or "" for child in ElementTree.fromstring(xml)}


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 24, 24, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x30\x90\x60" * 24) * 24
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


async def _open(page: Page, world: World, appid: str = SHOP, openid: str = ANNA) -> None:
    await page.goto(f"{world.url}/#appid={appid}&openid={openid}")
    await expect(page.locator("#accounts input:checked")).to_have_value(appid)


async def _say(page: Page, text: str) -> None:
    await page.get_by_label("消息", exact=True).and_(page.locator("textarea")).fill(text)
    await page.keyboard.press("Enter")


def _said(page: Page, author: str) -> Locator:
    return page.locator(f'#log [data-author="{author}"]')


async def test_text_becomes_a_bubble_and_is_pushed(page: Page, world: World) -> None:
    await _open(page, world)
    await _say(page, "我的快递到哪了？")

    push = await world.merchant.next_push()
    assert (push["Content"], push["FromUserName"]) == ("我的快递到哪了？", ANNA)
    bubble = _said(page, "customer")
    await expect(bubble).to_contain_text("我的快递到哪了？")
    await expect(bubble).to_have_attribute("data-delivery", "acknowledged")


async def test_enter_that_ends_an_input_method_choice_sends_nothing(
    page: Page, world: World
) -> None:
    await _open(page, world)
    box = page.locator("#text")
    await box.fill("kuaidi")
    await box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    await expect(box).to_have_value("kuaidi")
    await box.dispatch_event("keydown", {"key": "Enter", "bubbles": True})
    await expect(box).to_have_value("")
    assert (await world.merchant.next_push())["Content"] == "kuaidi"


async def test_reply_arrives_by_itself_and_says_that_an_ai_wrote_it(
    page: Page, world: World
) -> None:
    await _open(page, world)
    await _say(page, "在吗")
    await world.merchant.next_push()
    world.send(SHOP, "text", {"content": "在的"})

    await expect(_said(page, "account")).to_contain_text("在的")
    await expect(_said(page, "account")).to_contain_text("内容由第三方AI生成")


async def test_chat_survives_a_reload(page: Page, world: World) -> None:
    await _open(page, world)
    await _say(page, "在吗")
    await expect(_said(page, "customer")).to_have_count(1)
    await page.reload()
    await expect(_said(page, "customer")).to_contain_text("在吗")


async def test_pressing_a_menu_item_pushes_its_id(page: Page, world: World) -> None:
    await _open(page, world, NEWS)
    await _say(page, "你好")
    await world.merchant.next_push()
    items = [{"id": "101", "content": "满意"}, {"id": "102", "content": "不满意"}]
    world.send(NEWS, "msgmenu", {"head_content": "满意吗？", "list": items, "tail_content": "谢谢"})
    await page.get_by_role("button", name="不满意").click()

    push = await world.merchant.next_push()
    assert (push["MsgType"], push["Content"], push["bizmsgmenuid"]) == ("text", "不满意", "102")
    await expect(_said(page, "customer").last).to_contain_text("不满意")


async def test_markup_is_shown_as_text_and_never_runs(page: Page, world: World) -> None:
    await _open(page, world)
    await _say(page, HOSTILE)
    await world.merchant.next_push()
    world.send(SHOP, "text", {"content": HOSTILE})

    for author in ("customer", "account"):
        await expect(_said(page, author)).to_contain_text(HOSTILE)
        await expect(_said(page, author).locator("img, script, a")).to_have_count(0)
    assert await page.evaluate("window.hacked") is None


async def test_mini_program_link_tells_which_page_opens(page: Page, world: World) -> None:
    await _open(page, world)
    await _say(page, "查订单")
    await world.merchant.next_push()
    path = "pages/order/detail?order_no=202611200123456789"
    link = f'<a href="https://x" data-miniprogram-path="{path}">查看订单</a>'
    world.send(SHOP, "text", {"content": f"已发货，{link}。"})

    await expect(_said(page, "account")).to_contain_text("已发货，查看订单。")
    await page.get_by_role("button", name="查看订单").click()
    await expect(page.get_by_role("dialog")).to_contain_text(path)


async def test_pictures_go_both_ways(page: Page, world: World) -> None:
    await _open(page, world)
    picture = {"name": "cup.png", "mimeType": "image/png", "buffer": _png()}
    await page.locator("#image-file").set_input_files([picture])  # type: ignore[list-item]
    push = await world.merchant.next_push()
    assert push["MsgType"] == "image" and push["MediaId"]
    world.send(SHOP, "image", {"media_id": world.upload(SHOP, _png())})

    for author in ("customer", "account"):
        shown = _said(page, author).locator(".picture img")
        await expect(shown).to_have_js_property("naturalWidth", 24)


async def test_title_says_when_the_account_is_typing(page: Page, world: World) -> None:
    await _open(page, world)
    title = page.get_by_role("heading", level=1)
    await expect(title).to_have_text("花间集小店")
    await _say(page, "在吗")
    await world.merchant.next_push()
    world.type(SHOP)
    await expect(title).to_have_text("对方正在输入…")
    world.send(SHOP, "text", {"content": "在的"})
    await expect(title).to_have_text("花间集小店")


async def test_entering_from_the_order_page_pushes_the_order(page: Page, world: World) -> None:
    await _open(page, world)
    await page.get_by_label("订单页").check()
    await page.get_by_label("订单号").fill("202611200123456789")
    await page.get_by_role("button", name="进入客服").click()

    push = await world.merchant.next_push()
    assert push["Event"] == "user_enter_tempsession"
    assert push["SessionFrom"] == "page=order&order_no=202611200123456789"
    await expect(_said(page, "event")).to_contain_text("订单 202611200123456789")


async def test_official_account_is_followed_and_its_menu_pressed(page: Page, world: World) -> None:
    await _open(page, world, NEWS)
    await page.get_by_role("button", name="关注", exact=True).click()
    assert (await world.merchant.next_push())["Event"] == "subscribe"
    await page.get_by_label("菜单的 EventKey").fill("my_orders")
    await page.get_by_role("button", name="点菜单").click()
    push = await world.merchant.next_push()
    assert (push["Event"], push["EventKey"]) == ("CLICK", "my_orders")


async def test_another_customer_sees_only_their_own_messages(page: Page, world: World) -> None:
    await _open(page, world)
    await _say(page, "我是一号")
    await expect(_said(page, "customer")).to_have_count(1)
    await page.locator("#customer").select_option("o_demo_0002")
    await expect(_said(page, "customer")).to_have_count(0)
    await _say(page, "我是二号")
    await expect(_said(page, "customer")).to_have_text(["我我是二号"])
    await page.locator("#customer").select_option(ANNA)
    await expect(_said(page, "customer")).to_have_text(["我我是一号"])


async def test_numbered_text_offers_its_digits(page: Page, world: World) -> None:
    await _open(page, world)
    await _say(page, "帮助")
    await world.merchant.next_push()
    world.send(SHOP, "text", {"content": "请选择：\n1. 查我的订单\n2. 转人工"})
    await page.get_by_role("button", name="回复 2：转人工").click()
    assert (await world.merchant.next_push())["Content"] == "2"
    await expect(page.locator("#quick")).to_be_hidden()


async def test_failed_delivery_is_marked_and_the_notice_shown(page: Page, world: World) -> None:
    world.control("switches", {"push_attempts": 1, "push_timeout": 0.5})
    world.control(f"accounts/{SHOP}", {"push_url": "http://127.0.0.1:9/push"})
    await _open(page, world)
    await _say(page, "有人吗")
    notice = "该小程序客服暂时无法提供服务，请稍后再试"
    await expect(_said(page, "notice")).to_contain_text(notice)
    await expect(_said(page, "customer").get_by_label("发送失败")).to_be_visible()


async def test_people_answer_at_the_desk(page: Page, world: World) -> None:
    world.merchant.answer = "transfer"
    await _open(page, world)
    await _say(page, "转人工")
    await page.get_by_text("微信自带的客服工具").click()
    await page.get_by_role("button", name="接入").click()
    await page.get_by_label(f"回复 {ANNA}").fill("您好，我是小王")
    await page.get_by_role("button", name="回复", exact=True).click()
    await expect(_said(page, "agent")).to_contain_text("您好，我是小王")
    await page.get_by_role("button", name="结束").click()
    await expect(page.get_by_text("没有人在排队")).to_be_visible()


async def test_lost_connection_is_shown_and_made_up_for(page: Page, world: World) -> None:
    await _open(page, world)
    await page.route("**/_control/log?*", lambda route: route.abort())
    world.control("say", {"appid": SHOP, "openid": ANNA, "type": "text", "content": "一"})
    await expect(page.get_by_text("连接断开，正在重连…")).to_be_visible()
    world.control("say", {"appid": SHOP, "openid": ANNA, "type": "text", "content": "二"})
    await page.unroute("**/_control/log?*")
    await expect(_said(page, "customer")).to_have_text(["我一", "我二"])
    await expect(page.get_by_text("连接断开，正在重连…")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_nothing_is_wider_than_the_screen(page: Page, world: World, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await _open(page, world)
    await _say(page, "长" * 80 + "x" * 200)
    await world.merchant.next_push()
    world.send(SHOP, "text", {"content": "https://example.com/" + "y" * 200})
    await expect(_said(page, "account")).to_have_count(1)
    if width < 820:
        await page.get_by_role("button", name="打开设置").click()
        await expect(page.get_by_role("heading", name="微信模拟平台")).to_be_in_viewport()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("button", name="打开设置")).to_be_focused()
    for selector in ("html", "#scroll"):
        widths = await page.locator(selector).evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert widths[0] <= widths[1]


async def test_no_other_host_is_asked_for_anything(page: Page, world: World) -> None:
    hosts: set[str | None] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    await _open(page, world)
    await _say(page, "退货")
    await world.merchant.next_push()
    link = {"title": "退货说明", "description": "七天", "url": "https://shop.example/help"}
    world.send(SHOP, "link", {**link, "thumb_url": "https://cdn.example/x.png"})
    await expect(_said(page, "account")).to_contain_text("退货说明")
    assert hosts == {"127.0.0.1"}


async def test_switches_page_changes_a_switch(page: Page, world: World) -> None:
    await page.goto(f"{world.url}/switches")
    for name in world.switches():
        await expect(page.locator(f'[data-switch="{name}"]')).to_be_visible()
    await page.locator("#switch-push_attempts").fill("4")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("alert")).to_have_text("已生效")
    assert world.switches()["push_attempts"] == 4


async def test_switches_page_refuses_what_the_double_refuses(page: Page, world: World) -> None:
    await page.goto(f"{world.url}/switches")
    await page.locator("#switch-push_attempts").fill("0")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("alert")).to_contain_text("push_attempts")
    await expect(page.locator("#switch-push_attempts")).to_have_value("3")


async def test_switches_page_counts_what_happened(page: Page, world: World) -> None:
    said = {"appid": SHOP, "openid": ANNA, "type": "text", "content": "在吗", "wait": True}
    await asyncio.to_thread(world.control, "say", said)
    await page.goto(f"{world.url}/switches")
    pushed = page.locator("dt", has_text="推送的消息和事件").locator("+ dd")
    await expect(pushed).to_have_text("1")
    await page.get_by_role("button", name="清空").click()
    await expect(pushed).to_have_text("0")
