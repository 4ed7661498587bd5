// The matrix: a real table of links to evidence, of which one at a time is in the tab order.

const grid = document.getElementById("grid");
let visible = {rows: [], columns: []};

const MOST_UPRIGHT = 20; // columns on a sheet of paper that stands; more of them lie
const AT_ONCE = 24; // rows; the others follow when these are on the screen
let drawing = 0;

function drawMatrix() {
  const columns = shownColumns();
  const rows = shownRows(columns);
  visible = {rows: rows.map((each) => each.row), columns};
  const table = element("table", {class: "matrix"},
    element("caption", {class: "away"}, "Verdicts by promise (rows) and by provider and model (columns)"));
  const {wide, parts} = headings(columns);
  table.style.setProperty("--columns", columns.length * wide);
  table.style.setProperty("--wide", wide);
  document.getElementById("matrix").classList.toggle("broad", columns.length * wide > MOST_UPRIGHT);
  table.append(...parts);
  drawRows(table, rows, columns, 0, ++drawing);
  grid.replaceChildren(rows.length && columns.length ? table : nothing());
  const first = grid.querySelector("td a");
  if (first) first.tabIndex = 0;
  sayCount(rows, columns);
}

function drawRows(table, rows, columns, from, number) {
  if (number !== drawing) return; // a filter was touched meanwhile
  const to = from ? rows.length : AT_ONCE;
  for (const [rank, each] of rows.slice(from, to).entries()) {
    const before = rows[from + rank - 1];
    if (!before || before.chapter !== each.chapter)
      table.append(chapterOf(each.chapter, rows.filter((other) => other.chapter === each.chapter), columns));
    table.lastChild.append(rowOf(each, columns));
  }
  if (to < rows.length) setTimeout(() => requestAnimationFrame(() => drawRows(table, rows, columns, to, number)));
}

function headings(columns) {
  const groups = [];
  for (const column of columns) {
    const provider = data.columns[column].provider;
    const last = groups.at(-1);
    if (last && last.provider === provider) last.columns.push(column);
    else groups.push({provider, columns: [column]});
  }
  const cols = [element("colgroup", {}, element("col"))];
  const narrowest = Math.min(...groups.map((each) => each.columns.length));
  const wide = Math.max(1, 3 / narrowest); // room for the name of a provider with one column
  const providers = element("tr", {}, element("th", {rowspan: 2, scope: "col", class: "corner"}, "Promise"));
  const models = element("tr", {});
  for (const group of groups) {
    const about = data.providers[group.provider];
    cols.push(element("colgroup", {span: group.columns.length, class: "provider"}));
    providers.append(element("th", {colspan: group.columns.length, scope: "colgroup", class: "edge", title: `${about.title}: ${about.origin}`},
      element("span", {class: "name"}, about.id), EDITIONS.length > 1 ? element("span", {class: "edition"}, about.edition) : null,
      element("span", {class: "origin"}, about.short)));
    group.columns.forEach((column, rank) => models.append(
      element("th", {scope: "col", class: rank ? "model" : "model edge", title: data.columns[column].standing || null},
        element("span", {}, headOf(data.columns[column])))));
  }
  return {wide, parts: [...cols, element("thead", {}, providers, models)]};
}

// The model, and behind it that it has ended or soon will, as "retired on 2026-12-01".
function headOf({label, standing}) { return standing ? `${label}, ${standing.split(/[,;]/)[0]}` : label; }

function chapterOf(chapter, rows, columns) {
  const differing = rows.filter((each) => each.differing).length;
  const note = comparing(columns) ? `, ${differing} judged differently` : "";
  return element("tbody", {}, element("tr", {class: "chapter"},
    element("th", {scope: "rowgroup"}, chapter,
      element("span", {class: "origin"}, `${rows.length} ${rows.length === 1 ? "promise" : "promises"}${note}`)),
    element("td", {colspan: columns.length})));
}

function rowOf({row, differing}, columns) {
  const clause = data.clauses[row];
  const made = element("tr", {class: differing ? "differing" : null},
    element("th", {scope: "row", title: statementsOf(clause).join("\n")},
      element("span", {class: `level l-${clause.level}`}, levelsOf(clause).join("/")), element("span", {class: "clause"}, clause.id),
      statementsOf(clause).map((said) => element("span", {class: "statement"}, prose(said)))));
  let before = null;
  for (const column of columns) {
    const cell = cellOf(row, column, clause);
    if (data.columns[column].provider !== before) cell.className += " edge";
    before = data.columns[column].provider;
    made.append(cell);
  }
  return made;
}

function cellOf(row, column, clause) {
  const cell = document.createElement("td");
  const word = wordAt(row, column);
  if (!word) return cell;
  const place = cellAt(row, column);
  const said = (data.said[row] || {})[column];
  const open = document.createElement("a");
  const name = plain(`${word}: ${clause.id}, ${place[1]}, ${place[2]}`);
  cell.className = `v-${word.replaceAll(" ", "-")}${passes("verdict", word) ? "" : " faint"}`;
  open.tabIndex = -1;
  open.href = `#${cellAddress(place)}`;
  open.textContent = data.symbols[data.words.indexOf(word)];
  open.setAttribute("aria-label", name);
  open.title = said === undefined ? name : plain(`${name}\n${data.texts[said]}`);
  open.dataset.at = `${row},${column}`;
  cell.append(open);
  return cell;
}

function cellAt(row, column) {
  const {provider, model} = data.columns[column];
  return [data.clauses[row].id, data.providers[provider].id, model];
}

function nothing() {
  const hidden = state.differs && comparing(visible.columns) && !gone().length;
  const why = hidden
    ? "No promise that passes these filters is judged differently by provider."
    : "No promise passes these filters.";
  const button = element("button", {type: "button"}, hidden ? "Show all promises" : "Reset the filters");
  button.addEventListener("click", () => {
    if (!hidden) clear();
    state.differs = false;
    update();
  });
  return element("p", {class: "empty"}, why, " ", button);
}

function sayCount(rows, columns) {
  const differing = rows.filter((each) => each.differing).length;
  const parts = [`${rows.length} of ${data.clauses.length} promises`, `${columns.length} of ${data.columns.length} columns`];
  if (comparing(columns)) parts.push(`${differing} judged differently by provider`);
  document.getElementById("count").textContent = `${parts.join("; ")}.`;
}

function linkAt(row, column) { return grid.querySelector(`[data-at="${row},${column}"]`); }

function step(places, from, by, wanted) {
  for (let at = from + by; at >= 0 && at < places.length; at += by) {
    const found = wanted(places[at]);
    if (found) return found;
  }
  return null;
}

function moved(key, row, column) {
  const {rows, columns} = visible;
  const [down, across] = [rows.indexOf(row), columns.indexOf(column)];
  const inRow = (each) => linkAt(row, each);
  const inColumn = (each) => linkAt(each, column);
  switch (key) {
    case "ArrowRight": return step(columns, across, 1, inRow);
    case "ArrowLeft": return step(columns, across, -1, inRow);
    case "ArrowDown": return step(rows, down, 1, inColumn);
    case "ArrowUp": return step(rows, down, -1, inColumn);
    case "Home": return step(columns, -1, 1, inRow);
    case "End": return step(columns, columns.length, -1, inRow);
    default: return null;
  }
}

function focusCell(link) {
  for (const other of grid.querySelectorAll("td a[tabindex='0']")) other.tabIndex = -1;
  link.tabIndex = 0;
  link.focus();
}

grid.addEventListener("keydown", (event) => {
  const at = event.target.dataset && event.target.dataset.at;
  if (!at || event.altKey || event.ctrlKey || event.metaKey) return;
  const next = moved(event.key, ...at.split(",").map(Number));
  if (!next) return;
  event.preventDefault();
  focusCell(next);
});

// A plain click opens the evidence here; with a modifier the link does what links do.
grid.addEventListener("click", (event) => {
  const open = event.target.closest("td")?.querySelector("[data-at]");
  if (!open || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  focusCell(open);
  openCell(cellAt(...open.dataset.at.split(",").map(Number)));
  openEvidence();
});
