// Pictures: painted anew by the suite, small; beside each what was asked and what came.

const MOST_PICTURES = 48;

function factsOf(image) {
  if (!image.type) return "no image that could be read";
  const parts = [`${image.width}×${image.height} ${image.type}`, image.alpha ? "alpha" : "no alpha", bytes(image.bytes || 0)];
  if (image.frames > 1) parts.push(`${image.frames} frames`);
  if (!image.complete) parts.push("not whole");
  return parts.join(", ");
}

function pictureOf(image, exchange) {
  const small = Object.hasOwn(pictures, image.sha256) ? pictures[image.sha256] : null;
  const alternative = exchange.prompt ? `Picture for: ${exchange.prompt}` : "Picture";
  return small && small.startsWith("data:image/")
    ? element("img", {src: small, alt: alternative, loading: "lazy", decoding: "async"})
    : element("span", {class: "missing"}, "no picture");
}

function figureOf(image, exchange, name) {
  return element("figure", {}, element("div", {class: "frame"}, pictureOf(image, exchange)), element("figcaption", {},
    name ? element("b", {}, name) : null,
    exchange.prompt ? element("span", {class: "prompt"}, `“${exchange.prompt}”`) : null,
    element("span", {}, "asked: ", exchange.asked || "nothing in particular"),
    element("span", {}, "came: ", factsOf(image)),
    element("span", {class: "quiet"}, `data[${image.index}].${image.member}`, image.sha256 ? `, sha256 ${String(image.sha256).slice(0, 16)}…` : "")));
}

function picturesOf(exchange) {
  if (!exchange.images || !exchange.images.length) return null;
  return element("div", {class: "pictures"}, exchange.images.map((each) => figureOf(each, exchange)));
}

async function fillGallery(gallery) {
  const place = gallery.querySelector(".pictures");
  if (place.children.length) return;
  const figures = [];
  for (const [column, about] of data.columns.entries()) {
    if (about.provider !== Number(gallery.dataset.provider)) continue;
    const proof = await proofOf(column);
    for (const [key, exchange] of Object.entries(proof.exchanges)) {
      const {name, run} = ofRun(key, proof);
      const title = `${about.model}/${name}${run ? `, ${run}` : ""}`;
      for (const image of exchange.images || []) figures.push([image, exchange, title]);
    }
  }
  const add = (some) => place.append(...some.map((each) => figureOf(...each)));
  add(figures.slice(0, MOST_PICTURES));
  if (figures.length <= MOST_PICTURES) return;
  const more = element("button", {type: "button"}, `Show ${figures.length - MOST_PICTURES} more`);
  more.addEventListener("click", () => { more.remove(); add(figures.slice(MOST_PICTURES)); });
  place.after(more);
}

for (const gallery of document.querySelectorAll(".gallery"))
  gallery.addEventListener("toggle", () => { if (gallery.open) fillGallery(gallery); });

// The same request at every provider that has the model: a row a case, a column a provider.
async function fillTogether(place) {
  const target = place.querySelector(".scroll");
  if (target.children.length) return;
  const columns = [...data.columns.entries()].filter(([, about]) => about.model === place.dataset.model);
  const proofs = await Promise.all(columns.map(([column]) => proofOf(column)));
  const rows = new Map();
  proofs.forEach((proof, rank) => {
    for (const [key, exchange] of Object.entries(proof.exchanges)) {
      const {name} = ofRun(key, proof);
      if (!exchange.images.length) continue;
      if (!rows.has(name)) rows.set(name, {asked: exchange.asked, cells: columns.map(() => [])});
      rows.get(name).cells[rank].push(...exchange.images.map((image) => pictureWithFacts(image, exchange)));
    }
  });
  const heads = columns.map(([, about]) => element("th", {scope: "col"}, data.providers[about.provider].id));
  const body = [...rows].slice(0, MOST_PICTURES).map(([name, {asked, cells}]) => element("tr", {},
    element("th", {scope: "row"}, name, element("span", {class: "origin"}, asked || "nothing in particular")),
    cells.map((figures) => element("td", {}, figures.length ? figures : element("span", {class: "none"}, "no image")))));
  target.append(element("table", {}, element("thead", {}, element("tr", {}, element("th", {scope: "col"}, "Asked for"), heads)), element("tbody", {}, body)));
}

function pictureWithFacts(image, exchange) {
  return element("figure", {}, element("div", {class: "frame"}, pictureOf(image, exchange)), element("figcaption", {}, factsOf(image)));
}

for (const place of document.querySelectorAll(".together"))
  place.addEventListener("toggle", () => { if (place.open) fillTogether(place); });
