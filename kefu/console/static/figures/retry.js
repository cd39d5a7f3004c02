// A part of the page that did not come says so, and can be asked for again.
"use strict";

(() => {
  function failed(event) {
    const part = event.detail.elt;
    if (!part.hasAttribute("aria-busy")) return;
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = "重试";
    again.addEventListener("click", () => {
      part.setAttribute("aria-busy", "true");
      again.replaceWith("正在计算…");
      htmx.trigger(part, "retry");
    });
    const told = document.createElement("p");
    told.className = "empty";
    told.setAttribute("role", "alert");
    told.append("没有算出来。 ", again);
    part.setAttribute("aria-busy", "false");
    part.replaceChildren(told);
  }

  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);
})();
