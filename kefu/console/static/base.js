// What every page does: tell what went wrong, and go where the server says.
"use strict";

const kefu = (() => {
  const NOTICE_MILLISECONDS = 6000;
  const FAILURES = {
    0: "连接不上服务器，请检查网络后再试",
    403: "没有权限，或页面已过期：请刷新后再试",
    404: "内容已经不在",
    413: "内容太大",
    429: "操作太快，请稍后再试",
  };

  /** Return the token that every request of a script carries. */
  function csrf() {
    return document.querySelector("meta[name=csrf]").content;
  }

  /** Show a sentence at the foot of the page for a while. */
  function notice(text) {
    const shown = document.createElement("p");
    shown.textContent = text;
    document.getElementById("notices").append(shown);
    setTimeout(() => shown.remove(), NOTICE_MILLISECONDS);
  }

  /** Return what a failed answer means; ours carry {"error": text}. */
  function failure(status, body) {
    try {
      const told = JSON.parse(body).error;
      if (typeof told === "string") return told;
    } catch {
      // no JSON: a proxy's page, or nothing
    }
    return FAILURES[status] || "没有成功，请稍后再试";
  }

  /** POST as a script; return the answer, or null after a notice. */
  async function post(url, body) {
    let answer;
    try {
      answer = await fetch(url, {
        method: "POST",
        body,
        headers: { "X-CSRF-Token": csrf(), Accept: "application/json" },
      });
    } catch {
      notice(FAILURES[0]);
      return null;
    }
    if (answer.ok) return answer;
    if (answer.status === 401) signInAgain();
    else notice(failure(answer.status, await answer.text()));
    return null;
  }

  /** Leave for the sign-in page, and come back here after it. */
  function signInAgain() {
    location.assign("/sign-in?next=" + encodeURIComponent(location.pathname + location.search));
  }

  /** Bring the place that is open into the bar's sight: on a phone not all of them fit. */
  function showPlace() {
    const here = document.querySelector(".bar nav [aria-current]");
    if (!here) return;
    const places = here.parentElement;
    const before = here.offsetLeft - places.offsetLeft;
    places.scrollLeft = before - (places.clientWidth - here.offsetWidth) / 2;
  }

  showPlace();
  document.addEventListener("htmx:responseError", (event) => {
    const { status, responseText } = event.detail.xhr;
    if (status !== 401) notice(failure(status, responseText));
  });
  document.addEventListener("htmx:sendError", () => notice(FAILURES[0]));
  // Who types into a field means the choice that it belongs to.
  document.addEventListener("input", (event) => {
    const choice = document.getElementById(event.target.dataset.checks || "");
    if (choice) choice.checked = true;
  });
  // What customers said must not stay in a browser that somebody leaves.
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") !== "/sign-out") return;
    for (const key of Object.keys(localStorage)) {
      if (/^kefu:.+:/.test(key)) localStorage.removeItem(key);
    }
  });
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !confirm(question)) event.preventDefault();
  }, true);

  return { csrf, notice, failure, post, signInAgain };
})();
