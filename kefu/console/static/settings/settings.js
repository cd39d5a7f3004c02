// The settings: suggestions while one types, rows that come and go, and nothing lost by leaving.
"use strict";

(() => {
  const form = document.getElementById("settings-form");
  const suggested = document.getElementById("suggested");
  const PAUSE_MILLISECONDS = 200;
  if (!form) return;

  for (const hidden of form.querySelectorAll("button[type=button][hidden]")) hidden.hidden = false;
  const defaults = form.querySelectorAll("button[data-default]");
  /** Show the way back to the default where there is one to go. */
  function offerDefaults() {
    for (const button of defaults) {
      button.hidden = document.getElementById(button.dataset.for).value === button.dataset.default;
    }
  }
  offerDefaults();

  let changed = Boolean(document.querySelector(".message.bad"));
  const note = () => {
    changed = true;
    offerDefaults();
  };
  form.addEventListener("input", note);
  form.addEventListener("submit", () => { changed = false; });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });

  /** Tell the page that a script has changed a field. */
  function touched(field) {
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  let asking = 0;
  /** Offer the standard questions that hold what stands in a field. */
  async function suggest(field) {
    const mine = ++asking;
    const query = new URLSearchParams({ q: field.value });
    if (field.dataset.suggest) query.set(field.dataset.suggest, "1");
    let answer;
    try {
      answer = await fetch(`/settings/questions?${query}`, { headers: { Accept: "application/json" } });
    } catch {
      return; // one may type without
    }
    if (!answer.ok || mine !== asking) return;
    const options = (await answer.json()).map((text) => {
      const option = document.createElement("option");
      option.value = text;
      return option;
    });
    suggested.replaceChildren(...options);
  }

  let pause;
  const later = (field) => {
    clearTimeout(pause);
    pause = setTimeout(() => suggest(field), PAUSE_MILLISECONDS);
  };
  form.addEventListener("focusin", ({ target }) => { if ("suggest" in target.dataset) later(target); });
  form.addEventListener("input", ({ target }) => { if ("suggest" in target.dataset) later(target); });

  form.addEventListener("click", ({ target }) => {
    const button = target.closest("button[type=button]");
    if (!button) return;
    if ("default" in button.dataset) {
      const field = document.getElementById(button.dataset.for);
      field.value = button.dataset.default;
      touched(field);
      field.focus();
    } else if ("addRow" in button.dataset) addRow();
    else if ("removeRow" in button.dataset) clearRow(button.closest("tr"));
    else if ("copyDay" in button.dataset) copyMonday();
  });

  /** Put an empty row below the others. */
  function addRow() {
    const body = form.querySelector(".holidays tbody");
    const row = body.lastElementChild.cloneNode(true);
    row.classList.remove("over");
    row.querySelector(".badge")?.remove();
    const number = body.children.length + 1;
    for (const field of row.querySelectorAll("input")) {
      field.value = "";
      field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+/, String(number)));
    }
    body.append(row);
    row.querySelector("input").focus();
  }

  /** Empty a row; an empty one is not saved. The last ones stay, to be filled again. */
  function clearRow(row) {
    for (const field of row.querySelectorAll("input")) field.value = "";
    const body = row.parentElement;
    if (body.children.length > 1) row.remove();
    touched(body.querySelector("input"));
  }

  /** Write the hours of Monday into Tuesday to Friday. */
  function copyMonday() {
    const [monday, ...others] = form.querySelectorAll(".days input");
    for (const day of others.slice(0, 4)) day.value = monday.value;
    touched(monday);
  }
})();
