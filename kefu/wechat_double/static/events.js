// What happened beside messages, in the customer's words.

const PAGES = { product: "商品页", order: "订单页", member: "会员页" };

function entered(fields) {
  const source = String(fields.SessionFrom ?? "");
  if (!source) return "你打开了客服会话";
  const given = new URLSearchParams(source);
  const page = PAGES[given.get("page")] ?? source;
  const order = given.get("order_no");
  return `你从${page}打开了客服会话${order ? `（订单 ${order}）` : ""}`;
}

const WORDS = {
  user_enter_tempsession: entered,
  subscribe: () => "你关注了公众号",
  unsubscribe: () => "你取消了关注",
  scan: (fields) => `你扫了二维码 ${fields.EventKey ?? ""}`,
  click: (fields) => `你点了菜单 ${fields.EventKey ?? ""}`,
  view: (fields) => `你点了菜单里的网页 ${fields.EventKey ?? ""}`,
  user_authorization_revoke: () => "你撤回了个人信息授权",
  kf_create_session: () => "人工客服接入",
  kf_close_session: () => "人工客服结束了会话",
  kf_switch_session: () => "会话转给了另一位人工客服",
};

/** Return one line for an event of the log. */
export function eventText(entry) {
  const name = String(entry.type).toLowerCase();
  return Object.hasOwn(WORDS, name) ? WORDS[name](entry.payload ?? {}) : `事件 ${entry.type}`;
}
