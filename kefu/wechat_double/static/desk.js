// WeChat's own customer service tool, as small as it can be: take, answer, end.

import { get, pause, post } from "./control.js";
import { byId, element, shown } from "./dom.js";

const LOOK_MILLISECONDS = 2000;

function keyOf({ appid, openid, state, kf_account }) {
  return [appid, openid, state, kf_account].join(" ");
}

/** Shows who waits at WeChat's desk and who is being served. */
export class Desk {
  constructor() {
    this.titles = new Map();
    this.cases = new Map();
  }

  /** Look at the desk now and again for as long as the page is open. */
  async start(accounts) {
    this.titles = new Map(accounts.map(({ appid, title }) => [appid, title]));
    while (true) {
      if (!document.hidden) await this.look();
      await pause(LOOK_MILLISECONDS);
    }
  }

  async look() {
    try {
      this.show(await get("/_control/desk"));
    } catch (error) {
      // The chat says that the connection is lost; the desk keeps what it showed.
    }
  }

  show({ queue, sessions }) {
    byId("desk-count").textContent = String(queue.length);
    byId("desk-count").hidden = queue.length === 0;
    byId("desk-count").setAttribute("aria-label", `${queue.length} 人在排队`);
    byId("desk-empty").hidden = queue.length + sessions.length > 0;
    const now = new Map([...queue, ...sessions].map((session) => [keyOf(session), session]));
    for (const [key, node] of this.cases) {
      if (!now.has(key)) { node.remove(); this.cases.delete(key); }
    }
    for (const [key, session] of now) this.showCase(key, session);
  }

  /** A case that is there stays, so that a half-written answer stays too. */
  showCase(key, session) {
    if (!this.cases.has(key)) {
      const node = session.state === "queue" ? this.waiting(session) : this.served(session);
      this.cases.set(key, node);
      byId("desk-list").append(node);
    }
    this.cases.get(key).querySelector(".last").textContent = session.last;
  }

  waiting(session) {
    const accept = element("button", { type: "button", class: "primary", click: this.act("accept", session) }, "接入");
    return element("div", { class: "case" }, this.head(session, "排队中"), accept);
  }

  served(session) {
    const label = `回复 ${session.openid}`;
    const answer = element("input", { name: "content", "aria-label": label, autocomplete: "off", required: true });
    const submit = shown(async () => {
      await this.post("say", session, { content: answer.value });
      answer.value = "";
    });
    const buttons = [
      element("button", { class: "primary" }, "回复"),
      element("button", { type: "button", click: this.act("close", session) }, "结束"),
    ];
    return element(
      "div",
      { class: "case" },
      this.head(session, session.kf_account.split("@")[0]),
      element("form", { submit }, answer, ...buttons),
    );
  }

  head({ appid, openid }, state) {
    const account = this.titles.get(appid) ?? appid;
    const about = element("small", {}, `${account} · ${state}`);
    return element("p", {}, openid, about, element("span", { class: "last" }));
  }

  act(action, session) {
    return shown(() => this.post(action, session, {}));
  }

  async post(action, { appid, openid }, more) {
    await post(`/_control/desk/${action}`, { appid, openid, ...more });
    await this.look();
  }
}
