// What is done with a conversation besides talking: taken, handed on, put back, ended.
/* global kefu */

import { byId } from "./dom.js";
import { get, post } from "./requests.js";

export class Acts {
  /** `page`: open(number), changed(number), earlier(). */
  constructor(page) {
    this.page = page;
    this.dialog = byId("transfer");
    this.dialog.addEventListener("close", () => this.#give());
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[data-act]");
      if (button) this.#press(button);
    });
  }

  async finish(number) {
    if (await this.#post(number, "finish")) this.page.changed(number);
  }

  #press(button) {
    const number = Number(button.dataset.number);
    const act = button.dataset.act;
    if (act === "earlier") return this.page.earlier();
    if (act === "transfer") return this.#choose(number);
    if (act === "finish") return this.#once(button, () => this.finish(number));
    return this.#once(button, () => this.#simple(number, act));
  }

  async #simple(number, act) {
    if (!(await this.#post(number, act))) return;
    // Whoever puts a customer back may no longer read along once somebody has them.
    if (act === "take" || act === "take-over") await this.page.open(number);
    else this.page.changed(number);
  }

  async #choose(number) {
    const html = await get(`/desk/${number}/people`, { headers: { Accept: "text/html" } });
    if (html === null) return;
    const parts = document.createElement("template");
    parts.innerHTML = html;
    byId("colleagues").replaceChildren(parts.content);
    byId("transfer-note").value = "";
    this.number = number;
    this.dialog.returnValue = "";
    this.dialog.showModal();
  }

  async #give() {
    const to = this.dialog.querySelector("input[name=to]:checked")?.value;
    if (this.dialog.returnValue !== "give" || !to) return;
    const fields = { to, note: byId("transfer-note").value };
    if (await this.#post(this.number, "transfer", fields)) await this.page.open(0);
  }

  async #once(button, act) {
    button.disabled = true;
    await act();
    button.disabled = false;
  }

  async #post(number, act, fields = {}) {
    const answer = await post(`/desk/${number}/${act}`, fields);
    if (!answer.ok) {
      kefu.notice(answer.error);
      this.page.changed(number);
    }
    return answer.ok;
  }
}
