// Filters, and the address that keeps them: #provider=a,b&verdict=FAIL&text=url&differs=0&cell=c/p/m

const unique = (values) => [...new Set(values)];
const inEditions = (clause) => (clause.editions ? Object.values(clause.editions) : [clause]);
const levelsOf = (clause) => unique(inEditions(clause).map((each) => each.level));
const statementsOf = (clause) => unique(inEditions(clause).map((each) => each.statement));
const FILTERS = {
  provider: data.providers.map((each) => each.id),
  model: unique(data.columns.map((each) => each.model)),
  family: unique(data.columns.map((each) => each.family)),
  chapter: unique(data.clauses.map((each) => each.chapter)),
  level: data.levels.filter((each) => data.clauses.some((clause) => levelsOf(clause).includes(each))),
  verdict: data.words.filter((_, rank) => data.cells.some((row) => row.includes(letter(rank)))),
};
const EDITIONS = unique(data.providers.map((each) => each.edition));
const DIFFERS = data.providers.length > 1;
const state = {text: "", differs: DIFFERS, cell: null, chosen: {}};

function letter(rank) { return String.fromCharCode(97 + rank); }
const wordAt = (row, column) => data.words[data.cells[row].charCodeAt(column) - 97]; // undefined: nothing

function clear() {
  state.text = "";
  state.differs = DIFFERS;
  state.cell = null;
  for (const name of Object.keys(FILTERS)) state.chosen[name] = new Set();
}

const encoded = (text) => encodeURIComponent(text.toWellFormed ? text.toWellFormed() : text);

function address() {
  const parts = [];
  for (const [name, values] of Object.entries(state.chosen))
    if (values.size) parts.push(`${name}=${[...values].map(encoded).join(",")}`);
  if (state.text) parts.push(`text=${encoded(state.text)}`);
  if (state.differs !== DIFFERS) parts.push(`differs=${state.differs ? 1 : 0}`);
  if (state.cell) parts.push(cellAddress(state.cell));
  return `#${parts.join("&")}`;
}

const cellAddress = (cell) => `cell=${cell.map(encoded).join("/")}`;

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

// Read the address into the state; a value that the page does not have is kept: nothing passes it.
function readAddress() {
  clear();
  for (const part of location.hash.slice(1).split("&")) {
    const at = part.indexOf("=");
    const [name, value] = [part.slice(0, at), part.slice(at + 1)];
    if (name === "text") state.text = decoded(value);
    else if (name === "differs") state.differs = value === "1";
    else if (name === "cell") state.cell = value.split("/").map(decoded);
    else if (Object.hasOwn(FILTERS, name))
      state.chosen[name] = new Set(value.split(",").map(decoded).filter(Boolean));
  }
}

function writeAddress() {
  if (location.hash !== address()) history.replaceState(null, "", address());
}

// The evidence that opens is a step that the browser's Back undoes; another cell in it is none.
function openCell(cell) {
  const before = address();
  const another = state.cell !== null;
  state.cell = cell;
  if (another) writeAddress();
  else history.pushState({before}, "", address());
}

// The evidence that closes takes its step back, unless a filter was touched since.
function leaveCell() {
  if (history.state && history.state.before === address()) history.back();
  else writeAddress();
}

const passes = (name, value) => !state.chosen[name].size || state.chosen[name].has(value);

function shownColumns() {
  return data.columns.map((_, rank) => rank).filter((rank) => {
    const {provider, model, family} = data.columns[rank];
    return passes("provider", data.providers[provider].id) && passes("model", model) && passes("family", family);
  });
}

// Models of one provider are not compared with each other: it takes two providers to differ.
const comparing = (columns) => new Set(columns.map((each) => data.columns[each].provider)).size > 1;

// Whether providers differ on a promise: on the same model, or at all where they share none.
function differs(row, columns) {
  const groups = new Map();
  for (const column of columns) {
    const word = wordAt(row, column);
    if (!word || word === data.lacking) continue;
    const {model, provider} = data.columns[column];
    if (!groups.has(model)) groups.set(model, new Map());
    groups.get(model).set(provider, word);
  }
  const shared = [...groups.values()].filter((each) => each.size > 1);
  if (shared.length) return shared.some((each) => new Set(each.values()).size > 1);
  return new Set([...groups.values()].flatMap((each) => [...each.values()])).size > 1;
}

function matchesText(row, columns) {
  const wanted = state.text.trim().toLowerCase();
  if (!wanted) return true;
  const clause = data.clauses[row];
  if (`${clause.id} ${statementsOf(clause).join(" ")}`.toLowerCase().includes(wanted)) return true;
  const said = data.said[row] || {};
  return columns.some((column) => column in said && data.texts[said[column]].toLowerCase().includes(wanted));
}

// The rows to show, those on which providers differ first, by chapter and within it.
function shownRows(columns) {
  const rows = [];
  const compared = comparing(columns);
  data.clauses.forEach((clause, row) => {
    if (!passes("chapter", clause.chapter) || !levelsOf(clause).some((level) => passes("level", level))) return;
    const words = columns.map((column) => wordAt(row, column)).filter(Boolean);
    if (words.every((word) => word === data.lacking) || !words.some((word) => passes("verdict", word))) return;
    const differing = compared && differs(row, columns);
    if ((state.differs && compared && !differing) || !matchesText(row, columns)) return;
    rows.push({row, chapter: clause.chapter, differing});
  });
  const chapters = unique(rows.filter((each) => each.differing).map((each) => each.chapter));
  const order = [...chapters, ...unique(rows.map((each) => each.chapter))];
  const rank = (each) => order.indexOf(each.chapter) * 2 + (each.differing ? 0 : 1);
  return rows.sort((one, other) => rank(one) - rank(other) || one.row - other.row);
}

// What a saved view asks for and this page does not have, e.g. a verdict that is not given any more.
function gone() {
  return Object.entries(state.chosen).flatMap(([name, values]) =>
    [...values].filter((each) => !FILTERS[name].includes(each)).map((each) => [name, each]));
}

function showGone() {
  const place = document.getElementById("gone");
  const found = gone();
  place.hidden = !found.length;
  if (place.hidden) return place.replaceChildren();
  const names = found.map(([name, value]) => `${name} ${value}`).join(", ");
  const button = element("button", {type: "button"}, "Filter without it");
  button.addEventListener("click", () => {
    for (const [name, value] of found) state.chosen[name].delete(value);
    update();
  });
  return place.replaceChildren(element("span", {}, `The filter asks for what is not on this page: ${names}. `), button);
}

function buildMenus() {
  const place = document.getElementById("menus");
  for (const [name, values] of Object.entries(FILTERS)) {
    if (values.length < 2) continue;
    const boxes = values.map((value) => element("label", {},
      element("input", {type: "checkbox", name, value}), " ", value));
    place.append(element("details", {class: "menu", "data-menu": name},
      element("summary", {}), element("div", {class: "options", role: "group", "aria-label": name}, boxes)));
  }
}

// Bring the controls in line with the state.
function showFilters() {
  document.getElementById("text").value = state.text;
  const box = document.getElementById("differs");
  const compared = comparing(shownColumns());
  box.checked = state.differs && compared;
  box.disabled = !compared;
  showGone();
  for (const menu of document.querySelectorAll("[data-menu]")) {
    const chosen = state.chosen[menu.dataset.menu];
    const said = chosen.size === 0 ? "all" : chosen.size === 1 ? [...chosen][0] : `${chosen.size} chosen`;
    menu.firstChild.replaceChildren(`${menu.dataset.menu}: `, element("b", {}, said));
    menu.classList.toggle("active", chosen.size > 0);
    menu.querySelectorAll("input").forEach((box, rank) => {
      box.checked = chosen.has(FILTERS[menu.dataset.menu][rank]);
    });
  }
}
