// Where an agent writes: drafts, sending, notes, pictures, and why nothing can be sent.
/* global kefu */

import { ahead, byId, made } from "./dom.js";
import { post } from "./requests.js";

const TYPING_MILLISECONDS = 4000;
const LARGEST_PICTURE = 10 * 1024 * 1024;

export class Composer {
  constructor(number, kept, outbox, transcript) {
    Object.assign(this, { number, kept, outbox, transcript, typedAt: 0, onlyNotes: false });
    this.form = byId("composer");
    this.words = byId("words");
    this.asNote = byId("as-note");
    this.words.value = kept.draft(number);
    this.asNote.checked = kept.draftIsNote(number);
    this.form.addEventListener("submit", (event) => this.#submit(event));
    this.words.addEventListener("input", () => this.#typed());
    this.words.addEventListener("keydown", (event) => this.#key(event));
    this.asNote.addEventListener("change", () => {
      this.#keepDraft();
      this.#showMode();
    });
    byId("picture").addEventListener("change", (event) => this.#picked(event.target));
    this.form.addEventListener("paste", (event) => this.#pictures(event, event.clipboardData));
    this.form.addEventListener("dragover", (event) => this.#over(event, true));
    this.form.addEventListener("dragleave", (event) => this.#over(event, false));
    this.form.addEventListener("drop", (event) => {
      this.#over(event, false);
      this.#pictures(event, event.dataTransfer);
    });
    this.adapt();
    for (const entry of outbox.of(number)) this.showPending(entry);
  }

  /** Follow what the head of the conversation says. */
  adapt() {
    const { silent, state, window } = byId("head").dataset;
    this.window = JSON.parse(window);
    this.state = state;
    const closed = state === "closed";
    this.form.hidden = closed;
    byId("silent").hidden = !silent;
    byId("silent").textContent = silent;
    this.mayReply = !silent;
    byId("send-and-finish").hidden = state !== "left";
    this.#showMode();
  }

  setWindow(window) {
    this.window = window;
    this.#showWindow();
  }

  /** Put a text where the cursor is. */
  insert(text) {
    const { words } = this;
    words.setRangeText(text, words.selectionStart, words.selectionEnd, "end");
    words.focus();
    this.#typed();
  }

  showPending(entry) {
    const acts = made("p", "again");
    const again = made("button", "", "重试");
    const back = made("button", "", "改一改");
    again.type = back.type = "button";
    again.addEventListener("click", () => {
      this.outbox.retry(entry.key);
      this.showPending({ ...entry, refused: "" });
    });
    back.addEventListener("click", () => {
      this.outbox.drop(entry.key);
      this.transcript.dropPending(entry.key);
      this.insert(entry.text);
    });
    acts.append(again, back);
    this.transcript.putPending(entry, acts);
  }

  #submit(event) {
    event.preventDefault();
    const text = this.words.value;
    if (!text.trim()) return;
    const note = this.asNote.checked;
    if (!note && this.#shut()) {
      byId("refused").textContent = this.#shut();
      return;
    }
    const finish = !note && event.submitter?.name === "finish";
    const kind = note ? "note" : "say";
    this.words.value = "";
    // What is written next is for the customer again.
    this.asNote.checked = false;
    this.#keepDraft();
    this.#showMode();
    byId("refused").textContent = "";
    const entry = this.outbox.add({ handoff: this.number, kind, text, finish });
    this.showPending(entry);
    this.words.focus();
  }

  #key(event) {
    // While a syllable is being chosen, Enter chooses it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  #typed() {
    this.#keepDraft();
    const isReply = !this.asNote.checked && this.words.value.trim() !== "";
    if (!isReply || this.state !== "agent" || Date.now() - this.typedAt < TYPING_MILLISECONDS) return;
    this.typedAt = Date.now();
    post(`/desk/${this.number}/typing`, {});
  }

  #keepDraft() {
    this.kept.keepDraft(this.number, this.words.value, this.asNote.checked);
  }

  #picked(input) {
    this.#sendPictures([...input.files]);
    input.value = "";
  }

  #pictures(event, data) {
    const files = [...(data?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.#sendPictures(files);
  }

  async #sendPictures(files) {
    for (const file of files) {
      const shut = this.#shut();
      if (shut) kefu.notice(shut);
      else if (file.size > LARGEST_PICTURE) kefu.notice("图片超过 10 MB，请压缩后再发");
      else await this.#sendPicture(file);
    }
  }

  async #sendPicture(file) {
    kefu.notice(`正在发送图片 ${file.name}`);
    const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("");
    for (let tries = 0; ; tries += 1) {
      const answer = await post(`/desk/${this.number}/picture?key=${key}`, file);
      if (answer.ok) return;
      if (!answer.again || tries === 4) return kefu.notice(`图片没有发出：${answer.error}`);
      await new Promise((done) => setTimeout(done, 1000 * 2 ** tries));
    }
  }

  #over(event, on) {
    event.preventDefault();
    this.form.classList.toggle("over", on);
  }

  /** Return why nothing can be sent to the customer, "" where something can. */
  #shut() {
    if (!this.mayReply) return byId("head").dataset.silent;
    const over = this.window && Date.now() / 1000 >= this.window.until;
    return this.window && (!this.window.open || over) ? this.#shutText(over) : "";
  }

  #shutText(over) {
    const why = over ? "顾客 48 小时没有来消息，微信不再允许发送" : "微信允许连续发送的条数已用完";
    return `${why}；顾客再来消息后可以回复`;
  }

  #showMode() {
    // Whoever cannot reply can still leave a note.
    const onlyNotes = !this.mayReply && this.state !== "closed";
    if (onlyNotes) this.asNote.checked = true;
    else if (this.onlyNotes && !this.words.value) this.asNote.checked = false;
    this.onlyNotes = onlyNotes;
    this.asNote.disabled = !this.mayReply;
    this.form.classList.toggle("as-note", this.asNote.checked);
    const free = this.state === "waiting" || this.state === "left";
    const reply = free ? "回复后就由你接待。回车发送，Shift+回车换行" : "回车发送，Shift+回车换行";
    this.words.placeholder = this.asNote.checked ? "写给其他客服，顾客看不到" : reply;
    byId("send").textContent = this.asNote.checked ? "保存备注" : "发送";
    byId("send-and-finish").hidden = this.state !== "left" || this.asNote.checked;
    this.#showWindow();
  }

  #showWindow() {
    const shown = byId("window");
    shown.hidden = !this.window || !this.mayReply;
    if (shown.hidden) return;
    const shut = this.#shut();
    shown.classList.toggle("shut", Boolean(shut));
    const left = ahead(this.window.until);
    shown.textContent = shut || `还可发 ${this.window.left} 条，剩 ${left}`;
    if (!shut) byId("refused").textContent = "";
  }
}
