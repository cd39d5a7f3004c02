// The side panel: account, customer, entry page, the official account's menu.

import { post } from "./control.js";
import { byId, element, shown } from "./dom.js";
import { DEMO_CUSTOMERS } from "./identity.js";

const KINDS = { miniprogram: "小程序", official: "公众号" };
const MODES = { plain: "明文模式", compatible: "兼容模式", safe: "安全模式" };
const OWN = "";
const narrow = matchMedia("(max-width: 819px)");

function showDrawer(open) {
  const panel = byId("panel");
  panel.classList.toggle("open", open);
  panel.inert = narrow.matches && !open;
  byId("shade").hidden = !(open && narrow.matches);
  byId("panel-open").setAttribute("aria-expanded", String(open));
}

/** Wire the drawer that the panel is on a narrow screen. */
export function wireDrawer() {
  const close = () => { showDrawer(false); byId("panel-open").focus(); };
  byId("panel-open").addEventListener("click", () => { showDrawer(true); byId("panel-close").focus(); });
  byId("panel-close").addEventListener("click", close);
  byId("shade").addEventListener("click", close);
  byId("panel").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && narrow.matches) close();
  });
  narrow.addEventListener("change", () => showDrawer(false));
  showDrawer(false);
}

function pageSource() {
  const page = new FormData(byId("entry")).get("page");
  const order = byId("order-no").value.trim();
  if (page === "order") return order ? `page=order&order_no=${encodeURIComponent(order)}` : "page=order";
  return page ? `page=${page}` : "";
}

/** The controls of the panel. `who()` returns {account, openid}, `change(part)` changes it. */
export class Panel {
  constructor(who, change) {
    this.who = who;
    this.change = change;
    this.customers();
    byId("entry").addEventListener("change", () => this.showOrderField());
    byId("entry").addEventListener("submit", shown(() => this.enter()));
    byId("subscribe").addEventListener("click", shown(() => this.event("subscribe", { EventKey: "" })));
    byId("unsubscribe").addEventListener("click", shown(() => this.event("unsubscribe", { EventKey: "" })));
    byId("menu-click").addEventListener("submit", shown(() => this.event("CLICK", { EventKey: byId("event-key").value })));
  }

  /** Show the accounts to choose from. */
  accounts(accounts) {
    const choices = accounts.map((account) => {
      const choose = () => this.change({ account });
      const input = element("input", { type: "radio", name: "account", value: account.appid, change: choose });
      const kind = `${KINDS[account.kind]} · ${MODES[account.mode]}`;
      return element("label", {}, input, account.title, element("small", {}, kind));
    });
    byId("accounts").replaceChildren(...choices);
  }

  /** Show who is chosen. */
  adapt({ account, openid }) {
    for (const input of byId("accounts").querySelectorAll("input")) {
      input.checked = input.value === account.appid;
    }
    const isDemo = DEMO_CUSTOMERS.includes(openid);
    byId("customer").value = isDemo ? openid : OWN;
    byId("own-customer").hidden = isDemo;
    byId("openid").value = isDemo ? "" : openid;
    byId("entry-section").hidden = account.kind !== "miniprogram";
    byId("official-section").hidden = account.kind !== "official";
  }

  /** Offer order numbers that the chat mentions. */
  offerOrders(numbers) {
    const options = [...new Set(numbers)].map((number) => element("option", { value: number }));
    byId("order-numbers").replaceChildren(...options);
  }

  customers() {
    const options = DEMO_CUSTOMERS.map((openid) => element("option", { value: openid }, openid));
    const select = byId("customer");
    select.append(...options, element("option", { value: OWN }, "其他 openid…"));
    select.addEventListener("change", () => {
      byId("own-customer").hidden = select.value !== OWN;
      if (select.value === OWN) byId("openid").focus();
      else this.change({ openid: select.value });
    });
    byId("own-customer").addEventListener("submit", shown(() => {
      const openid = byId("openid").value.trim();
      if (!/^[\w-]{1,64}$/.test(openid)) throw new Error("openid 只含字母、数字、_ 和 -");
      this.change({ openid });
    }));
  }

  showOrderField() {
    byId("order-field").hidden = new FormData(byId("entry")).get("page") !== "order";
  }

  async enter() {
    await this.event("user_enter_tempsession", { SessionFrom: pageSource() });
    if (narrow.matches) showDrawer(false);
  }

  async event(event, fields) {
    const { account, openid } = this.who();
    await post("/_control/event", { appid: account.appid, openid, event, fields });
  }
}
