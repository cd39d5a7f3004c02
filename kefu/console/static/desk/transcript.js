// The lines of a conversation: put in order, replaced, followed to the end.

import { byId, fragment, made } from "./dom.js";
import { get } from "./requests.js";

const NEAR_THE_END = 120; // pixels

export class Transcript {
  constructor(number) {
    this.number = number;
    this.root = byId("transcript");
    this.toEndButton = byId("to-end");
    this.#separateDays();
    this.toEnd();
    this.root.addEventListener("scroll", () => this.#noteScroll());
    this.toEndButton.addEventListener("click", () => this.toEnd());
    // The composer under it grows and shrinks.
    new ResizeObserver(() => this.#resized()).observe(this.root);
    // Pictures have no height until they are there.
    this.root.addEventListener("load", () => this.following && this.toEnd(), true);
    this.root.addEventListener("error", (event) => toBeSaved(event.target), true);
    for (const image of this.root.querySelectorAll("img")) if (isBroken(image)) toBeSaved(image);
  }

  /** Return the id of the last message. */
  get last() {
    return this.#lastOf(".line[data-message]");
  }

  /** Return the id of the customer's last message. */
  get lastOfCustomer() {
    return this.#lastOf(".line.customer[data-message]");
  }

  /** Return the keys under which agents' pages sent what is shown. */
  sentKeys() {
    return [...this.root.querySelectorAll("[data-sent-as]")].map((line) => line.dataset.sentAs);
  }

  /** Show a line, in the place of the one that it replaces. Returns whether it is new. */
  put(key, html) {
    const line = fragment(html);
    const old = byId(key);
    if (old) {
      old.replaceWith(line);
      this.following && this.toEnd();
      return false;
    }
    this.#insert(line);
    this.#dropSameNote(line);
    this.#separateDays();
    if (this.following) this.toEnd();
    else this.toEndButton.hidden = false;
    return true;
  }

  /** Show what is on its way and not yet in the conversation. */
  putPending(entry, acts) {
    byId(pendingId(entry.key))?.remove();
    if (this.root.querySelector(`[data-sent-as="${entry.key}"]`)) return;
    const line = made("article", `line pending ${entry.kind === "note" ? "note" : "agent"}`);
    line.id = pendingId(entry.key);
    line.append(made("div", "bubble", entry.text));
    const state = entry.refused ? `未送达：${entry.refused}` : "发送中";
    line.append(made("p", entry.refused ? "remark" : "delivery", state));
    if (entry.refused) line.append(acts);
    this.root.append(line);
    this.toEnd();
  }

  dropPending(key) {
    byId(pendingId(key))?.remove();
  }

  /** Read the lines before the first one. */
  async readEarlier() {
    const before = this.root.dataset.earlier;
    const text = before && (await get(`/desk/${this.number}/earlier?before=${before}`));
    if (!text) return;
    const { lines, earlier } = JSON.parse(text);
    const height = this.root.scrollHeight;
    const first = this.root.querySelector(".line, .event");
    for (const { key, html } of lines) if (!byId(key)) first.before(fragment(html));
    this.root.dataset.earlier = earlier ?? "";
    this.root.querySelector(".earlier").hidden = !earlier;
    this.#separateDays();
    this.root.scrollTop += this.root.scrollHeight - height;
  }

  toEnd() {
    this.following = true;
    this.toEndButton.hidden = true;
    this.root.scrollTop = this.root.scrollHeight;
  }

  #lastOf(selector) {
    const ids = [...this.root.querySelectorAll(selector)].map((line) => Number(line.dataset.message));
    return Math.max(0, ...ids);
  }

  #insert(line) {
    const isBefore = (other) => stands(other, line) < 0;
    const lines = [...this.root.querySelectorAll("[data-at]")];
    const place = lines.findLast(isBefore);
    if (place) place.after(line);
    else this.root.querySelector(".earlier").after(line);
  }

  /** A note may be pushed before the answer to its own request is here. */
  #dropSameNote(line) {
    if (!line.matches(".note")) return;
    const text = line.querySelector(".bubble").textContent;
    const notes = [...this.root.querySelectorAll(".pending.note")];
    notes.find((pending) => pending.querySelector(".bubble").textContent === text)?.remove();
  }

  #separateDays() {
    for (const day of this.root.querySelectorAll(".day")) day.remove();
    let known = "";
    for (const line of this.root.querySelectorAll("[data-day]")) {
      if (line.dataset.day !== known) line.before(made("p", "day", line.dataset.day));
      known = line.dataset.day;
    }
  }

  #resized() {
    this.height = this.root.clientHeight;
    if (this.following) this.toEnd();
  }

  #noteScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.root;
    // Not the agent moved it, but what is around it.
    if (clientHeight !== this.height) return;
    this.following = scrollHeight - scrollTop - clientHeight < NEAR_THE_END;
    if (this.following) this.toEndButton.hidden = true;
  }
}

/** Return less than 0 where a line stands before another, in the order of the server's pages. */
function stands(one, other) {
  const number = ({ id }) => Number(id.slice(2));
  if (one.dataset.message && other.dataset.message) return number(one) - number(other);
  // What happened in the same moment comes before the words about it.
  const rank = ({ id }) => "emn".indexOf(id[0]);
  return Number(one.dataset.at) - Number(other.dataset.at) || rank(one) - rank(other) || number(one) - number(other);
}

function isBroken(image) {
  return image.complete && !image.naturalWidth;
}

/** Offer a picture that the browser cannot show as a file. */
function toBeSaved(image) {
  const link = image.closest(".picture");
  if (!link) return;
  link.className = "aside";
  link.download = "";
  link.textContent = "下载图片";
}

function pendingId(key) {
  return `pending-${key}`;
}
