// The weekly loop: the next group after each act, and keys for those who do many.
"use strict";

(() => {
  const KEYS = { a: "a", n: "n", x: "x" };

  // A form that was refused comes back filled in; it is shown like any other answer.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (![409, 422].includes(event.detail.xhr.status)) return;
    if (event.detail.xhr.getResponseHeader("Content-Type")?.includes("json")) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });

  // After an act the focus goes to the next group; the notice tells itself.
  document.addEventListener("htmx:afterSettle", (event) => {
    const verb = event.detail.requestConfig?.verb;
    if (verb !== "post") return;
    const shown = event.detail.elt;
    const alert = shown.querySelector("[role=alert]");
    if (shown.matches("[data-done]")) focusOn(titleOf(nextGroup(shown)) || shown);
    else focusOn(alert || shown.querySelector("[data-focus]") || titleOf(shown));
  });

  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const open = document.querySelector("#should-be:not([hidden])");
    if (event.key === "Enter" && event.target.matches("input[type=search], #should-be input")) {
      // Enter would press the first button of the form.
      event.preventDefault();
      if (open && open.contains(event.target)) open.querySelector("[value=should_be]").click();
    } else if (event.key === "Escape" && open) {
      document.querySelector("[data-opens=should-be]").click();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.matches("input:not([type=checkbox], [type=radio]), textarea, select")) return;
    const key = event.key.toLowerCase();
    // With the list of entries open a number chooses one of them.
    const entries = document.querySelectorAll("#should-be:not([hidden]) input[type=radio]");
    if (entries.length && entries[key - 1]) return press(event, entries[key - 1]);
    const button = document.querySelector(`[data-review-key="${CSS.escape(key)}"]`);
    if (button) press(event, button);
    else if (key === "j" || key === "k") step(event, key === "j" ? 1 : -1);
    else if (key in KEYS) press(event, event.target.closest(".group")?.querySelector(`[data-key="${key}"]`));
  });

  // What can be opened: the list of entries that would have been right.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-opens]");
    if (!button) return;
    const part = document.getElementById(button.dataset.opens);
    part.hidden = !part.hidden;
    button.setAttribute("aria-expanded", String(!part.hidden));
    (part.hidden ? button : part.querySelector("input")).focus();
  });

  document.addEventListener("change", (event) => {
    const own = document.getElementById(event.target.dataset.own || "");
    const chosen = event.target.value;
    if (own) own.hidden = chosen !== "own";
    const form = event.target.closest("form[data-at-once]");
    if (form && event.target.matches("select") && !(own && chosen === "own")) form.requestSubmit();
  });

  document.addEventListener("input", (event) => {
    const count = document.getElementById(event.target.dataset.counts || "");
    if (!count) return;
    const length = [...event.target.value].length;
    count.textContent = `${length} / ${event.target.dataset.most} 字`;
    count.classList.toggle("bad-text", length > Number(event.target.dataset.most));
  });

  /** Press a button or follow a link, where there is one. */
  function press(event, button) {
    if (!button || button.disabled) return;
    event.preventDefault();
    button.click();
  }

  /** Go so many groups on. */
  function step(event, by) {
    const groups = [...document.querySelectorAll(".group")];
    const here = groups.indexOf(event.target.closest(".group"));
    const there = here < 0 ? groups[0] : groups[here + by];
    if (!there) return;
    event.preventDefault();
    focusOn(titleOf(there));
  }

  function nextGroup(from) {
    for (let one = from.nextElementSibling; one; one = one.nextElementSibling) {
      if (one.matches(".group")) return one;
    }
    return null;
  }

  function titleOf(group) {
    return group && group.querySelector("h2");
  }

  function focusOn(element) {
    if (!element) return;
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
  }
})();
