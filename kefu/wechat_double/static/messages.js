// The body of each message type: what the customer sent, what the account sent.

import { mediaUrl } from "./control.js";
import { element, icon } from "./dom.js";
import { linkedText } from "./text.js";

function textOf(value) {
  return value === null || value === undefined ? "" : String(value);
}

function bubble(...children) {
  return element("div", { class: "bubble" }, ...children);
}

function picture(mediaId, { openPicture }) {
  const address = mediaUrl(textOf(mediaId));
  const image = element("img", { src: address, alt: "图片" });
  return element(
    "button",
    { type: "button", class: "picture", "aria-label": "查看图片", click: () => openPicture(address) },
    image,
  );
}

function card(title, detail, foot, drawing, attributes = {}) {
  return element(
    attributes.href ? "a" : attributes.click ? "button" : "div",
    { class: "card", ...(attributes.click ? { type: "button" } : {}), ...attributes },
    element("strong", {}, textOf(title)),
    detail ? element("small", {}, textOf(detail)) : null,
    drawing,
    element("small", { class: "foot" }, foot),
  );
}

function cover(name, mediaId) {
  const inside = mediaId ? element("img", { src: mediaUrl(mediaId), alt: "" }) : icon(name);
  return element("div", { class: "cover" }, inside);
}

function webCard(title, detail, address) {
  const web = /^https?:\/\//i.test(textOf(address));
  const link = web ? { href: address, target: "_blank", rel: "noopener noreferrer" } : {};
  return card(title, detail, web ? new URL(address).host : "链接", null, link);
}

function pageCard(title, appid, path, thumbnail, { openPage }) {
  const page = { title: textOf(title), appid: textOf(appid), path: textOf(path) };
  return card(title, "", "小程序", cover("card", thumbnail), { click: () => openPage(page) });
}

function player(kind, mediaId) {
  const address = mediaUrl(textOf(mediaId));
  // Browsers do not play AMR, which is what WeChat records.
  const error = ({ target }) =>
    target.replaceWith(element("a", { href: address, download: true }, "浏览器放不了这种格式，请下载"));
  return element(kind, { controls: true, preload: "none", src: address, error });
}

function sound(label, mediaId) {
  return card(label, "", "语音", player("audio", mediaId));
}

function film(title, mediaId) {
  return card(title, "", "视频", player("video", mediaId));
}

function menu(payload, { press }) {
  const items = (payload.list ?? []).map((item) =>
    element("li", {}, element("button", { type: "button", click: () => press(item) }, textOf(item.content))),
  );
  return element(
    "div",
    { class: "bubble menu" },
    payload.head_content ? element("p", {}, textOf(payload.head_content)) : null,
    element("ul", {}, ...items),
    payload.tail_content ? element("p", {}, textOf(payload.tail_content)) : null,
  );
}

function unknown(type) {
  return bubble(`［${type}］`);
}

const FROM_CUSTOMER = {
  text: (p) => bubble(textOf(p.Content)),
  image: (p, acts) => picture(p.MediaId, acts),
  voice: (p) => sound("语音消息", p.MediaId),
  video: (p) => film("视频", p.MediaId),
  shortvideo: (p) => film("小视频", p.MediaId),
  location: (p) =>
    card(p.Label || "位置", `${textOf(p.Location_X)}, ${textOf(p.Location_Y)}`, "位置", cover("place")),
  link: (p) => webCard(p.Title, p.Description, p.Url),
  file: (p) => card(p.Title || "文件", p.Description, "文件", cover("file")),
  miniprogrampage: (p, acts) => pageCard(p.Title, p.AppId, p.PagePath, null, acts),
};

const FROM_ACCOUNT = {
  text: (p, acts) => bubble(...linkedText(textOf(p.content), acts.openPage)),
  image: (p, acts) => picture(p.media_id, acts),
  voice: (p) => sound("语音消息", p.media_id),
  video: (p) => film(p.title || "视频", p.media_id),
  music: (p) => webCard(p.title, p.description, p.musicurl),
  link: (p) => webCard(p.title, p.description, p.url),
  news: (p) => webCard(p.articles?.[0]?.title, p.articles?.[0]?.description, p.articles?.[0]?.url),
  mpnewsarticle: (p) => card("公众号文章", textOf(p.article_id), "图文", cover("link")),
  mpnews: (p) => card("公众号文章", textOf(p.media_id), "图文", cover("link")),
  wxcard: (p) => card("卡券", textOf(p.card_id), "卡券", cover("card")),
  msgmenu: menu,
  miniprogrampage: (p, acts) => pageCard(p.title, p.appid, p.pagepath, p.thumb_media_id, acts),
};

/**
 * Return the node of a log entry's message.
 * `acts` has `openPage(page)`, `openPicture(address)` and `press(item)`.
 */
export function messageNode(entry, acts) {
  const makers = entry.author === "customer" ? FROM_CUSTOMER : FROM_ACCOUNT;
  const maker = Object.hasOwn(makers, entry.type) ? makers[entry.type] : null;
  return maker ? maker(entry.payload ?? {}, acts) : unknown(entry.type);
}
