// Small helpers for the page's elements and times.

export function byId(id) {
  return document.getElementById(id);
}

/** Return an element with a class and a text; the text is never read as HTML. */
export function made(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** Return the first element of HTML that the server rendered and escaped. */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

/** Return how long ago UTC seconds are, in words. */
export function age(seconds) {
  const past = Math.max(0, Date.now() / 1000 - seconds);
  if (past < 60) return `${Math.floor(past)} 秒`;
  if (past < 3600) return `${Math.floor(past / 60)} 分钟`;
  if (past < 86400) return `${Math.floor(past / 3600)} 小时`;
  return `${Math.floor(past / 86400)} 天`;
}

/** Return how far UTC seconds are ahead, in words. */
export function ahead(seconds) {
  const left = Math.max(0, seconds - Date.now() / 1000);
  if (left >= 3600) return `${Math.floor(left / 3600)} 小时`;
  return left >= 60 ? `${Math.floor(left / 60)} 分钟` : `${Math.floor(left)} 秒`;
}

/** Bring all times that are counted up to date. */
export function countTimes(within = document) {
  for (const time of within.querySelectorAll("time[data-since]")) {
    time.textContent = `${time.dataset.words} ${age(Number(time.dataset.since))}`;
  }
}
