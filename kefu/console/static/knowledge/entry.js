// The page of an entry: phrasings as a list that grows, problems beside them, and a draft.
"use strict";

(() => {
  const form = document.getElementById("entry");
  const DRAFT = `kefu:${form.dataset.draftKey}`;
  const PLACEHOLDER = /\{[^{}]*\}/g;
  const PLACEHOLDER_LENGTH = 20;
  const KEEP_MILLISECONDS = 400;

  /* The list of phrasings. */
  const list = document.getElementById("similar");

  function rows() {
    return [...list.children];
  }

  function inputOf(row) {
    return row.querySelector("input[name]");
  }

  /** Return a new row of the list. */
  function row(text) {
    const made = document.createElement("li");
    const item = document.createElement("div");
    item.className = "item";
    const input = document.createElement("input");
    input.name = list.dataset.name;
    input.value = text;
    input.autocomplete = "off";
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "quiet";
    remove.dataset.remove = "";
    remove.textContent = "✕";
    remove.setAttribute("aria-label", "删除这条问法");
    item.append(input, " ", remove);
    made.append(item);
    return made;
  }

  function lines(text) {
    return text.split(/[\r\n]+/).map((line) => line.trim()).filter(Boolean);
  }

  /** Add a row for each text behind another row, at the end without one; return the last. */
  function add(texts, behind = null) {
    let last = behind;
    for (const text of texts) {
      const made = row(text);
      if (last) last.after(made);
      else list.append(made);
      last = made;
    }
    changed();
    return last;
  }

  function remove(gone) {
    const near = gone.nextElementSibling || gone.previousElementSibling;
    gone.remove();
    changed();
    (near ? inputOf(near) : document.getElementById("similar_more")).focus();
  }

  function changed() {
    const filled = rows().filter((one) => inputOf(one).value.trim());
    rows().forEach((one, at) => inputOf(one).setAttribute("aria-label", `${list.dataset.label} ${at + 1}`));
    document.getElementById("phrasings").textContent = filled.length;
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  list.addEventListener("click", (event) => {
    if (event.target.closest("[data-remove]")) remove(event.target.closest("li"));
  });
  list.addEventListener("keydown", (event) => {
    if (event.isComposing || !event.target.matches("input[name]")) return;
    const here = event.target.closest("li");
    if (event.key === "Enter") {
      event.preventDefault();
      inputOf(add([""], here)).focus();
    } else if (event.key === "Backspace" && !event.target.value && rows().length > 1) {
      event.preventDefault();
      remove(here);
    }
  });
  list.addEventListener("paste", (event) => {
    const texts = lines(event.clipboardData.getData("text"));
    if (texts.length < 2 || !event.target.matches("input[name]")) return;
    event.preventDefault();
    const [first, ...others] = texts;
    event.target.setRangeText(first, event.target.selectionStart, event.target.selectionEnd, "end");
    inputOf(add(others, event.target.closest("li"))).focus();
  });

  const more = document.getElementById("similar_more");
  form.querySelector("[data-add]").addEventListener("click", () => {
    const texts = lines(more.value);
    if (texts.length) add(texts);
    more.value = "";
    more.focus();
    changed();
  });
  // Elsewhere Enter would send the whole form half-written.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input:not([type])")) event.preventDefault();
  });

  /* Problems stand beside the items that they are about. */
  const places = ["similar", "buttons"];

  function filledInputs(name) {
    return [...form.querySelectorAll(`#${name} input[name="${name}"]`)].filter((one) => one.value.trim());
  }

  function placeProblems(name) {
    const box = document.getElementById(name);
    const place = document.getElementById(`problems-${name}`);
    if (place.dataset.placed) return; // htmx may tell of one swap twice
    place.dataset.placed = "yes";
    box.querySelectorAll(".problem").forEach((one) => one.remove());
    box.querySelectorAll("[aria-invalid]").forEach((one) => one.removeAttribute("aria-invalid"));
    const inputs = filledInputs(name);
    for (const problem of place.querySelectorAll(".problem[data-item]")) {
      const input = inputs[Number(problem.dataset.item)];
      if (!input) continue;
      if ("blocks" in problem.dataset) input.setAttribute("aria-invalid", "true");
      input.closest(".item").after(problem);
    }
  }

  document.addEventListener("htmx:oobAfterSwap", (event) => {
    for (const name of places) if (event.target.id === `problems-${name}`) placeProblems(name);
  });

  // With a hundred phrasings the first problem may be far away.
  form.addEventListener("click", (event) => {
    if (!event.target.closest("[data-first]")) return;
    const first = form.querySelector(".problem[data-blocks]");
    if (!first) return;
    first.scrollIntoView({ block: "center" });
    first.parentElement.querySelector("input, textarea")?.focus({ preventScroll: true });
  });

  /* How much room the answer has. */
  const answer = document.getElementById("answer");
  const left = document.getElementById("left");

  function count() {
    const text = answer.value.trim().replace(PLACEHOLDER, "x".repeat(PLACEHOLDER_LENGTH));
    const room = Number(left.dataset.most) - [...text].length;
    left.textContent = room < 0 ? `多了 ${-room} 字` : `还剩 ${room} 字`;
    left.classList.toggle("bad-text", room < 0);
  }
  answer.addEventListener("input", count);
  count();

  /* A category that begins with this entry. */
  const category = document.getElementById("category");
  const named = document.getElementById("new-category");

  function askForName() {
    if (named) named.hidden = category.value !== "+";
  }
  category.addEventListener("change", askForName);
  askForName();

  /* A draft, for when the page is left or the browser dies. */
  const banner = document.getElementById("draft");

  function fields() {
    const given = new FormData(form);
    given.delete("csrf");
    return [...given.entries()];
  }

  function draft() {
    try {
      return JSON.parse(localStorage.getItem(DRAFT));
    } catch {
      return null;
    }
  }

  function drop() {
    localStorage.removeItem(DRAFT);
    banner.hidden = true;
  }

  const opened = JSON.stringify(fields());
  let timer = 0;
  let sent = false;

  function keep() {
    if (sent) return;
    const now = fields();
    if (JSON.stringify(now) === opened) return;
    try {
      localStorage.setItem(DRAFT, JSON.stringify({ at: Date.now(), fields: now }));
    } catch {
      // The browser keeps nothing (full, or private): then there is no draft.
    }
  }

  /** Put a draft into the form, with the state of the entry that it was made from. */
  function restore(kept) {
    const of = (name) => kept.fields.filter(([key]) => key === name).map(([, value]) => value);
    for (const name of ["base", "question", "answer", "keywords", "page", "category", "title", "similar_more"]) {
      const field = form.elements[name];
      if (field && of(name).length) field.value = of(name)[0];
    }
    list.replaceChildren(...of("similar").map(row));
    const texts = of("buttons");
    form.querySelectorAll('input[name="buttons"]').forEach((input, at) => { input.value = texts[at] ?? ""; });
    askForName();
    count();
    changed();
  }

  form.addEventListener("input", () => {
    banner.hidden = true;
    clearTimeout(timer);
    timer = setTimeout(keep, KEEP_MILLISECONDS);
  });
  addEventListener("pagehide", keep);
  // Coming back with the browser's button, the form is as it was sent.
  addEventListener("pageshow", () => { sent = false; });
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    keep();
    sent = true;
    clearTimeout(timer);
  });
  banner.addEventListener("click", (event) => {
    const what = event.target.dataset.draft;
    const kept = draft();
    if (what === "restore" && kept) restore(kept);
    if (what) banner.hidden = true;
    if (what === "drop") drop();
  });

  /** Offer what was not saved, unless it was saved or stands in the form already. */
  function offer() {
    const saved = document.getElementById("saved");
    const failed = document.querySelector("main > .message.bad");
    const kept = draft();
    if (saved) {
      drop();
      localStorage.removeItem(DRAFT.replace(/:knowledge:.*$/, ":knowledge:new"));
    } else if (kept && !failed && JSON.stringify(kept.fields) !== opened) {
      banner.querySelector("time").textContent = new Date(kept.at).toLocaleString("zh-CN");
      banner.hidden = false;
    }
  }
  offer();
})();
