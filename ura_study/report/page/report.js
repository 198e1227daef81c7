"use strict";
// Tables sort by a click or a key on a heading, and filter by words. Figures are enlarged by a click or the Enter key.
// Without this script all are simply there.
(() => {
  const NEXT = { none: null, ascending: "descending", descending: "ascending" };
  const collator = new Intl.Collator("en", { numeric: true });

  // A cell's number, or its text; null where the number is unknown.
  const key = (row, column) => {
    const cell = row.cells[column], value = cell.dataset.value;
    if (value === undefined) return cell.textContent.trim();
    return value === "" ? null : Number(value);
  };

  // Rows in order; what is unknown comes last either way, and equal rows stay as they are.
  const ordered = (rows, column, order) => {
    const sign = order === "descending" ? -1 : 1;
    const pairs = rows.map((row) => [key(row, column), row]);
    pairs.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b));
    });
    return pairs.map(([, row]) => row);
  };

  const enliven = (table) => {
    const tools = table.closest(".grid").querySelector(".tools");
    const input = tools.querySelector("input"), output = tools.querySelector("output");
    const bodies = [...table.tBodies].map((body) => [body, [...body.rows]]);
    const rows = bodies.flatMap(([, all]) => all);
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const headings = [...table.tHead.rows[0].cells];
    let sorting = "";

    const tell = () => {
      const shown = rows.filter((row) => !row.hidden).length;
      output.textContent = (shown < rows.length ? `${shown} of ${rows.length} rows` : `${rows.length} rows`) + sorting;
    };

    const sort = (column) => {
      const heading = headings[column], first = heading.dataset.first ?? "ascending";
      const before = heading.getAttribute("aria-sort");
      const order = before === "none" ? first : before === first ? NEXT[first] : "none";
      for (const other of headings) other.setAttribute("aria-sort", "none");
      heading.setAttribute("aria-sort", order);
      for (const [body, all] of bodies) body.append(...(order === "none" ? all : ordered(all, column, order)));
      sorting = order === "none" ? "" : `, sorted by ${heading.textContent}, ${order}`;
      tell();
    };

    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(column));
      heading.append(button);
      heading.setAttribute("aria-sort", "none");
    });
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/);
      for (const row of rows) row.hidden = !words.every((word) => texts.get(row).includes(word));
      tell();
    });
    tools.hidden = false;
  };

  document.querySelectorAll("table.sortable").forEach(enliven);

  // A figure is moved into the dialog and back: a copy would have the same ids.
  const dialog = document.querySelector("dialog"), large = dialog.querySelector(".large");
  let home = null;
  const enlarge = (paper) => {
    home = paper;
    large.append(...paper.childNodes);
    dialog.showModal();
  };
  dialog.addEventListener("close", () => {
    home.append(...large.childNodes);
    home.focus();
  });
  dialog.addEventListener("click", () => dialog.close());
  for (const paper of document.querySelectorAll("figure > .paper")) {
    paper.classList.add("enlarges");
    paper.title = "Enlarge (click or Enter)";
    paper.addEventListener("click", () => enlarge(paper));
    paper.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // else the key goes on to the button that closes
      enlarge(paper);
    });
  }

  // On paper everything is open.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });
})();
