// Puts the phone together: one customer, one account, their chat.

import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { get, pause, post } from "./control.js";
import { Conversation } from "./conversation.js";
import { Desk } from "./desk.js";
import { byId, shown } from "./dom.js";
import { keepIdentity, readIdentity } from "./identity.js";
import { Panel, wireDrawer } from "./panel.js";
import { showPage, showPicture } from "./sheet.js";
import { orderNumbers } from "./text.js";

const TYPING = "对方正在输入…";

let identity;
let conversation;

const who = () => identity;
const chat = new Chat({ openPage: showPage, openPicture: showPicture, press });
const composer = new Composer(who);
const panel = new Panel(who, change);
const desk = new Desk();

function press(seq, item) {
  const { account, openid } = identity;
  return shown(() => post("/_control/press", { appid: account.appid, openid, seq, id: item.id }))();
}

function connected(yes) {
  byId("connection").hidden = yes;
  byId("connection").textContent = yes ? "" : "连接断开，正在重连…";
}

const view = {
  reset() {
    chat.reset(identity.account.title);
  },
  entries(entries, isHistory) {
    chat.add(entries, isHistory);
    composer.offer(chat.sinceCustomer(), chat.isEmpty);
    panel.offerOrders(chat.texts().flatMap(orderNumbers));
  },
  changes(changes) {
    chat.mark(changes);
  },
  typing(on) {
    byId("title").textContent = on ? TYPING : identity.account.title;
  },
  connected,
};

function change(part) {
  identity = { ...identity, ...part };
  keepIdentity(identity);
  panel.adapt(identity);
  composer.adapt(identity.account);
  byId("title").textContent = identity.account.title;
  conversation?.stop();
  conversation = new Conversation(identity.account.appid, identity.openid, view);
  conversation.start();
}

async function accountsOfDouble() {
  while (true) {
    try {
      return (await get("/_control/accounts")).accounts;
    } catch (error) {
      connected(false);
      await pause(1000);
    }
  }
}

wireDrawer();
const accounts = await accountsOfDouble();
connected(true);
panel.accounts(accounts);
change(readIdentity(accounts));
desk.start(accounts);
addEventListener("hashchange", () => change(readIdentity(accounts)));
