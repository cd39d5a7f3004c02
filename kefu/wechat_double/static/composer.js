// What the customer sends: text, pictures, voice files, cards, places.

import { post } from "./control.js";
import { byId, element, shown } from "./dom.js";
import { askFor } from "./sheet.js";
import { numberedLines } from "./text.js";

const LARGEST_FILE = 10 * 1024 * 1024;
const STARTERS = ["我的快递到哪了？", "怎么退货？", "转人工"];

function base64Of(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error("读不了这个文件"));
    reader.readAsDataURL(file);
  });
}

function chip(words, send, number) {
  const name = number ? `回复 ${number}：${words}` : null;
  const label = number ? [element("b", {}, number), ` ${words}`] : [words];
  return element("button", { type: "button", "aria-label": name, click: send }, ...label);
}

/** The bar under the chat. `who()` returns {account, openid}. */
export class Composer {
  constructor(who) {
    this.who = who;
    this.text = byId("text");
    this.text.addEventListener("input", () => this.fit());
    this.text.addEventListener("keydown", (event) => this.key(event));
    byId("compose").addEventListener("submit", shown(() => this.sendText(this.text.value)));
    byId("more").addEventListener("click", () => this.showAttachments(byId("attachments").hidden));
    this.files("pick-image", "image-file", (file) => this.sendFile("image", file, {}));
    this.files("voice", "voice-file", (file) => this.sendVoice(file));
    byId("pick-card").addEventListener("click", () => this.askForCard());
    byId("pick-place").addEventListener("click", () => this.askForPlace());
  }

  /** Offer what the kind of account takes: WeChat passes on no places or voice to mini-programs. */
  adapt(account) {
    const isOfficial = account.kind === "official";
    byId("voice").hidden = !isOfficial;
    byId("pick-place").hidden = !isOfficial;
    byId("pick-card").hidden = isOfficial;
    this.showAttachments(false);
  }

  /** Offer the numbers of the account's last text, or first sentences in an empty chat. */
  offer(entries, isEmpty) {
    const texts = entries.filter(({ author, type }) => author === "account" && type === "text");
    const lines = texts.length ? numberedLines(texts.at(-1).payload.content) : [];
    const starters = isEmpty ? STARTERS : [];
    const chips = [
      ...lines.map(([number, words]) => chip(words, shown(() => this.say("text", { content: number })), number)),
      ...starters.map((words) => chip(words, shown(() => this.say("text", { content: words })))),
    ];
    byId("quick").replaceChildren(...chips);
    byId("quick").hidden = chips.length === 0;
  }

  key(event) {
    // Enter also ends a choice of the Chinese input method, which must not send.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId("compose").requestSubmit();
  }

  fit() {
    byId("send").hidden = this.text.value.trim() === "";
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight + 2}px`;
  }

  async sendText(content) {
    if (content.trim() === "") return;
    this.text.value = "";
    this.fit();
    this.text.focus();
    try {
      await this.say("text", { content });
    } catch (error) {
      if (this.text.value === "") this.text.value = content;
      this.fit();
      throw error;
    }
  }

  async sendFile(type, file, fields) {
    if (file.size > LARGEST_FILE) throw new Error("文件超过 10 MB，微信发不出去");
    await this.say(type, { media: await base64Of(file), fields });
  }

  sendVoice(file) {
    const format = file.name.includes(".") ? file.name.split(".").at(-1).toLowerCase() : "amr";
    return this.sendFile("voice", file, { Format: format });
  }

  askForCard() {
    const fields = [
      { name: "Title", label: "标题", value: "订单详情" },
      { name: "PagePath", label: "页面路径", value: "pages/order/detail?order_no=" },
    ];
    const { account } = this.who();
    askFor("发送小程序卡片", fields, (given) =>
      this.say("miniprogrampage", { fields: { AppId: account.appid, ...given } }),
    );
  }

  askForPlace() {
    const fields = [
      { name: "Label", label: "地点", value: "广州市海珠区阅江西路 222 号" },
      { name: "Location_X", label: "纬度", value: "23.106414" },
      { name: "Location_Y", label: "经度", value: "113.324553" },
    ];
    askFor("发送位置", fields, (given) => this.say("location", { fields: { Scale: "15", ...given } }));
  }

  async say(type, message) {
    const { account, openid } = this.who();
    this.showAttachments(false);
    await post("/_control/say", { appid: account.appid, openid, type, ...message });
  }

  showAttachments(open) {
    byId("attachments").hidden = !open;
    byId("more").setAttribute("aria-expanded", String(open));
  }

  files(button, input, send) {
    const chooser = byId(input);
    byId(button).addEventListener("click", () => chooser.click());
    chooser.addEventListener("change", shown(async () => {
      const [file] = chooser.files;
      chooser.value = "";
      if (file) await send(file);
    }));
  }
}
