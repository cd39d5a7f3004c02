// The lists: tabs, rows, how many wait, and the keyboard's way through them.

import { byId, countTimes, fragment } from "./dom.js";
import { get } from "./requests.js";

const ALL_MILLISECONDS = 2000;

export class Lists {
  /** `open(number)` opens a conversation; `news(name, numbers)` hears of new rows. */
  constructor(open, news) {
    Object.assign(this, { open, news, opened: 0, allTimer: 0 });
    this.tabs = [...document.querySelectorAll("[data-tab]")];
    for (const tab of this.tabs) tab.addEventListener("click", () => this.choose(tab.dataset.tab));
    const root = document.querySelector(".lists");
    root.addEventListener("click", (event) => this.#click(event));
    root.addEventListener("keydown", (event) => this.#key(event));
    this.choose(this.#count("mine") ? "mine" : "waiting");
    countTimes();
    this.#showCounts();
  }

  get waiting() {
    return this.#count("waiting");
  }

  get unread() {
    return Number(this.#list("mine")?.dataset.unread ?? 0);
  }

  choose(name) {
    this.chosen = name;
    for (const tab of this.tabs) {
      const isChosen = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      byId(`list-${tab.dataset.tab}`).hidden = !isChosen;
    }
    if (name === "all") this.#readAll();
  }

  /**
   * Replace a list by one that the server rendered. Returns whether a customer who was in
   * it has written what nobody has seen; of new rows `news` hears.
   */
  show(name, html) {
    const box = byId(`list-${name}`);
    if (html === undefined) this.#allChanged();
    if (html === undefined || !box) return false;
    const before = this.#lasts(name);
    const focused = box.contains(document.activeElement) ? this.#rowOf(document.activeElement) : 0;
    box.replaceChildren(fragment(html));
    countTimes(box);
    this.mark(this.opened);
    if (focused) box.querySelector(`[data-number="${focused}"] .row-link`)?.focus();
    this.#showCounts();
    const now = [...this.#lasts(name)];
    const added = now.filter(([number]) => !before.has(number)).map(([number]) => number);
    if (added.length) this.news(name, added);
    return name === "mine" && !added.length && now.some(([number, last]) => last > before.get(number) && this.#isUnread(number));
  }

  /** Mark the rows of the conversation that is open. */
  mark(number) {
    this.opened = number;
    for (const link of document.querySelectorAll(".row-link")) {
      const isOpened = Number(link.closest("[data-number]").dataset.number) === number;
      if (isOpened) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  /** Put the keyboard back into the list. */
  focus() {
    const box = byId(`list-${this.chosen}`);
    (box.querySelector("[aria-current]") ?? box.querySelector(".row-link") ?? this.tabs[0]).focus();
  }

  #click(event) {
    const link = event.target.closest(".row-link");
    const aside = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
    if (!link || aside) return;
    event.preventDefault();
    this.open(this.#rowOf(link));
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const inTabs = event.target.matches("[data-tab]");
    const stops = inTabs && event.key !== "ArrowDown" ? this.tabs : this.#stops();
    const next = stops[(stops.indexOf(event.target) + step + stops.length) % stops.length];
    if (!next) return;
    event.preventDefault();
    if (next.dataset.tab) this.choose(next.dataset.tab);
    next.focus();
  }

  #stops() {
    return [...byId(`list-${this.chosen}`).querySelectorAll(".row-link")];
  }

  #rowOf(element) {
    return Number(element.closest("[data-number]")?.dataset.number ?? 0);
  }

  #list(name) {
    return document.querySelector(`[data-list="${name}"]`);
  }

  #count(name) {
    return Number(this.#list(name)?.dataset.count ?? 0);
  }

  /** Return the last message of each row, by number. */
  #lasts(name) {
    const rows = this.#list(name)?.querySelectorAll(".row-item") ?? [];
    return new Map([...rows].map(({ dataset }) => [Number(dataset.number), Number(dataset.last)]));
  }

  #isUnread(number) {
    const isShown = number === this.opened && !document.hidden;
    return !isShown && document.querySelector(`#list-mine [data-number="${number}"] .count`) !== null;
  }

  #showCounts() {
    const counts = { waiting: this.waiting, mine: this.unread, left: this.#count("left") };
    for (const tab of this.tabs) {
      const shown = tab.querySelector(".count");
      const count = counts[tab.dataset.tab] ?? 0;
      shown.hidden = !count;
      shown.textContent = count;
    }
  }

  #allChanged() {
    if (this.chosen !== "all" || this.allTimer) return;
    this.allTimer = setTimeout(() => this.#readAll(), ALL_MILLISECONDS);
  }

  async #readAll() {
    clearTimeout(this.allTimer);
    this.allTimer = 0;
    const html = await get("/desk/lists/all", { quiet: true });
    if (html) this.show("all", html);
  }
}
