// Classes: their keys, buttons, type-ahead, and the dialog that adds and changes them.

import { $, ask, make, media, percent, swatch } from "./dom.js";

/** Letters that are commands. */
const COMMANDS = "dfgsw";
const KEYS = [..."1234567890", ..."abcdefghijklmnopqrstuvwxyz"].filter((key) => !COMMANDS.includes(key));
/** Above so many classes, names are typed. */
export const MOST_KEYS = 20;

let classes = [];
let own = {};
let store = "deepal-keys";
const hooks = { choose: () => {}, changed: () => {} };

/** `choose(index, event)` when a class is picked, `changed(state)` when the list of classes changed. */
export function listen(given) {
  Object.assign(hooks, given);
  $("class-add").addEventListener("click", () => edit(null));
  $("class-cancel").addEventListener("click", () => $("class-dialog").close());
  $("class-dialog").querySelector("form").addEventListener("submit", save);
  $("type-box").addEventListener("input", listFits);
  $("type-box").addEventListener("keydown", typed);
}

/** Takes the classes of a new state. Redraws only if they differ. */
export function take(state) {
  const keyed = `deepal-keys:${state.folder}`;
  if (store !== keyed) {
    store = keyed;
    try {
      own = JSON.parse(localStorage.getItem(store) || "{}");
    } catch {
      own = {};
    }
  }
  const before = JSON.stringify(classes.map((entry) => entry.name));
  classes = state.classes;
  if (JSON.stringify(classes.map((entry) => entry.name)) !== before) draw();
  drawList();
}

export const all = () => classes;
export const name = (index) => classes[index]?.name ?? `class ${index}`;

/** The key of each class: the user's own, or the next that is free. */
function keys() {
  const taken = new Set(Object.values(own));
  const free = KEYS.filter((key) => !taken.has(key));
  return classes.map((_, index) => own[index] ?? (classes.length > MOST_KEYS ? undefined : free.shift()));
}

/** The class that a key means, if any. */
export function byKey(key) {
  const found = keys().indexOf(key.toLowerCase());
  return found < 0 ? null : found;
}

function draw() {
  const isMany = classes.length > MOST_KEYS;
  $("type").hidden = !isMany;
  $("choose").hidden = isMany;
  const given = keys();
  const button = (index) =>
    make(
      "button",
      { type: "button", title: classes[index].guideline || "", "data-class": index, onclick: (event) => hooks.choose(index, event) },
      given[index] ? make("kbd", {}, given[index].toUpperCase()) : null,
      swatch(index),
      make("span", { className: "name" }, classes[index].name),
      make("span", { className: "share" }),
    );
  for (const place of ["choose", "cards-choose"]) $(place).replaceChildren(...classes.map((_, index) => button(index)));
  if (isMany) listFits();
}

/** Marks the class that a sample has, and what the net suggests, if that is wanted. */
export function mark(now, likeliest) {
  for (const button of $("choose").children) {
    const index = Number(button.dataset.class);
    button.classList.toggle("is-now", index === now);
    if (index === now) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    const found = (likeliest || []).find(([other]) => other === index);
    button.querySelector(".share").textContent = found ? percent(found[1]) : "";
  }
}

function width(element, share) {
  element.style.width = `${100 * share}%`;
  return element;
}

function drawList() {
  const most = Math.max(1, ...classes.map((entry) => entry.count));
  const given = keys();
  const line = (entry, index) =>
    make(
      "li",
      {},
      given[index] ? make("kbd", {}, given[index].toUpperCase()) : make("span"),
      swatch(index),
      make("span", { className: "name", title: entry.name }, entry.name),
      make("span", { className: "count" }, String(entry.count)),
      make("button", { type: "button", className: "plain", "aria-label": `Edit class ${entry.name}`, onclick: () => edit(index) }, "Edit"),
      make("span", { className: "share-bar", "aria-hidden": "true" }, width(make("span"), entry.count / most)),
      entry.guideline ? make("span", { className: "guideline" }, entry.guideline) : null,
    );
  const text = JSON.stringify([classes, given]);
  // While nothing changed, the list keeps the focus that a user has put on one of its buttons.
  if ($("class-list").dataset.shown === text) return;
  $("class-list").dataset.shown = text;
  $("class-list").replaceChildren(...classes.map(line));
}

function fits() {
  const text = $("type-box").value.trim().toLowerCase();
  const found = classes.map((entry, index) => ({ name: entry.name.toLowerCase(), index }));
  const starts = found.filter((entry) => entry.name.startsWith(text));
  const rest = found.filter((entry) => !entry.name.startsWith(text) && entry.name.includes(text));
  return [...starts, ...rest].map((entry) => entry.index);
}

function listFits(at = 0) {
  const chosen = typeof at === "number" ? at : 0;
  const lines = fits().map((index, place) =>
    make(
      "li",
      { role: "option", id: `type-${index}`, "aria-selected": String(place === chosen), "data-class": index, onclick: (event) => pick(index, event) },
      classes[index].name,
    ),
  );
  $("type-list").replaceChildren(...lines);
  $("type-box").setAttribute("aria-activedescendant", lines[chosen]?.id ?? "");
}

function pick(index, event) {
  $("type-box").value = "";
  listFits();
  hooks.choose(index, event);
}

/** Keys in the box. What is not for the box, such as Space while it is empty, goes on to the page. */
function typed(event) {
  const lines = [...$("type-list").children];
  const at = lines.findIndex((line) => line.getAttribute("aria-selected") === "true");
  if (event.key === "Enter") {
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat || $("type-box").value.trim() === "") return;
    if (lines[at]) pick(Number(lines[at].dataset.class), event);
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && lines.length > 0) {
    event.preventDefault();
    listFits((at + (event.key === "ArrowDown" ? 1 : lines.length - 1)) % lines.length);
  }
}

let edited = null;

function edit(index) {
  edited = index;
  const entry = index === null ? { name: "", guideline: "" } : classes[index];
  $("class-title").textContent = index === null ? "Add a class" : `Class ${entry.name}`;
  $("class-name").value = entry.name;
  $("class-guideline").value = entry.guideline || "";
  $("class-key").value = index === null ? "" : (keys()[index] ?? "");
  $("class-error").textContent = "";
  const example = entry.example
    ? make("img", { src: media(entry.example, true), alt: `An example of ${entry.name}`, width: 96, height: 96 })
    : null;
  $("class-example").replaceChildren(...(example ? [make("p", { className: "hint" }, "Your first example:"), example] : []));
  $("class-dialog").showModal();
}

async function save(event) {
  event.preventDefault();
  const key = $("class-key").value.trim().toLowerCase();
  const index = edited ?? classes.length;
  const holder = Object.entries(own).find(([other, used]) => used === key && Number(other) !== index);
  if (key && !KEYS.includes(key)) {
    $("class-error").textContent = `The key ${key} is a command; use a digit or another letter.`;
    return;
  }
  if (holder) {
    $("class-error").textContent = `The key ${key} is that of ${name(Number(holder[0]))}.`;
    return;
  }
  const body = { name: $("class-name").value.trim() };
  const guideline = $("class-guideline").value.trim();
  if (edited !== null) {
    body.class = edited;
    if (body.name === classes[edited].name) delete body.name;
  }
  if (guideline !== (classes[edited]?.guideline || "")) body.guideline = guideline;
  try {
    const reply = await ask("/api/classes", body);
    if (key && key !== keys()[index]) {
      own[index] = key;
      localStorage.setItem(store, JSON.stringify(own));
    }
    classes = [];
    hooks.changed(reply.state);
    $("class-dialog").close();
  } catch (failure) {
    $("class-error").textContent = failure.message;
  }
}
