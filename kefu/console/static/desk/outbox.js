// Messages on their way: each is kept, and sent with the same key, until the server has it.
// The server says a key only once, so that nothing is lost and nothing is said twice.

import { post } from "./requests.js";

// What waited longer is sent only when its author still wants it.
const STALE_MILLISECONDS = 10 * 60 * 1000;
const STALE = "太久没有连接，没有发出";
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15_000;

export class Outbox {
  /** `told(entry, outcome)` hears what became of an entry: {sent}, {waits} or {refused}. */
  constructor(kept, told) {
    this.kept = kept;
    this.told = told;
    this.busy = false;
    this.pause = FIRST_PAUSE;
    this.timer = 0;
  }

  /** Send something: {handoff, kind: say | note, text, finish}. Returns its entry. */
  add(message) {
    const entry = { ...message, key: newKey(), at: Date.now(), tries: 0 };
    this.memory = [...(this.memory ?? []), entry];
    this.kept.keep(entry);
    this.send();
    return entry;
  }

  /** Return what is on its way in a conversation. */
  of(number) {
    return this.#entries().filter((entry) => entry.handoff === number);
  }

  /** Try again now what was refused. */
  retry(key) {
    const entry = this.#entries().find((one) => one.key === key);
    if (!entry) return;
    this.#keep({ ...entry, refused: "", at: Date.now() });
    this.send();
  }

  /** Forget an entry: the server has it, or it is not to be sent. */
  drop(key) {
    this.memory = (this.memory ?? []).filter((entry) => entry.key !== key);
    this.kept.drop(key);
  }

  /** Send what waits, one after the other, in order. */
  async send() {
    clearTimeout(this.timer);
    if (this.busy) return;
    this.busy = true;
    try {
      for (let entry = this.#next(); entry; entry = this.#next()) {
        if (!(await this.#try(entry))) return;
      }
      this.pause = FIRST_PAUSE;
    } finally {
      this.busy = false;
    }
  }

  async #try(entry) {
    if (Date.now() - entry.at > STALE_MILLISECONDS) return this.#refuse(entry, STALE);
    const again = entry.tries > 0 ? { again: "1" } : {};
    this.#keep({ ...entry, tries: entry.tries + 1 });
    const fields = { text: entry.text, key: entry.key, ...again };
    const answer = await post(`/desk/${entry.handoff}/${entry.kind}`, fields);
    if (answer.ok) {
      this.drop(entry.key);
      this.pause = FIRST_PAUSE;
      this.told(entry, { sent: answer.data });
      return true;
    }
    if (answer.again) {
      this.told(entry, { waits: answer.error });
      this.timer = setTimeout(() => this.send(), this.pause);
      this.pause = Math.min(LONGEST_PAUSE, this.pause * 2);
      return false;
    }
    return this.#refuse(entry, answer.error);
  }

  #refuse(entry, error) {
    this.#keep({ ...entry, refused: error });
    this.told(entry, { refused: error });
    return true;
  }

  #next() {
    return this.#entries().find((entry) => !entry.refused);
  }

  /** Return what is kept, and what the browser would not keep. */
  #entries() {
    const kept = this.kept.entries();
    const known = new Set(kept.map((entry) => entry.key));
    return [...kept, ...(this.memory ?? []).filter((entry) => !known.has(entry.key))].sort(
      (one, other) => one.at - other.at,
    );
  }

  #keep(entry) {
    this.memory = (this.memory ?? []).map((one) => (one.key === entry.key ? entry : one));
    // Another tab of this person may have got it through meanwhile.
    if (this.kept.entry(entry.key)) this.kept.keep(entry);
  }
}

/** Return a new key; pages without HTTPS have no crypto.randomUUID. */
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
