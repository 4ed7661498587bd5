// What happens when the page opens, when a filter is touched and when the address changes.

function update() {
  writeAddress();
  showFilters();
  drawMatrix();
}

function restore() {
  readAddress();
  showFilters();
  drawMatrix();
  openEvidence();
}

function buildLegend() {
  const legend = document.getElementById("legend");
  for (const word of FILTERS.verdict)
    legend.append(element("div", {}, element("dt", {}, chip(word)), element("dd", {}, data.meanings[data.words.indexOf(word)])));
}

// With several providers their sums come first; the models of one are unfolded when asked for.
function foldModels(button) {
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  for (const row of button.closest("tbody").rows) if (!row.classList.contains("sum")) row.hidden = !open;
}

for (const button of document.querySelectorAll("button.models")) {
  button.addEventListener("click", () => foldModels(button));
  if (DIFFERS) foldModels(button);
}
document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
document.getElementById("text").addEventListener("input", (event) => {
  state.text = event.target.value;
  update();
});
document.getElementById("differs").addEventListener("change", (event) => {
  state.differs = event.target.checked;
  update();
});
document.getElementById("menus").addEventListener("change", (event) => {
  const {name, checked} = event.target;
  const value = FILTERS[name][[...event.target.closest(".options").querySelectorAll("input")].indexOf(event.target)];
  state.chosen[name][checked ? "add" : "delete"](value);
  update();
});
document.getElementById("reset").addEventListener("click", () => {
  clear();
  closeEvidence(false);
  update();
});
document.getElementById("close").addEventListener("click", () => {
  closeEvidence(true);
  leaveCell();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement.closest && document.activeElement.closest(".menu[open]");
  if (menu) {
    menu.open = false;
    menu.firstChild.focus();
  } else if (!panel.hidden) {
    closeEvidence(true);
    leaveCell();
  }
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
});
// A link to a section is not a filter: it scrolls, and the filters stay as they are, in the address too.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  const section = link && document.getElementById(link.getAttribute("href").slice(1));
  if (!section || address() === "#" || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  section.tabIndex = -1;
  section.focus({preventScroll: true});
  goTo(section);
});

// Sections that were never shown have no height yet: what is scrolled to moves, until it does not.
function goTo(section, tries = 12) {
  const before = section.getBoundingClientRect().top;
  section.scrollIntoView();
  const moved = Math.abs(section.getBoundingClientRect().top - before) > 1;
  if (tries && (moved || tries > 9)) requestAnimationFrame(() => goTo(section, tries - 1));
}

// The address was changed by a link or by Back; where it says what is shown, nothing is drawn anew.
window.addEventListener("hashchange", () => {
  if ((location.hash || "#") === address()) return;
  if (location.hash.includes("=") || !location.hash) restore();
  else if (!panel.hidden) closeEvidence(true);
  else if (named()) goTo(named());
});

const named = () => document.getElementById(location.hash.slice(1));

document.documentElement.classList.add("scripted");
clear();
buildMenus();
buildLegend();
if (location.hash.includes("=")) restore();
else { showFilters(); drawMatrix(); }
const wanted = named() || (address() !== "#" && !state.cell && document.getElementById("matrix"));
if (wanted) goTo(wanted);
