// The matrix: a real table of buttons, of which one at a time is in the tab order.

const grid = document.getElementById("grid");
let visible = {rows: [], columns: []};

function drawMatrix() {
  const columns = shownColumns();
  const rows = shownRows(columns);
  visible = {rows: rows.map((each) => each.row), columns};
  const table = element("table", {class: "matrix"},
    element("caption", {class: "away"}, "Verdicts by promise (rows) and by provider and model (columns)"));
  table.append(...headings(columns));
  for (const chapter of unique(rows.map((each) => each.chapter)))
    table.append(chapterOf(chapter, rows.filter((each) => each.chapter === chapter), columns));
  grid.replaceChildren(rows.length && columns.length ? table : nothing());
  const first = grid.querySelector("td button");
  if (first) first.tabIndex = 0;
  sayCount(rows, columns);
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
  const providers = element("tr", {}, element("th", {rowspan: 2, scope: "col", class: "corner"}, "Promise"));
  const models = element("tr", {});
  for (const group of groups) {
    const about = data.providers[group.provider];
    cols.push(element("colgroup", {span: group.columns.length, class: "provider"}));
    providers.append(element("th", {colspan: group.columns.length, scope: "colgroup", class: "edge", title: about.origin},
      about.id, element("span", {class: "origin"}, about.short)));
    group.columns.forEach((column, rank) => models.append(
      element("th", {scope: "col", class: rank ? "model" : "model edge"}, element("span", {}, data.columns[column].model))));
  }
  return [...cols, element("thead", {}, providers, models)];
}

function chapterOf(chapter, rows, columns) {
  const differing = rows.filter((each) => each.differing).length;
  const note = DIFFERS ? `, ${differing} judged differently` : "";
  const body = element("tbody", {}, element("tr", {class: "chapter"},
    element("th", {scope: "rowgroup"}, chapter,
      element("span", {class: "origin"}, `${rows.length} ${rows.length === 1 ? "promise" : "promises"}${note}`)),
    element("td", {colspan: columns.length})));
  for (const each of rows) body.append(rowOf(each, columns));
  return body;
}

function rowOf({row, differing}, columns) {
  const clause = data.clauses[row];
  const made = element("tr", {class: differing && DIFFERS ? "differing" : null},
    element("th", {scope: "row", title: clause.statement},
      element("span", {class: `level l-${clause.level}`}, clause.level), element("span", {class: "clause"}, clause.id),
      element("span", {class: "statement"}, prose(clause.statement))));
  let before = null;
  for (const column of columns) {
    const cell = cellOf(row, column, clause);
    if (data.columns[column].provider !== before) cell.className = "edge";
    before = data.columns[column].provider;
    made.append(cell);
  }
  return made;
}

function cellOf(row, column, clause) {
  const cell = document.createElement("td");
  const word = wordAt(row, column);
  if (!word) return cell;
  const {provider, model} = data.columns[column];
  const said = (data.said[row] || {})[column];
  const button = document.createElement("button");
  const name = plain(`${word}: ${clause.id}, ${data.providers[provider].id}, ${model}`);
  button.type = "button";
  button.tabIndex = -1;
  button.className = `v-${word.replaceAll(" ", "-")}${passes("verdict", word) ? "" : " faint"}`;
  button.textContent = data.symbols[data.words.indexOf(word)];
  button.setAttribute("aria-label", name);
  button.title = said === undefined ? name : plain(`${name}\n${data.texts[said]}`);
  button.dataset.at = `${row},${column}`;
  cell.append(button);
  return cell;
}

function nothing() {
  const why = state.differs
    ? "No promise that passes these filters is judged differently by provider."
    : "No promise passes these filters.";
  const button = element("button", {type: "button"}, state.differs ? "Show all promises" : "Reset the filters");
  button.addEventListener("click", () => {
    if (!state.differs) clear();
    state.differs = false;
    update();
  });
  return element("p", {class: "empty"}, why, " ", button);
}

function sayCount(rows, columns) {
  const differing = rows.filter((each) => each.differing).length;
  const parts = [`${rows.length} of ${data.clauses.length} promises`, `${columns.length} of ${data.columns.length} columns`];
  if (DIFFERS) parts.push(`${differing} judged differently by provider`);
  document.getElementById("count").textContent = `${parts.join("; ")}.`;
}

function buttonAt(row, column) { return grid.querySelector(`[data-at="${row},${column}"]`); }

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
  const inRow = (each) => buttonAt(row, each);
  const inColumn = (each) => buttonAt(each, column);
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

function focusCell(button) {
  for (const other of grid.querySelectorAll("td button[tabindex='0']")) other.tabIndex = -1;
  button.tabIndex = 0;
  button.focus();
}

grid.addEventListener("keydown", (event) => {
  const at = event.target.dataset && event.target.dataset.at;
  if (!at || event.altKey || event.ctrlKey || event.metaKey) return;
  const next = moved(event.key, ...at.split(",").map(Number));
  if (!next) return;
  event.preventDefault();
  focusCell(next);
});

grid.addEventListener("click", (event) => {
  const button = event.target.closest("[data-at]");
  if (!button) return;
  focusCell(button);
  const [row, column] = button.dataset.at.split(",").map(Number);
  const {provider, model} = data.columns[column];
  state.cell = [data.clauses[row].id, data.providers[provider].id, model];
  writeAddress();
  openEvidence();
});
