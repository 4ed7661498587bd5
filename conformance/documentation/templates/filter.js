// Shows only the rows that match the form; what was asked for stands in the address, so that a
// view can be linked. Without this script every row is shown and the form is not.
"use strict";
(() => {
  const form = document.querySelector("[data-filter]");
  if (!form) return;
  const rows = [...document.querySelectorAll("[data-row]")].map((row) => ({
    row,
    text: row.textContent.toLowerCase().replace(/\s+/g, " "),
  }));
  const groups = [...document.querySelectorAll("[data-group]")];
  const count = form.querySelector("[data-count]");
  const nothing = document.querySelector("[data-nothing]");

  const matches = ({ row, text }, asked) =>
    Object.entries(asked).every(([name, value]) =>
      name === "text"
        ? value.toLowerCase().split(/\s+/).every((word) => text.includes(word))
        : (row.dataset[name] || "").split(" ").includes(value),
    );

  const apply = () => {
    const asked = {};
    for (const [name, value] of new FormData(form)) if (value.trim()) asked[name] = value.trim();
    let shown = 0;
    for (const each of rows) {
      each.row.hidden = !matches(each, asked);
      shown += each.row.hidden ? 0 : 1;
    }
    for (const group of groups) group.hidden = !group.querySelector("[data-row]:not([hidden])");
    count.textContent =
      shown === rows.length ? `${shown} ${count.dataset.word}` : `${shown} of ${rows.length} ${count.dataset.word}`;
    nothing.hidden = shown > 0;
    return asked;
  };

  const remember = () => {
    const asked = new URLSearchParams(apply()).toString();
    history.replaceState(null, "", asked ? `?${asked}` : location.pathname);
  };

  const restore = () => {
    for (const [name, value] of new URLSearchParams(location.search)) {
      const field = form.elements.namedItem(name);
      if (field) field.value = value;
    }
    apply();
  };

  form.hidden = false;
  form.addEventListener("input", remember);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.querySelector("[data-reset]").addEventListener("click", () => {
    form.reset();
    remember();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, select, textarea")) return;
    event.preventDefault();
    form.elements.namedItem("text").focus();
  });
  restore();
})();
