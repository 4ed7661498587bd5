// The evidence of one cell: what was promised, what was sent, what came back.

const panel = document.getElementById("evidence");
const panelBody = document.getElementById("evidence-body");
const MOST_CASES = 40;

function placeOf(cell) {
  const [clause, provider, model] = cell;
  const row = data.clauses.findIndex((each) => each.id === clause);
  const column = data.columns.findIndex((each) => each.model === model && data.providers[each.provider].id === provider);
  return (row < 0 && !asksForValue(cell)) || column < 0 ? null : {row, column};
}

async function openEvidence() {
  const place = state.cell && placeOf(state.cell);
  const cell = state.cell;
  if (!place) closeEvidence(false);
  sayMissing(place ? null : cell);
  if (!place) return undefined;
  const proof = await proofOf(place.column).catch(() => null); // a browser without DecompressionStream
  if (state.cell !== cell) return undefined; // another was opened meanwhile
  if (asksForValue(cell)) return openPanel(cell[0].replace("=", " = "), valueParts(cell, proof), cell);
  const clause = data.clauses[place.row];
  const {provider, model} = data.columns[place.column];
  const about = data.providers[provider];
  const word = wordAt(place.row, place.column) || "not run";
  const head = [chip(word), " ", element("b", {}, about.id), `, ${model}`];
  if (word === data.lacking) return openPanel(clause.id, [element("p", {class: "headline"}, ...head), ...elsewhere(clause, about)], cell);
  const promise = (clause.editions && own(clause.editions, about.edition)) || clause;
  const parts = [
    element("p", {class: "headline"}, element("span", {class: `level l-${promise.level}`}, promise.level), " ", ...head),
    element("p", {class: "promise"}, prose(promise.statement)), citations(promise), ...worded(clause, about),
    element("p", {class: "quiet"}, `This column: ${about.origin}.`),
    proof && nightsOf(own(proof.spells || {}, clause.id), word),
    ...(proof ? findingsOf(proof, clause.id, about) : [element("p", {class: "note"}, "This browser cannot unpack the evidence; the run file has it.")]),
  ];
  return openPanel(clause.id, parts, cell);
}

// Show the parts of the evidence; none where the report has nothing of that name.
function openPanel(title, parts, cell) {
  if (!parts) {
    closeEvidence(false);
    return sayMissing(cell);
  }
  document.getElementById("evidence-title").textContent = plain(title);
  panelBody.replaceChildren(...parts.filter(Boolean));
  panel.hidden = false;
  document.documentElement.classList.add("open");
  panel.scrollTop = 0;
  document.getElementById("evidence-title").focus();
  return undefined;
}

// A link may name what a report of another run had.
function sayMissing(cell) {
  const note = document.getElementById("missing");
  note.hidden = !cell;
  note.textContent = cell ? `There is no such cell in this report: ${cell.map(plain).join(", ")}.` : "";
  if (cell) note.scrollIntoView({block: "center"});
}

function closeEvidence(back) {
  sayMissing(null);
  const cell = state.cell;
  const place = cell && placeOf(cell);
  state.cell = null;
  panel.hidden = true;
  document.documentElement.classList.remove("open");
  const value = back && place && asksForValue(cell) && valueLink(cell);
  if (value) return value.focus();
  const opener = back && place && linkAt(place.row, place.column);
  if (opener) focusCell(opener);
  else if (back) document.getElementById("matrix").focus();
}

const TELLING = ["pass", "known", "deviates", "FAIL", "not claimed"];

// What the nights of --history came to; the run that is shown may be newer than all of them.
function nightsOf(spells, word) {
  if (!spells) return null;
  const [last, before] = [spells.at(-1), spells.at(-2)];
  let said = before ? `${moment(last[0])}, from ${before[1]} to ${last[1]}` : "not since then";
  if (word !== last[1] && TELLING.includes(word)) said = `in this run, from ${last[1]} to ${word}`;
  return pairs([["First seen", `${moment(spells[0][0])}, ${spells[0][1]}`], ["Last changed", said]], "pairs nights");
}

// Of a promise that the column's edition does not have: what it is where there is one.
function elsewhere(clause, about) {
  return [
    element("p", {class: "promise"}, `${about.edition} has no such promise, so that it is in no total of this column. Another edition says:`),
    ...statementsOf(clause).map((said) => element("p", {}, prose(said))), citations(clause),
  ];
}

// What other editions say of the same promise in other words, or on another level.
function worded(clause, about) {
  const mine = clause.editions && own(clause.editions, about.edition);
  if (!mine) return [];
  return Object.entries(clause.editions)
    .filter(([, other]) => other.level !== mine.level || other.statement !== mine.statement)
    .map(([edition, other]) => element("p", {class: "note"}, `${edition} says: ${other.level} `, prose(other.statement)));
}

function citations(clause) {
  const list = element("ul", {class: "citations"});
  for (const each of clause.citations)
    list.append(element("li", {}, each.url ? link(each.url, each.title || each.source) : each.title || each.source,
      `: ${each.section || ""}`,
      element("span", {class: "quiet"}, [each.edition && ` edition ${each.edition}`, each.retrieved && ` retrieved ${each.retrieved}`].filter(Boolean).join(","))));
  return list;
}

const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : null);
const asObject = (finding) => (typeof finding === "string" ? {case: finding, verdict: "pass"} : finding);

// A case of a column that is of several runs is written "2/case": its run, by its place, and itself.
function ofRun(name, proof) {
  if (!proof.several) return {name, prefix: "", run: null};
  const at = name.indexOf("/") + 1;
  return {name: name.slice(at), prefix: name.slice(0, at), run: `run of ${moment(data.runs[parseInt(name, 10)])}`};
}

function wordOf(finding) {
  if (finding.deviation !== undefined) return "known";
  return finding.verdict === "fail" ? "FAIL" : finding.verdict;
}

const SEVERITY = ["FAIL", "harness error", "deviates", "known", "flaky", "unavailable", "not testable", "not run", "not claimed", "pass"];

function findingsOf(proof, clause, about) {
  const found = (own(proof.findings, clause) || []).map(asObject);
  found.sort((one, other) => SEVERITY.indexOf(wordOf(one)) - SEVERITY.indexOf(wordOf(other)));
  const title = element("h3", {}, `Judged on ${found.length} ${found.length === 1 ? "exchange" : "exchanges"}`);
  const list = element("div", {class: "findings"});
  const add = (some, open) => list.append(...some.map((each, rank) => findingOf(each, proof, about, open && rank === 0)));
  add(found.slice(0, MOST_CASES), true);
  if (found.length <= MOST_CASES) return [title, list];
  const more = element("button", {type: "button"}, `Show ${found.length - MOST_CASES} more`);
  more.addEventListener("click", () => { more.remove(); add(found.slice(MOST_CASES), false); });
  return [title, list, more];
}

function findingOf(finding, proof, about, open) {
  const made = element("details", {class: "finding"},
    element("summary", {}, chip(wordOf(finding)), " ", element("b", {}, ofRun(finding.case, proof).name),
      element("span", {class: "said"}, finding.message || "")));
  const fill = () => {
    if (made.open && made.children.length === 1) made.append(detailsOf(finding, proof, about));
  };
  made.addEventListener("toggle", fill);
  made.open = open;
  if (open) fill();
  return made;
}

function detailsOf(finding, proof, about) {
  const facts = pairs([
    ["Expected", finding.expected && code(finding.expected)],
    ["Observed", finding.observed && code(finding.observed)],
    ["Flaky", finding.rate === undefined ? null : `broken in ${Math.round(finding.rate * 100)} % of ${finding.repeats || "its"} repeats`],
    ["First seen", finding.history && moment(finding.history[0][0])], ["Last changed", changed(finding.history)],
  ]);
  const {name, prefix, run} = ofRun(finding.case, proof);
  const exchange = own(proof.exchanges, finding.case);
  const boxes = [exchangeOf("The exchange", exchange, name, run)];
  if (finding.control) {
    const control = own(proof.exchanges, prefix + finding.control);
    boxes.push(exchangeOf(titleOfControl(exchange, control), control, finding.control, run));
  }
  return element("div", {class: "details"}, facts, deviationOf(finding, about),
    element("div", {class: boxes.length > 1 ? "pair" : "single"}, boxes));
}

// Only a control that was asked at the same place differs in a field; another is what came before.
function titleOfControl(exchange, control) {
  if (!exchange || !control) return "Its control";
  if (exchange.endpoint !== control.endpoint) return "Its prerequisite";
  return "Its control, which differs in one field";
}

const code = (text) => element("code", {}, text);

function changed(history) {
  if (!history) return null;
  if (history.length === 1) return `not since then (${history[0][1]})`;
  return `${moment(history.at(-1)[0])}, from ${history.at(-2)[1]} to ${history.at(-1)[1]}; shown is the worst of all runs`;
}

// A deviation is of every model and case that its file does not leave out.
function listed(word, globs) {
  return globs.join() === "*" ? "" : ` ${word} ${globs.join(", ")}`;
}

function deviationOf(finding, about) {
  if (finding.deviation === undefined) return null;
  const entry = typeof finding.deviation === "number" ? about.deviations[finding.deviation] : null;
  if (!entry) return pairs([["Known deviation", finding.deviation]], "pairs deviation");
  return pairs([
    ["Known deviation", entry.reason], ["Since", entry.since], ["Expires", entry.expires],
    ["Where", `${entry.clause}${listed("on", entry.models)}${listed("in", entry.cases)}`],
    ["More", entry.link && link(entry.link)],
  ], "pairs deviation");
}

function exchangeOf(title, exchange, name, run) {
  const box = element("section", {class: "exchange", "aria-label": title}, element("h4", {}, title, " ", code(name)));
  if (!exchange) {
    box.append(element("p", {class: "quiet"}, "The run file keeps no exchange of it."));
    return box;
  }
  const parts = [pairs([
    ["Came to", exchange.outcome, exchange.reason && `: ${exchange.reason}`], ["Sent", exchange.sent_at && moment(exchange.sent_at)],
    ["Took", exchange.elapsed === undefined ? null : duration(exchange.elapsed)], ["Attempts", exchange.attempts],
    ["Judged in", run], ["Price", exchange.price], ["Source", sourceOf(exchange)], ["Cassette", exchange.cassette && code(exchange.cassette)],
    ["Failure", exchange.failure && `${exchange.failure.kind}: ${exchange.failure.message}`],
  ]), picturesOf(exchange), ...requestOf(exchange.sent), ...responseOf(exchange)];
  box.append(...parts.filter(Boolean));
  return box;
}

function requestOf(sent) {
  return [folded("Request", sent.curl, true, true), element("p", {class: "quiet"}, sent.notes.join(" "))];
}

const SOURCES = {
  cassette: "replay of a cassette", live: "live", reference: "the embedded reference provider", foreign: "recorded by another tool",
};

function sourceOf(exchange) {
  const from = exchange.target ? `, recorded from ${exchange.target}` : "";
  return `${Object.hasOwn(SOURCES, exchange.provenance) ? SOURCES[exchange.provenance] : exchange.provenance}${from}`;
}

function responseOf(exchange) {
  const response = exchange.response;
  if (!response) return [element("p", {class: "quiet"}, "No answer came.")];
  const headers = (response.headers || []).map(([name, value]) => `${name}: ${value}`).join("\n");
  const downloads = (exchange.downloads || []).map((each) =>
    `${each.url}\n  ${each.failure ? `${each.failure.kind}: ${each.failure.message}` : `HTTP ${each.status}, ${bytes(each.bytes || 0)}`}`).join("\n");
  return [element("p", {class: "status"}, element("b", {}, `HTTP ${response.status}`), ` ${bytes(response.bytes || 0)}`),
    folded("Headers", headers), folded("Body", pretty(response.body), false, true), folded("Images fetched", downloads)];
}

function pretty(body) {
  try { return JSON.stringify(JSON.parse(body), null, 2); } catch { return body; }
}

function folded(title, text, copy, open) {
  if (!text) return null;
  const pre = element("pre", {tabindex: 0, "aria-label": title}, text);
  const made = element("details", {class: "folded", open: Boolean(open)}, element("summary", {}, title), pre);
  if (copy && navigator.clipboard) {
    const button = element("button", {type: "button", class: "copy"}, "Copy");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(pre.textContent);
      button.textContent = "Copied";
    });
    made.append(button);
  }
  return made;
}
