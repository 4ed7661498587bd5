"use strict";
// Every text that is shown goes through `plain` into a text node: nothing is ever parsed as HTML.

const data = JSON.parse(document.getElementById("data").textContent);
const pictures = JSON.parse(document.getElementById("pictures").textContent);
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]/g;
const PAIRS = /[\ud800-\udbff][\udc00-\udfff]/;

// Escape what could turn text around or hide it, and leave pairs of surrogates as they are.
function plain(text) {
  const escaped = (char) => "\\u" + char.charCodeAt(0).toString(16).padStart(4, "0");
  return String(text).split(/([\ud800-\udbff][\udc00-\udfff])/)
    .map((part) => (PAIRS.test(part) ? part : part.replace(STEERING, escaped))).join("");
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, plain(value));
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === "") continue;
    made.append(child instanceof Node ? child : document.createTextNode(plain(child)));
  }
  return made;
}

// Make a link of a web address; of anything else (javascript:, a path) show the text.
function link(address, text) {
  let found = null;
  try { found = new URL(address); } catch { /* a path of the project, or no address at all */ }
  const web = found && (found.protocol === "https:" || found.protocol === "http:");
  if (!web) return element("span", {}, text || address);
  return element("a", {href: found.href, rel: "noopener noreferrer", target: "_blank"}, text || address);
}

// A sentence of ours: what stands between backticks is code.
function prose(text) {
  const parts = text.split("`");
  return parts.length % 2 ? parts.map((part, rank) => (rank % 2 ? element("code", {}, part) : part)) : [text];
}

function chip(word) {
  const symbol = data.symbols[data.words.indexOf(word)] || "";
  return element("span", {class: `chip v-${word.replaceAll(" ", "-")}`},
    element("span", {"aria-hidden": "true"}, symbol), ` ${word}`);
}

// A list of terms; entries without a value are left out.
function pairs(entries, classes) {
  const list = element("dl", {class: classes || "pairs"});
  for (const [term, ...values] of entries) {
    const shown = values.flat().filter((value) => value !== null && value !== undefined && value !== "");
    if (shown.length) list.append(element("dt", {}, term), element("dd", {}, shown));
  }
  return list;
}

function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  return seconds < 90 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

function bytes(count) {
  if (count < 1000) return `${count} bytes`;
  return count < 1e6 ? `${(count / 1e3).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

const moment = (text) => plain(text).replace("T", " ").replace(/:\d\d(\.\d+)?(\+00:00|Z)$/, " UTC");

const unpacked = new Map();

// Unpack the evidence of a column, once: base64 of deflated JSON.
async function proofOf(column) {
  if (!unpacked.has(column)) {
    const text = document.getElementById(`proof-${column}`).textContent;
    const packed = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    unpacked.set(column, new Response(stream).json());
  }
  return unpacked.get(column);
}
