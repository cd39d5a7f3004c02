// One customer's log, followed live by long polling.

import { get, pause } from "./control.js";

const WAIT_SECONDS = 20;
// What begins between two looks wakes nobody: after news the next look is a short one.
const WAIT_AFTER_NEWS = 1;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8000;

/** Follows one customer's chat with one account until it is stopped. */
export class Conversation {
  /**
   * `view` hears `reset()`, `entries(list, isHistory)`, `changes(list)`, `typing(on)` and
   * `connected(yes)`.
   */
  constructor(appid, openid, view) {
    this.query = { appid, openid };
    this.view = view;
    this.stopper = new AbortController();
  }

  async start() {
    this.view.reset();
    let delay = FIRST_PAUSE;
    while (!this.stopped) {
      try {
        await this.follow(() => { delay = FIRST_PAUSE; });
      } catch (error) {
        if (this.stopped) return;
        this.view.connected(false);
        await pause(delay, this.stopper.signal);
        delay = Math.min(2 * delay, LONGEST_PAUSE);
      }
    }
  }

  stop() {
    this.stopper.abort();
  }

  get stopped() {
    return this.stopper.signal.aborted;
  }

  /** Read the history, then the news, until the connection is lost or the chat is left. */
  async follow(connected) {
    let after = 0;
    let wait = 0;
    while (!this.stopped) {
      const answer = await get("/_control/log", { ...this.query, after, wait }, this.stopper.signal);
      if (this.stopped) return;
      // The double may have been started anew: after a lost connection all is read again.
      if (after === 0) this.view.reset();
      connected();
      this.view.connected(true);
      this.view.entries(answer.entries, after === 0);
      this.view.changes(answer.changes);
      this.view.typing(answer.typing);
      wait = answer.last > after ? WAIT_AFTER_NEWS : WAIT_SECONDS;
      after = answer.last;
    }
  }
}
