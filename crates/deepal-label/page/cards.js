// Several samples at a time: look-alikes of a question (Grid), and what was looked for (Find). One key labels all that are selected.

import { $, ask, make, media } from "./dom.js";
import * as classes from "./classes.js";

const GROUP = 24;

let mode = null;
let items = [];
const chosen = new Set();
const seeds = new Set();
const hooks = { open: () => {}, answer: () => {}, undo: () => {}, questions: () => [], last: () => null };

/** `open(item)` shows one large, `answer(items, class)` labels, `questions()` those in hand, `last()` the newest sample shown. */
export function listen(given) {
  Object.assign(hooks, given);
  $("cards-all").addEventListener("click", () => select(true));
  $("cards-none").addEventListener("click", () => select(false));
  $("cards-next").addEventListener("click", next);
  $("cards-undo").addEventListener("click", () => hooks.undo());
  $("find-form").addEventListener("submit", (event) => {
    event.preventDefault();
    find();
  });
  $("find-like").addEventListener("click", () => hooks.last() && like(hooks.last()));
}

/** Opens the grid or the search. */
export function enter(wanted) {
  mode = wanted;
  $("find-form").hidden = mode !== "find";
  $("cards-next").hidden = mode !== "grid";
  $("cards").classList.toggle("find-mode", mode === "find");
  $("cards").setAttribute("aria-label", mode === "grid" ? "Label look-alikes" : "Find samples");
  put([], "");
  if (mode === "grid") return next();
  $("find-like").disabled = !hooks.last();
  $("cards-text").textContent = "Answers to what you find here are recorded as “found”, apart from those to the strategy's questions.";
  $("find-box").focus();
}

/** The next cluster: a question in hand and the samples that look most like it. */
export async function next() {
  if (mode !== "grid") return;
  const asked = hooks.questions().filter((question) => question.asked_by === "strategy");
  const seed = asked.find((question) => !seeds.has(question.item)) ?? asked[0];
  if (!seed) {
    put([], "There is no open question to start from. Either the next ones are being chosen, or none are left.");
    return;
  }
  if (seeds.size >= asked.length) seeds.clear();
  seeds.add(seed.item);
  $("cards-text").textContent = "Looking for look-alikes…";
  try {
    const reply = await ask(`/api/like/${seed.item}?n=${GROUP - 1}&open=true`);
    if (mode !== "grid") return;
    put([seed, ...reply.items], `These look like ${seed.id}. Deselect the odd ones, then choose the class of the rest.`);
    select(true);
  } catch (failure) {
    put([], failure.message);
  }
}

async function find() {
  const words = $("find-box").value.trim();
  if (!words) return;
  try {
    const reply = await ask(`/api/find?n=200&words=${encodeURIComponent(words)}`);
    put(reply.items, found(reply.items.length, `with “${words}”`));
    $("find-box").blur();
  } catch (failure) {
    put([], failure.message);
  }
}

/** Samples with inputs near to those of an example. */
export async function like(example) {
  mode = "find";
  try {
    const reply = await ask(`/api/like/${example.item}?n=60`);
    put(reply.items, found(reply.items.length, `like ${example.id}, the most similar first`));
  } catch (failure) {
    put([], failure.message);
  }
}

const found = (n, what) =>
  `${n === 0 ? "Nothing" : n === 1 ? "1 sample" : `${n} samples`} ${what}. Select some, then choose their class.`;

/** Labels all that are selected. */
export function label(index) {
  const picked = items.filter((item) => chosen.has(item.item));
  if (picked.length === 0) {
    $("cards-text").textContent = "Nothing is selected. Select a sample first.";
    return;
  }
  hooks.answer(picked, index);
  for (const item of picked) item.class = index;
  if (mode === "grid") next();
  else {
    chosen.clear();
    draw();
  }
}

function put(given, text) {
  items = given;
  chosen.clear();
  $("cards-text").textContent = text;
  draw();
}

function select(all) {
  chosen.clear();
  if (all) items.forEach((item) => chosen.add(item.item));
  mark();
}

/** Shows which are selected, and leaves the pictures alone. */
function mark() {
  for (const card of $("cards-list").querySelectorAll(".card")) {
    card.setAttribute("aria-pressed", String(chosen.has(card.dataset.item)));
  }
}

function draw() {
  const focused = document.activeElement?.dataset?.item;
  $("cards-list").replaceChildren(...items.map(card));
  if (focused) $("cards-list").querySelector(`[data-item="${focused}"]`)?.focus();
}

function card(item) {
  const isChosen = chosen.has(item.item);
  const toggle = () => {
    if (!chosen.delete(item.item)) chosen.add(item.item);
    mark();
  };
  const parts = [content(item), make("span", { className: "id", title: item.id }, `\u200e${item.id}`)];
  if (item.class !== null) parts.push(make("span", { className: "class" }, classes.name(item.class)));
  if (item.is_discarded) parts.push(make("span", { className: "class" }, "discarded"));
  parts.push(make("span", { className: "mark", "aria-hidden": "true" }, "✓"));
  const button = make(
    "button",
    { type: "button", className: "card", "aria-pressed": String(isChosen), "data-item": item.item, onclick: toggle },
    ...parts,
  );
  if (mode !== "find") return button;
  const more = make(
    "span",
    { className: "more" },
    make("button", { type: "button", className: "plain", onclick: () => hooks.open(item) }, "Open"),
    make("button", { type: "button", className: "plain", "aria-label": `More like ${item.id}`, onclick: () => like(item) }, "Similar"),
  );
  return make("div", { className: "slot" }, button, more);
}

/** A sample, small. */
export function content(item) {
  if (item.kind === "picture") {
    const gone = (event) => event.target.replaceWith(make("span", { className: "text" }, "This picture cannot be read."));
    return make("img", { src: media(item.item, true), alt: "", loading: "lazy", draggable: false, onerror: gone });
  }
  if (item.kind === "text") return make("span", { className: "text" }, item.text.slice(0, 300));
  if (item.kind === "fields") {
    return make("span", { className: "text" }, item.fields.slice(0, 6).map(([name, cell]) => `${name}: ${cell}`).join("\n"));
  }
  return null;
}
