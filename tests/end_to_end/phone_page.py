"""A customer's phone in a real browser, as the double shows it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, expect

from tests.end_to_end.installation import Installation


@asynccontextmanager
async def phone_of(kefu: Installation, browser: Browser, openid: str) -> AsyncIterator[Page]:
    """Give the phone of a customer of the mini-program."""
    kefu.customers.add(openid)
    context = await browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto(f"http://127.0.0.1:{kefu.double_port}/")
    await page.locator("#panel-open").click()
    await page.locator("#customer").select_option("")
    await page.locator("#openid").fill(openid)
    await page.locator("#own-customer button").click()
    await page.locator("#panel-close").click()
    yield page
    await context.close()


async def says(phone: Page, text: str) -> None:
    """Send a text, and see it in the chat."""
    await phone.locator("#text").fill(text)
    await phone.locator("#text").press("Enter")
    await expect(phone.locator("#log")).to_contain_text(text)


async def reads(phone: Page, text: str) -> None:
    """Wait until these words are in the chat."""
    await expect(phone.locator("#log")).to_contain_text(text)
