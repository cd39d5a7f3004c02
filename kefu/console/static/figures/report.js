// The report can be printed once it is there.
"use strict";

(() => {
  const button = document.getElementById("print");
  if (!button) return;
  button.addEventListener("click", () => print());
  document.addEventListener("htmx:afterSwap", (event) => {
    event.detail.target.setAttribute("aria-busy", "false");
    button.disabled = false;
  });
})();
