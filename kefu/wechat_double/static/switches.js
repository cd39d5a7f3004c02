// The testers' page: every switch of the double, its record, its accounts and its clock.

import { AccountForms } from "./account_forms.js";
import { get, post, remove } from "./control.js";
import { countersOf } from "./counters.js";
import { byId, element, shown, toast } from "./dom.js";

const ADVANCES = [["1 分钟", 60], ["30 分钟", 1800], ["2 小时", 7200], ["48 小时", 172800], ["3 天", 259200]];

function asText(about) {
  return about.kind === "list" ? about.value.join(", ") : String(about.value);
}

function listOf(text, example) {
  const items = text.split(/[,，\s]+/).filter(Boolean);
  return typeof example[0] === "number" ? items.map(Number) : items;
}

function valueOf(input, about) {
  if (about.kind === "bool") return input.checked;
  if (about.kind === "number") return Number(input.value);
  return about.kind === "list" ? listOf(input.value, about.default) : input.value;
}

function inputFor(name, about) {
  const common = { id: `switch-${name}`, name, "aria-describedby": `about-${name}` };
  if (about.choices.length) {
    const options = about.choices.map((choice) =>
      element("option", { value: choice, selected: choice === about.value }, choice),
    );
    return element("select", common, ...options);
  }
  if (about.kind === "bool") return element("input", { ...common, type: "checkbox", checked: about.value });
  const type = about.kind === "number" ? { type: "number", step: "any" } : { type: "text", autocomplete: "off" };
  return element("input", { ...common, ...type, value: asText(about) });
}

function row(name, about) {
  const input = inputFor(name, about);
  const isChanged = JSON.stringify(about.value) !== JSON.stringify(about.default);
  input.addEventListener("change", shown(async () => {
    try {
      await post("/_control/switches", { [name]: valueOf(input, about) });
      toast("已生效");
    } finally {
      await showSwitches();
      byId(`switch-${name}`).focus();
    }
  }));
  const label = element("label", { for: `switch-${name}` }, element("code", {}, name));
  return element(
    "div",
    { class: isChanged ? "switch changed" : "switch", "data-switch": name },
    element("div", {}, label, element("p", { id: `about-${name}` }, about.description)),
    input,
  );
}

async function showSwitches() {
  const described = await get("/_control/switches", { describe: 1 });
  byId("switches").replaceChildren(...Object.entries(described).map(([name, about]) => row(name, about)));
}

async function showCounters() {
  const kinds = ["sends", "pushes", "calls"];
  const answers = await Promise.all(kinds.map((kind) => get("/_control/record", { kind })));
  const lines = countersOf(Object.assign({}, ...answers)).flatMap(([label, number]) => [
    element("dt", {}, label),
    element("dd", {}, String(number)),
  ]);
  byId("counters").replaceChildren(...lines);
}

function wireClock() {
  const buttons = ADVANCES.map(([label, seconds]) => {
    const click = shown(async () => {
      await post("/_control/clock", { advance: seconds });
      toast(`时钟已往前拨 ${label}`);
    });
    return element("button", { type: "button", click }, `＋${label}`);
  });
  byId("clock").append(...buttons);
  byId("expire").addEventListener("click", shown(async () => {
    await post("/_control/tokens/expire", {});
    toast("所有 access_token 都已失效");
  }));
}

byId("refresh").addEventListener("click", shown(showCounters));
byId("clear").addEventListener("click", shown(async () => {
  await remove("/_control/record");
  await showCounters();
}));
wireClock();
await shown(showSwitches)();
await shown(showCounters)();
await shown(() => new AccountForms(byId("accounts")).show())();
