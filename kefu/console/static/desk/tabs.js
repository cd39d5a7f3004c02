// Of all tabs of the desk one hears the server, the one that was shown last, and tells the
// others: without HTTP/2 a browser has six connections to a server, for all tabs together.

const TOGETHER_MILLISECONDS = 50;

export class Tabs {
  /** `page`: listen() when it is to hear something else, hear(kind, data) what another tab heard. */
  constructor(login, page) {
    Object.assign(this, { page, leads: false, number: 0, others: new Map(), timer: 0, soon: 0 });
    this.name = `kefu-desk-${login}`;
    this.id = String(Math.random());
    this.channel = new BroadcastChannel(this.name);
    this.channel.addEventListener("message", (event) => this.#told(event.data));
    document.addEventListener("visibilitychange", () => this.#enter());
    window.addEventListener("pagehide", () => this.#leave());
    window.addEventListener("pageshow", (event) => event.persisted && this.#enter());
  }

  /** Return the handoffs on the screen, of this tab and of others beside it. */
  get shown() {
    return [...new Set([this.number, ...this.others.values()])].filter(Boolean);
  }

  /** Note which handoff this tab shows. */
  show(number) {
    this.number = number;
    if (this.leads) this.page.listen();
    else this.#enter();
  }

  /** Tell the other tabs what the server said. */
  tell(kind, data) {
    this.channel.postMessage({ kind, data });
  }

  #enter() {
    if (this.leads) return;
    if (!document.hidden) return this.#take();
    this.#say();
    if (!this.queue) this.#queue();
  }

  #leave() {
    this.queue?.abort();
    this.queue = null;
    this.channel.postMessage({ tab: this.id, shows: 0, leaves: this.leads });
    const release = this.release;
    this.#end();
    release?.();
  }

  /** Hear the server from now on, whoever did. */
  #take() {
    this.queue?.abort();
    this.queue = null;
    if (navigator.locks) this.#request({ steal: true });
    else this.#begin(null, null);
  }

  /** Hear the server when nobody else does any more. */
  #queue() {
    if (!navigator.locks) return;
    this.queue = new AbortController();
    this.#request({ signal: this.queue.signal });
  }

  #request(options) {
    const turn = {};
    const held = () => new Promise((release) => this.#begin(turn, release));
    navigator.locks.request(this.name, options, held).catch(() => {
      if (this.turn !== turn) return; // given up before it came
      this.#end();
      this.#say();
      this.#queue();
    });
  }

  #begin(turn, release) {
    this.queue?.abort();
    Object.assign(this, { turn, release, leads: true, queue: null });
    this.others.clear();
    this.channel.postMessage({ asks: true });
    this.page.listen();
  }

  #end() {
    Object.assign(this, { turn: null, release: null, leads: false });
    this.page.listen();
  }

  #say() {
    this.channel.postMessage({ tab: this.id, shows: document.hidden ? 0 : this.number });
  }

  #told({ kind, data, asks, tab, shows, leaves }) {
    if (kind) this.leads || this.page.hear(kind, data);
    else if (asks) this.#asked();
    else if (this.leads && (this.others.get(tab) ?? 0) !== shows) {
      this.others.set(tab, shows);
      // Several tabs answer at once.
      clearTimeout(this.soon);
      this.soon = setTimeout(() => this.page.listen(), TOGETHER_MILLISECONDS);
    } else if (leaves && !navigator.locks) {
      // Nobody orders those who come after: the first one asks, which stops the rest.
      this.timer = setTimeout(() => this.#begin(null, null), 1000 * Math.random());
    }
  }

  #asked() {
    clearTimeout(this.timer);
    if (!navigator.locks && this.leads && document.hidden) this.#end();
    if (!this.leads) this.#say();
  }
}
