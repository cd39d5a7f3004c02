// What WeChat makes of a text: links, mini-program links, and nothing else of HTML.

import { element } from "./dom.js";

const ANCHOR = /<a\s((?:[^<>"']|"[^"]*"|'[^']*')*)>([^<]*)<\/a>/gi;
const ATTRIBUTE = /([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ADDRESS = /https?:\/\/[\w\-.~:/?#@!$&*+,;=%[\]]+/g;
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
const OPTION = /^\s*(\d{1,2})\s*[.、．:：)）]\s*(\S.*)$/;

function attributesOf(source) {
  const found = {};
  for (const [, name, double, single] of source.matchAll(ATTRIBUTE)) {
    const value = double ?? single;
    found[name.toLowerCase()] = value.replace(/&(?:amp|lt|gt|quot|#39);/g, (e) => ENTITIES[e]);
  }
  return found;
}

function webLink(address, label) {
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);
}

function linkNode(source, label, openPage) {
  const given = attributesOf(source);
  const path = given["data-miniprogram-path"];
  if (path !== undefined) {
    const page = { appid: given["data-miniprogram-appid"] ?? "", path, title: label };
    return element("button", { type: "button", class: "inline", click: () => openPage(page) }, label);
  }
  return /^https?:\/\//i.test(given.href ?? "") ? webLink(given.href, label) : null;
}

function plainNodes(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    nodes.push(text.slice(end, match.index), webLink(match[0], match[0]));
    end = match.index + match[0].length;
  }
  return [...nodes, text.slice(end)];
}

/** Return the nodes of a text that the account sent; `openPage` opens a mini-program's page. */
export function linkedText(text, openPage) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(ANCHOR)) {
    const link = linkNode(match[1], match[2], openPage);
    if (link === null) continue;
    nodes.push(...plainNodes(text.slice(end, match.index)), link);
    end = match.index + match[0].length;
  }
  return [...nodes, ...plainNodes(text.slice(end))];
}

/** Return the numbered lines of a text as [number, words], or none if there is only one. */
export function numberedLines(text) {
  const found = text.split("\n").map((line) => OPTION.exec(line)).filter(Boolean);
  return found.length > 1 ? found.map(([, number, words]) => [number, words]) : [];
}

/** Return the order numbers in a text: eighteen digits in a row. */
export function orderNumbers(text) {
  return text.match(/(?<!\d)20\d{16}(?!\d)/g) ?? [];
}
