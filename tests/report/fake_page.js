// As much of a page as the report's script touches: one table, its tools, a figure, and a folded part.
// Usage: node fake_page.js SCRIPT, the table as JSON on standard input; what happened as JSON on standard output.
"use strict";
const fs = require("fs");
const { headings, bodies } = JSON.parse(fs.readFileSync(0, "utf8"));

const node = (fields = {}) => ({
  attributes: {},
  childNodes: [],
  dataset: {},
  listeners: {},
  setAttribute(name, value) { this.attributes[name] = value; },
  getAttribute(name) { return this.attributes[name] ?? null; },
  addEventListener(name, listener) { this.listeners[name] = listener; },
  append(...nodes) { this.childNodes.push(...nodes); },
  ...fields,
});

const heads = headings.map(({ text, first }) =>
  node({ textContent: text, dataset: first ? { first } : {}, append(button) { this.button = button; } }));
const row = (cells) => ({
  hidden: false,
  textContent: cells.map(({ text }) => text).join(" "),
  cells: cells.map(({ text, value }) => ({ textContent: text, dataset: value === undefined ? {} : { value } })),
});
const sections = bodies.map((rows) => ({
  rows: rows.map(row),
  append(...all) { this.rows = all; },
}));
const input = node({ value: "" }), output = { textContent: "" };
const tools = { hidden: true, querySelector: (name) => ({ input, output })[name] };
const table = {
  closest: () => ({ querySelector: () => tools }),
  tBodies: sections,
  tHead: { rows: [{ cells: heads }] },
};
const folded = { open: false };
const holder = (name) => node({
  classList: { add() {} },
  childNodes: [],
  append(...nodes) {
    for (const one of nodes) {
      if (one.parent) one.parent.childNodes = one.parent.childNodes.filter((other) => other !== one);
      one.parent = this;
      this.childNodes.push(one);
    }
  },
  focus() { holder.focused = name; },
});
const paper = holder("paper"), large = holder("large");
paper.append({ name: "figure" });
const dialog = node({
  open: false,
  querySelector: () => large,
  showModal() { this.open = true; },
  close() { this.open = false; this.listeners.close(); },
});
const windowed = {};
global.addEventListener = (name, listener) => { windowed[name] = listener; };
global.document = {
  createElement: () => node(),
  querySelector: () => dialog,
  querySelectorAll: (name) => ({ table: [table], figure: [paper] })[name.match(/^\w+/)[0]] ?? [folded],
};
require("vm").runInThisContext(fs.readFileSync(process.argv[2], "utf8"));

const seen = () => ({
  rows: sections.map(({ rows }) => rows.filter((one) => !one.hidden).map((one) => one.cells[0].textContent)),
  sort: heads.map((head) => head.attributes["aria-sort"]),
  told: output.textContent,
});
const click = (column) => { heads[column].button.listeners.click(); return seen(); };
const filter = (words) => { input.value = words; input.listeners.input(); return seen(); };
const result = {
  tools: tools.hidden,
  clicks: [1, 1, 1, 0, 2].map(click),
  filters: ["A one", "nothing", ""].map(filter),
};
const where = () => ({ open: dialog.open, small: paper.childNodes.length, large: large.childNodes.length });
paper.listeners.keydown({ key: "Tab" });
result.figures = [where()];
for (const act of [() => paper.listeners.click(), () => dialog.listeners.click(),
  () => paper.listeners.keydown({ key: "Enter", preventDefault() {} }), () => dialog.close()]) {
  act();
  result.figures.push(where());
}
result.focused = holder.focused;
windowed.beforeprint();
result.printing = folded.open;
windowed.afterprint();
result.printed = folded.open;
console.log(JSON.stringify(result));
