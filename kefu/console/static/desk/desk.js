// The desk: puts lists, the open conversation and the server's news together.
/* global kefu, htmx */

import { Acts } from "./acts.js";
import { Attention } from "./attention.js";
import { Conversation } from "./conversation.js";
import { byId, countTimes } from "./dom.js";
import { Kept, forget } from "./kept.js";
import { Lists } from "./lists.js";
import { Outbox } from "./outbox.js";
import { get } from "./requests.js";
import { Stream } from "./stream.js";

const desk = byId("desk");
const kept = new Kept(desk.dataset.login);
const attention = new Attention();
const outbox = new Outbox(kept, (entry, outcome) => onOutcome(entry, outcome));
const lists = new Lists((number) => open(number), onNewRows);
const stream = new Stream(onEvent);
let conversation = null;
let reading = new AbortController();

function numberOf(path) {
  return Number(/^\/desk\/(\d+)$/.exec(path)?.[1] ?? 0);
}

/** Show a conversation, or none, without leaving the page. */
async function open(number, push = true) {
  reading.abort();
  reading = new AbortController();
  const url = number ? `/desk/${number}` : "/desk";
  const html = await get(url, { headers: { "HX-Request": "true", Accept: "text/html" }, signal: reading.signal });
  if (html === null) return;
  const parts = document.createElement("template");
  parts.innerHTML = html;
  byId("opened").replaceChildren(parts.content);
  htmx.process(byId("opened"));
  if (push && location.pathname !== url) history.pushState(null, "", url);
  begin(number);
}

function begin(number) {
  conversation?.end();
  conversation = number ? new Conversation(number, kept, outbox) : null;
  desk.dataset.view = number ? "conversation" : "lists";
  lists.mark(number);
  countTimes();
  stream.open(number);
  if (number) conversation.focus();
}

function onEvent(kind, data) {
  const isOpen = conversation !== null && data.handoff === conversation.number;
  if (kind === "hello") onConnected();
  else if (kind === "reload") location.reload();
  else if (kind === "signed_out") kefu.signInAgain();
  else if (kind === "list") onList(data);
  else if (isOpen) conversation.hear(kind, data);
  if (kind === "message" && data.author === "customer" && isOpen) {
    attention.tell("顾客有新消息", document.hidden);
  }
  attention.count(lists.waiting + lists.unread);
}

function onList(data) {
  const unread = lists.unread;
  lists.show(data.name, data.html);
  if (lists.unread > unread) attention.tell("顾客有新消息", true);
}

function onConnected() {
  outbox.send();
  conversation?.catchUp();
}

function onNewRows(name) {
  if (name === "waiting") attention.tell("有顾客在等", true);
  if (name === "mine") attention.tell("有新的顾客分配给你", true);
}

async function onOutcome(entry, outcome) {
  conversation?.outcome(entry, outcome);
  if (outcome.sent && entry.finish) await acts.finish(entry.handoff);
}

const acts = new Acts({
  open,
  changed: (number) => conversation?.number === number && conversation.catchUp(),
  earlier: () => conversation?.transcript.readEarlier(),
});

document.addEventListener("click", (event) => {
  const shown = event.target.closest("[data-show]");
  if (shown) desk.dataset.view = shown.dataset.show;
  const back = event.target.closest("[data-back]");
  const other = event.target.closest("#opened a[href^='/desk/']");
  if (back || (other && numberOf(other.pathname))) {
    event.preventDefault();
    open(back ? 0 : numberOf(other.pathname));
  }
});

document.addEventListener("keydown", (event) => {
  if (event.altKey && /^Digit[1-9]$/.test(event.code)) {
    const quick = document.querySelector(`[data-quick="${event.code.slice(5)}"]`);
    if (quick) {
      event.preventDefault();
      quick.click();
    }
  } else if (event.key === "Escape" && !event.isComposing && !document.querySelector("dialog[open]")) {
    onEscape(event);
  }
});

/** Close what is open over the composer, else go back to the lists. */
function onEscape(event) {
  const popover = document.querySelector("details[data-popover][open]");
  if (popover) {
    popover.open = false;
    byId("words")?.focus();
    return;
  }
  if (event.target.matches("input[type=search]")) return;
  if (getComputedStyle(document.querySelector(".lists")).display === "none") open(0);
  else lists.focus();
}

document.addEventListener("kefu:insert", (event) => {
  desk.dataset.view = conversation ? "conversation" : desk.dataset.view;
  conversation?.composer.insert(event.detail.text);
  for (const popover of document.querySelectorAll("details[data-popover][open]")) popover.open = false;
});
document.addEventListener("kefu:lost", () => {
  kefu.notice("这位顾客已由其他人接待");
  open(0);
});
// Whoever leaves leaves no customer's words behind.
document.querySelector("form[action='/sign-out']")?.addEventListener("submit", () => forget());
window.addEventListener("popstate", () => open(numberOf(location.pathname), false));
window.addEventListener("online", () => outbox.send());
document.addEventListener("visibilitychange", () => conversation?.noteSeen());
setInterval(() => countTimes(), 1000);

begin(numberOf(location.pathname));
attention.count(lists.waiting + lists.unread);
