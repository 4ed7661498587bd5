// The evidence of one value: every exchange that asked for it, and what each says of it.

const asksForValue = (cell) => cell[3] === "value"; // else it is the cell of a clause
const wordClass = (word) => `chip w-${word.replaceAll(" ", "-")}`;

function wordChip(word) {
  const rank = data.capability.words.indexOf(word);
  return element("span", {class: wordClass(word)}, element("span", {"aria-hidden": "true"}, data.capability.symbols[rank] || ""), ` ${word}`);
}

function meaningOf(word) {
  return data.capability.meanings[data.capability.words.indexOf(word)] || "";
}

// The parts of the panel; null where this report has no such value.
function valueParts([name, provider, model], proof) {
  const found = proof && own(proof.values || {}, name);
  if (!found) return null;
  const [word, why, evidence] = found;
  const list = element("div", {class: "findings"});
  list.append(...evidence.map((each, rank) => saidOf(each, proof, rank === 0)));
  const exchanges = `${evidence.length} ${evidence.length === 1 ? "exchange asks" : "exchanges ask"} for it`;
  return [
    element("p", {class: "headline"}, wordChip(word), " ", element("b", {}, provider), `, ${model}`),
    element("p", {class: "promise"}, `${word}: ${meaningOf(word)}.`), why && element("p", {}, why),
    evidence.length ? element("h3", {}, exchanges) : null, list,
  ];
}

function saidOf([key, word, why], proof, open) {
  const {name, run} = ofRun(key, proof);
  const made = element("details", {class: "finding"},
    element("summary", {}, wordChip(word), " ", element("b", {}, name), element("span", {class: "said"}, why)));
  const fill = () => {
    if (made.open && made.children.length === 1)
      made.append(element("div", {class: "details"}, exchangeOf("The exchange", own(proof.exchanges, key), name, run)));
  };
  made.addEventListener("toggle", fill);
  made.open = open;
  if (open) fill();
  return made;
}

const cellOfLink = (link) => link.getAttribute("href").slice("#cell=".length).split("/").map(decoded);

// The link that opened the panel, to which the focus returns.
function valueLink(cell) {
  const same = (link) => cellOfLink(link).every((part, rank) => part === cell[rank]);
  return [...document.querySelectorAll("#capabilities td a")].find(same) || null;
}

document.addEventListener("click", (event) => {
  const open = event.target.closest("#capabilities td a");
  if (!open || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openCell(cellOfLink(open));
  openEvidence();
});
