// Beside the conversation: what is pressed there goes into the composer or onto the clipboard.
"use strict";

(() => {
  /** Hand a text to the composer, which listens for it. */
  function insert(text) {
    document.dispatchEvent(new CustomEvent("kefu:insert", { detail: { text } }));
  }

  /** Copy a text, also where the page has no HTTPS and so no clipboard of its own. */
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyBySelection(text);
    }
  }

  function copyBySelection(text) {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    document.body.append(field);
    const before = document.activeElement;
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    before?.focus?.();
    return copied;
  }

  document.addEventListener("click", async (event) => {
    const pressed = event.target.closest("[data-insert], [data-copy]");
    if (!pressed) return;
    if (pressed.dataset.insert !== undefined) insert(pressed.dataset.insert);
    else kefu.notice((await copy(pressed.dataset.copy)) ? "已复制" : "没能复制，请选中后复制");
  });

  // Arrow keys walk from the search through the quick replies; Enter takes the first.
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest(".quick-menu");
    if (!menu || event.isComposing) return;
    const stops = [menu.querySelector("input"), ...menu.querySelectorAll("button.quick")];
    const here = stops.indexOf(event.target);
    if (event.key === "Enter" && here === 0) {
      event.preventDefault();
      stops[1]?.click();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      stops[here + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
    }
  });

  // A new question of the customer calls for other suggestions, unless the agent is searching.
  const opened = document.getElementById("opened");
  let known = lastQuestion();

  function lastQuestion() {
    const lines = opened?.querySelectorAll(".line.customer[data-message]") ?? [];
    const number = opened?.querySelector("[data-number]")?.dataset.number;
    return { number, message: lines[lines.length - 1]?.dataset.message };
  }

  function onChange() {
    const before = known;
    known = lastQuestion();
    if (known.number !== before.number || known.message === before.message) return;
    if (opened.querySelector(".suggestions input")?.value) return;
    document.dispatchEvent(new CustomEvent("kefu:asked"));
  }

  if (opened) new MutationObserver(onChange).observe(opened, { childList: true, subtree: true });
})();
