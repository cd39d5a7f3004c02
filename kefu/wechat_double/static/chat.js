// The log on the screen: entries in order, times between them, the scroll position.

import { byId, element } from "./dom.js";
import { eventText } from "./events.js";
import { messageNode } from "./messages.js";

const QUIET_SECONDS = 300;
const NEAR_END = 90;
const NAMES = { account: "客服", agent: "人工客服", customer: "我" };
const AI_NOTE = "内容由第三方AI生成";

function clockText(at) {
  const when = new Date(at * 1000);
  const time = when.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
  const isToday = when.toDateString() === new Date().toDateString();
  return isToday ? time : `${when.getMonth() + 1}月${when.getDate()}日 ${time}`;
}

function mark(delivery) {
  if (delivery === "failed") {
    return element("span", { class: "mark failed", role: "img", "aria-label": "发送失败", title: "商家的系统没有正确回应" }, "!");
  }
  if (delivery === "pending") {
    return element("span", { class: "mark pending", role: "img", "aria-label": "发送中" });
  }
  return null;
}

function initial(entry, title) {
  if (entry.author === "customer") return "我";
  return entry.author === "agent" ? "人" : (title[0] ?? "客");
}

/** Shows one chat. */
export class Chat {
  /** `acts` as `messageNode` takes them, except that `press` gets the seq and the item. */
  constructor(acts) {
    this.acts = acts;
    this.log = byId("log");
    this.scroll = byId("scroll");
    this.newer = byId("newer");
    this.entries = new Map();
    this.title = "";
    this.newer.addEventListener("click", () => this.toEnd());
    // Pictures that load late and a keyboard that opens must not push the end out of sight.
    this.log.addEventListener("load", () => { if (this.follows) this.toEnd(); }, true);
    new ResizeObserver(() => { if (this.follows) this.toEnd(); }).observe(this.scroll);
    this.scroll.addEventListener("scroll", () => {
      this.follows = this.isAtEnd;
      if (this.follows) this.newer.hidden = true;
    });
    this.follows = true;
  }

  get isAtEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_END;
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.newer.hidden = true;
    this.follows = true;
  }

  reset(title) {
    this.title = title;
    this.entries.clear();
    this.log.replaceChildren();
    this.newer.hidden = true;
    this.follows = true;
  }

  /** Add entries; history is not read out to users of screen readers. */
  add(entries, isHistory) {
    this.log.setAttribute("aria-live", isHistory ? "off" : "polite");
    for (const entry of entries) this.append(entry);
    byId("empty").hidden = !this.isEmpty;
    if (entries.length === 0) return;
    if (this.follows || entries.at(-1).author === "customer") this.toEnd();
    else this.newer.hidden = false;
  }

  /** Show how far messages got, as {seq, delivery}. */
  mark(changes) {
    for (const { seq, delivery } of changes) {
      const entry = this.entries.get(seq);
      if (!entry) continue;
      entry.delivery = delivery;
      this.log.querySelector(`[data-seq="${seq}"]`).replaceWith(this.node(entry));
    }
  }

  get isEmpty() {
    return this.entries.size === 0;
  }

  /** Return every text of the chat. */
  texts() {
    const texts = [...this.entries.values()].filter(({ type }) => type === "text");
    return texts.map(({ payload }) => payload.content ?? payload.Content ?? "");
  }

  /** Return what was said since the customer's last message, in order. */
  sinceCustomer() {
    const all = [...this.entries.values()];
    return all.slice(all.findLastIndex((entry) => entry.author === "customer") + 1);
  }

  append(entry) {
    const latest = [...this.entries.values()].at(-1);
    this.entries.set(entry.seq, entry);
    if (!latest || entry.at - latest.at > QUIET_SECONDS) {
      this.log.append(element("li", { class: "when" }, clockText(entry.at)));
    }
    this.log.append(this.node(entry));
  }

  node(entry) {
    const known = { "data-seq": entry.seq, "data-author": entry.author, "data-type": entry.type };
    if (entry.author === "notice") {
      const { content, reason } = entry.payload;
      const why = reason ? element("small", {}, `原因：${reason}`) : null;
      return element("li", { class: "note", ...known }, content, why);
    }
    if (entry.author === "event") return element("li", { class: "note", ...known }, eventText(entry));
    const acts = { ...this.acts, press: (item) => this.acts.press(entry.seq, item) };
    const line = element("div", { class: "line" }, messageNode(entry, acts), mark(entry.delivery));
    const content = element("div", { class: "content" }, line, this.under(entry));
    return element(
      "li",
      { class: `entry ${entry.author}`, ...known, "data-delivery": entry.delivery },
      element("span", { class: "avatar", role: "img", "aria-label": NAMES[entry.author] }, initial(entry, this.title)),
      content,
    );
  }

  under(entry) {
    const words = [];
    if (entry.author === "agent") words.push("人工客服");
    if (entry.ai) words.push(AI_NOTE);
    if (entry.delivery === "transferred") words.push("已转人工客服");
    return words.length ? element("small", { class: "under" }, words.join(" · ")) : null;
  }
}
