// The conversation on the screen.

import { Composer } from "./composer.js";
import { byId, countTimes, fragment } from "./dom.js";
import { get, post } from "./requests.js";
import { Transcript } from "./transcript.js";

const TYPING_MILLISECONDS = 6000;
const SEEN_MILLISECONDS = 300;

export class Conversation {
  constructor(number, kept, outbox) {
    Object.assign(this, { number, outbox, seen: 0, seenTimer: 0, typingTimer: 0, ended: false });
    this.transcript = new Transcript(number);
    // What arrived while the page was closed is not on its way any more.
    for (const key of this.transcript.sentKeys()) outbox.drop(key);
    this.composer = new Composer(number, kept, outbox, this.transcript);
    this.noteSeen();
  }

  end() {
    this.ended = true;
    clearTimeout(this.seenTimer);
    clearTimeout(this.typingTimer);
  }

  focus() {
    // On a phone it would open the keyboard over the conversation.
    if (matchMedia("(min-width: 761px)").matches) byId("words").focus();
  }

  /** Take an event of the server's. */
  hear(kind, data) {
    if (kind === "message" || kind === "line" || kind === "notes") this.#line(kind, data);
    else if (kind === "handoff") this.catchUp();
    else if (kind === "window") this.composer.setWindow(data.window);
    else if (kind === "typing") this.#typing(true);
  }

  /** Read what may have been missed, and what stands over the conversation. */
  async catchUp() {
    const options = { quiet: true };
    const text = await get(`/desk/${this.number}/since?after=${this.transcript.last}`, options);
    if (this.ended) return;
    if (text === null) {
      if (options.status === 403 || options.status === 404) document.dispatchEvent(new Event("kefu:lost"));
      return;
    }
    const { lines, head } = JSON.parse(text);
    for (const { key, html } of lines) this.#put(key, html);
    byId("head").replaceWith(fragment(head));
    // Whoever gets the customer back has to have seen it anew.
    if (byId("head").dataset.mine === "") this.seen = 0;
    countTimes();
    this.composer.adapt();
    this.noteSeen();
  }

  /** Hear what became of something that was sent. */
  outcome(entry, outcome) {
    if (entry.handoff !== this.number) return;
    if (outcome.sent) {
      this.transcript.dropPending(entry.key);
      if (outcome.sent.html) this.#put(outcome.sent.key, outcome.sent.html);
      if (byId("head").dataset.mine === "") this.catchUp();
    } else if (outcome.refused) {
      this.composer.showPending({ ...entry, refused: outcome.refused });
    }
  }

  /** Tell the server which message the agent has on the screen. */
  noteSeen() {
    const last = this.transcript.lastOfCustomer;
    if (document.hidden || last <= this.seen || byId("head").dataset.mine === "") return;
    clearTimeout(this.seenTimer);
    this.seenTimer = setTimeout(() => {
      this.seen = last;
      post(`/desk/${this.number}/seen`, { message: String(last) });
    }, SEEN_MILLISECONDS);
  }

  #line(kind, data) {
    const isNew = this.#put(data.key, data.html);
    if (data.author !== "customer" || !isNew) return;
    this.#typing(false);
    this.noteSeen();
    document.dispatchEvent(new CustomEvent("kefu:asked"));
  }

  #put(key, html) {
    const isNew = this.transcript.put(key, html);
    const sentAs = byId(key)?.dataset.sentAs;
    if (sentAs) {
      this.transcript.dropPending(sentAs);
      this.outbox.drop(sentAs);
    }
    return isNew;
  }

  #typing(on) {
    clearTimeout(this.typingTimer);
    byId("typing").hidden = !on;
    if (on) this.typingTimer = setTimeout(() => this.#typing(false), TYPING_MILLISECONDS);
  }
}
