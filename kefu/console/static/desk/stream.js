// The news that the server pushes, and the way back after a lost connection.
/* global kefu */

import { byId } from "./dom.js";

const KINDS = ["hello", "message", "line", "notes", "handoff", "typing", "window", "list", "reload", "signed_out"];
const PAUSE = 2000;

export class Stream {
  /** `hear(kind, data)` gets every event. */
  constructor(hear) {
    this.hear = hear;
    this.source = null;
    this.timer = 0;
    window.addEventListener("online", () => this.source?.readyState !== 1 && this.open(this.number));
    // A page that goes away must not count as a broken connection.
    window.addEventListener("pagehide", () => this.source?.close());
    window.addEventListener("pageshow", (event) => event.persisted && this.open(this.number));
  }

  /** Listen, for the handoff on the screen too; the old stream ends when the new one begins. */
  open(number) {
    clearTimeout(this.timer);
    const old = this.source;
    const goesOn = old?.readyState === 1;
    this.number = number;
    const source = new EventSource(`/desk/events?handoff=${number || ""}&lists=${goesOn ? 0 : 1}`);
    this.source = source;
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        if (kind === "hello") this.#begun(source, old);
        if (source === this.source) this.hear(kind, JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => source === this.source && this.#broken(source));
  }

  #begun(source, old) {
    if (old && old !== source) old.close();
    if (source === this.source) byId("connection").hidden = true;
  }

  #broken(source) {
    byId("connection").hidden = false;
    if (source.readyState !== EventSource.CLOSED) return; // the browser comes back by itself
    this.timer = setTimeout(() => this.#comeBack(), PAUSE);
  }

  async #comeBack() {
    try {
      const answer = await fetch("/desk/here", { headers: { Accept: "application/json" } });
      if (answer.status === 401) return kefu.signInAgain();
      if (answer.ok) return this.open(this.number);
    } catch {
      // no connection yet
    }
    this.timer = setTimeout(() => this.#comeBack(), PAUSE);
  }
}
