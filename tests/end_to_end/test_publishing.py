"""An operator changes an answer, publishes it in a browser, and goes back; customers go on."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from kefu.console.guard import COOKIE
from tests.end_to_end.installation import Installation, a_customer
from tests.end_to_end.processes import eventually
from tests.end_to_end.shown import texts
from tests.model import PROJECT

pytest_plugins = ["tests.browser"]
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.end_to_end]

QUESTION = "怎么开发票"
NEW_ANSWER = "请在「我的订单」→「订单详情」→「申请发票」里开电子发票。"
# Training, trying and two instances side by side, on a machine that may be busy.
_PUBLISHED_WITHIN = 900_000  # milliseconds
_SWAPPED_WITHIN = 300_000
_SIGN_IN = """
import time
from kefu.staff import people, sessions
person = people.add("chen", "小陈", "operator", "wolken ohne regen", time.time())
print(sessions.open_session(person.id, time.time()).token)
"""


@pytest.fixture
def kefu(tmp_path: Path, trained_model: Path) -> Iterator[Installation]:
    """Give an installation whose knowledge base is its own, with the tests of one category."""
    installation = Installation(tmp_path, trained_model, ["00:00-24:00"])
    home = installation.home
    (home / "data").unlink()
    shutil.copytree(PROJECT / "data", home / "data")
    (home / "tests/knowledge").mkdir(parents=True)
    shutil.copy2(PROJECT / "tests/knowledge/payment.yml", home / "tests/knowledge")
    # What was learnt from the same phrasings need not be learnt again.
    shutil.copytree(PROJECT / ".rasa/cache", home / ".rasa/cache")
    try:
        installation.start()
        yield installation
    finally:
        installation.stop()


class Asking:
    """Customers who ask the same question until they are told to stop."""

    def __init__(self, kefu: Installation) -> None:
        self._kefu = kefu
        self._stopping = threading.Event()
        self.answers: list[str] = []
        self.failures: list[str] = []
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Asking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._stopping.wait(0.2):
            try:
                self.answers.append(texts(self._kefu.say(a_customer(), QUESTION)))
            except (AssertionError, OSError) as error:
                self.failures.append(repr(error))

    def turn_to(self, answer: str) -> None:
        """Wait until customers get this answer."""
        eventually(lambda: self.answers and self.answers[-1] == answer, 60, answer)


async def test_answer_is_published_and_taken_back(kefu: Installation, page: Page) -> None:
    console = f"http://127.0.0.1:{kefu.console_port}"
    token = _run(kefu, _SIGN_IN).strip()
    await page.context.add_cookies([{"name": COOKIE, "value": token, "url": console}])
    old_answer = texts(kefu.say(a_customer(), QUESTION))
    page.on("dialog", lambda dialog: dialog.accept())

    await page.goto(f"{console}/knowledge/entries/payment/invoice")
    await page.get_by_label("答案", exact=True).fill(NEW_ANSWER)
    await page.get_by_role("button", name="保存", exact=True).click()
    await expect(page.get_by_role("status").first).to_be_visible()
    assert texts(kefu.say(a_customer(), QUESTION)) == old_answer

    with Asking(kefu) as customers:
        await page.goto(f"{console}/publishing")
        await expect(page.get_by_role("link", name=QUESTION)).to_be_visible()
        await page.get_by_role("button", name="发布", exact=True).click()
        await expect(page.locator("progress")).to_be_visible()
        done = page.get_by_text("已启用，顾客现在由这个模型回答")
        await expect(done).to_be_visible(timeout=_PUBLISHED_WITHIN)
        await expect(page.get_by_text("没有。顾客得到的回答和知识库一致。")).to_be_visible()
        customers.turn_to(NEW_ANSWER)

        back = page.get_by_role("row").filter(has_text="机器人团队训练")
        await back.get_by_role("button", name="启用").click()
        await expect(page.get_by_text("正在启用模型")).to_be_visible()
        await expect(done).to_be_visible(timeout=_SWAPPED_WITHIN)
        customers.turn_to(old_answer)
    assert customers.failures == []
    changes = [a for a, b in pairwise(customers.answers) if a != b]
    assert changes == [old_answer, NEW_ANSWER]
    # What was saved is still there, and waits to be published.
    await expect(page.get_by_text("没有发布的修改 1 条")).to_be_visible()
    assert len(kefu.kefu("model", "list").split("机器人团队训练")) == 2


def _run(kefu: Installation, program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=kefu.home,
        env=kefu.variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
