// The news that the server pushes, and the way back after a lost connection.
/* global kefu */

const KINDS = ["hello", "message", "line", "notes", "handoff", "typing", "window", "list", "reload", "signed_out"];
const PAUSE = 2000;

export class Stream {
  /** `hear(kind, data)` gets every event, and `connection` {lost} when it breaks and comes back. */
  constructor(hear) {
    Object.assign(this, { hear, source: null, old: null, numbers: [], timer: 0 });
    window.addEventListener("online", () => this.source && this.source.readyState !== 1 && this.open(this.numbers));
  }

  /** Listen, for these handoffs too; the old stream ends when the new one begins. */
  open(numbers) {
    clearTimeout(this.timer);
    this.numbers = numbers;
    if (this.source?.isBegun && this.source.readyState === 1) this.old = this.source;
    else this.source?.close();
    const query = new URLSearchParams(numbers.map((number) => ["handoff", number]));
    query.set("lists", this.old ? "0" : "1");
    const source = (this.source = new EventSource(`/desk/events?${query}`));
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        if (source !== this.source && source !== this.old) return;
        if (kind === "hello") this.#begun(source);
        this.hear(kind, JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => source === this.source && this.#broken(source));
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.old?.close();
    this.source = this.old = null;
  }

  #begun(source) {
    if (source !== this.source) return;
    source.isBegun = true;
    this.old?.close();
    this.old = null;
    this.hear("connection", { lost: false });
  }

  #broken(source) {
    this.hear("connection", { lost: true });
    if (source.readyState !== EventSource.CLOSED) return; // the browser comes back by itself
    this.timer = setTimeout(() => this.#comeBack(), PAUSE);
  }

  async #comeBack() {
    const { source } = this;
    try {
      const answer = await fetch("/desk/here", { headers: { Accept: "application/json" } });
      if (source !== this.source) return; // another one was opened meanwhile, or none is wanted
      if (answer.status === 401) return kefu.signInAgain();
      if (answer.ok) return this.open(this.numbers);
    } catch {
      // no connection yet
    }
    if (source === this.source) this.timer = setTimeout(() => this.#comeBack(), PAUSE);
  }
}
