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
import { Tabs } from "./tabs.js";

const desk = byId("desk");
const kept = new Kept(desk.dataset.login);
const attention = new Attention();
const outbox = new Outbox(kept, (entry, outcome) => onOutcome(entry, outcome));
const lists = new Lists((number) => open(number), onNewRows);
const stream = new Stream(onEvent);
const tabs = new Tabs(desk.dataset.login, { listen, hear: onNews });
// Customers whom this person took, or was given by nobody else.
const taken = new Set();
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
  tabs.show(number);
  if (number) conversation.focus();
}

/** Hear the server, or no more. */
function listen() {
  if (tabs.leads) stream.open(tabs.shown);
  else stream.close();
}

function onEvent(kind, data) {
  if (kind === "reload") return location.reload();
  tabs.tell(kind, data);
  onNews(kind, data);
}

/** Take what the server told this tab, or another one. */
function onNews(kind, data) {
  // A tab that is not shown reads what it misses when it is.
  const follows = tabs.leads || !document.hidden;
  const isOpen = follows && conversation !== null && data.handoff === conversation.number;
  if (kind === "hello") onConnected(data.person, follows);
  else if (kind === "connection") byId("connection").hidden = !data.lost;
  else if (kind === "signed_out") kefu.signInAgain();
  else if (kind === "list") onList(data, follows);
  else if (isOpen) conversation.hear(kind, data);
  if (kind === "handoff") onHandoff(data);
  if (kind === "message" && data.author === "customer") tell("顾客有新消息", !isOpen || document.hidden);
  attention.count(lists.waiting + lists.unread);
}

function onList(data, follows) {
  if (data.html === undefined && !follows) return;
  if (lists.show(data.name, data.html)) tell("顾客有新消息", true);
}

function onHandoff({ handoff, kind, by }) {
  if (!["accepted", "assigned", "transferred"].includes(kind)) return;
  if (by === desk.dataset.login) taken.add(handoff);
  else taken.delete(handoff);
}

/** One of several tabs makes the sound. */
function tell(text, rings) {
  attention.tell(text, rings && tabs.leads);
}

function onConnected(person, follows) {
  // Somebody else has signed in here meanwhile.
  if (person !== desk.dataset.login) return location.reload();
  if (!follows) return;
  outbox.send();
  conversation?.catchUp();
}

function onNewRows(name, numbers) {
  if (name === "waiting") tell("有顾客在等", true);
  if (name === "mine" && !numbers.every((number) => taken.has(number))) tell("有新的顾客分配给你", true);
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
