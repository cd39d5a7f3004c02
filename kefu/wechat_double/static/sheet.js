// The dialog over the phone: pictures, mini-program pages and small forms.

import { byId, element, shown } from "./dom.js";

function open(title, ...body) {
  byId("sheet-title").textContent = title;
  byId("sheet-body").replaceChildren(...body);
  byId("sheet").showModal();
}

function close() {
  byId("sheet").close();
}

function closeButton(label = "关闭") {
  return element("button", { type: "button", click: close }, label);
}

/** Show a picture in full. */
export function showPicture(address) {
  open("图片", element("img", { src: address, alt: "图片" }), element("div", { class: "row" }, closeButton()));
}

/** Show which page of which mini-program WeChat would open. */
export function showPage({ title, appid, path }) {
  open(
    title || "小程序页面",
    element("p", {}, "在微信里，这里会打开小程序页面："),
    element("code", {}, path || "（首页）"),
    appid ? element("p", {}, `小程序 ${appid}`) : null,
    element("div", { class: "row" }, closeButton()),
  );
}

/**
 * Ask for some texts and hand them to `send` as an object.
 * Each field is {name, label, value}.
 */
export function askFor(title, fields, send) {
  const inputs = fields.map(({ name, label, value }) =>
    element("label", { class: "field" }, label, element("input", { name, value, autocomplete: "off", required: true })),
  );
  const buttons = [closeButton("取消"), element("button", { class: "primary" }, "发送")];
  const submit = shown(async (event) => {
    const given = Object.fromEntries(new FormData(event.target));
    close();
    await send(given);
  });
  open(title, element("form", { submit }, ...inputs, element("div", { class: "row" }, ...buttons)));
}
