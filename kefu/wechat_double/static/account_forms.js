// How pushes reach each account's server, changed while the double runs.

import { get, post } from "./control.js";
import { element, shown, toast } from "./dom.js";

const MODES = [["plain", "明文"], ["compatible", "兼容"], ["safe", "安全"]];
const FORMATS = [["json", "JSON"], ["xml", "XML"]];

function choice(label, name, options, value, change) {
  const nodes = options.map(([key, words]) => element("option", { value: key, selected: key === value }, words));
  return element("label", { class: "field" }, label, element("select", { name, change }, ...nodes));
}

/** The forms of all accounts, in a box of the page. */
export class AccountForms {
  constructor(box) {
    this.box = box;
  }

  /** Read the accounts and show them. */
  async show() {
    const { accounts } = await get("/_control/accounts");
    this.box.replaceChildren(...accounts.map((account) => this.form(account)));
  }

  form(account) {
    const set = (name) => shown(async ({ target }) => {
      try {
        await post(`/_control/accounts/${account.appid}`, { [name]: target.value });
        toast("已生效");
      } finally {
        await this.show();
      }
    });
    const address = element("input", { name: "push_url", value: account.push_url, inputmode: "url", change: set("push_url") });
    const formats = account.kind === "official" ? FORMATS.slice(1) : FORMATS;
    return element(
      "div",
      { class: "account" },
      element("p", {}, account.title),
      element("label", { class: "field" }, "推送地址", address),
      element(
        "div",
        { class: "row" },
        choice("加密方式", "mode", MODES, account.mode, set("mode")),
        choice("数据格式", "format", formats, account.format, set("format")),
      ),
      element("div", { class: "row" }, element("button", { type: "button", click: this.verify(account) }, "验证地址")),
    );
  }

  verify({ appid }) {
    return shown(async () => {
      const { ok, status } = await post("/_control/verify", { appid });
      toast(ok ? "验证通过" : `验证没有通过（HTTP ${status}）`);
    });
  }
}
