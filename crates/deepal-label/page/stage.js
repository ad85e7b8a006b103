// One sample, large: a picture with zoom and pan, a text, or the cells of a row.

import { $, ask, make, media } from "./dom.js";

/** Pictures that are loaded already, by item, the newest last. */
const loaded = new Map();
const KEPT = 60;

const view = { scale: 1, x: 0, y: 0, image: null };

export function preload(items) {
  for (const item of items) {
    if (item.kind === "picture") image(item.item);
  }
}

function image(item) {
  let found = loaded.get(item);
  if (found) {
    loaded.delete(item);
  } else {
    found = make("img", { src: media(item), alt: "", draggable: false });
    found.addEventListener("error", () => loaded.delete(item));
    found.decode().catch(() => {});
  }
  loaded.set(item, found);
  if (loaded.size > KEPT) loaded.delete(loaded.keys().next().value);
  return found;
}

/** Shows a sample. */
export function show(item) {
  const stage = $("stage");
  view.image = null;
  $("zoom").hidden = item.kind !== "picture";
  if (item.kind === "picture") {
    const picture = image(item.item);
    picture.alt = `Picture ${item.id}`;
    const sized = () => picture.classList.toggle("small", picture.naturalWidth <= 128 && picture.naturalHeight <= 128);
    if (picture.complete && picture.naturalWidth > 0) sized();
    else picture.addEventListener("load", sized, { once: true });
    picture.addEventListener("error", () => unreadable(item, picture), { once: true });
    view.image = picture;
    fit();
    stage.replaceChildren(picture);
  } else if (item.kind === "text") {
    stage.replaceChildren(make("div", { className: "text", tabIndex: 0 }, item.text));
  } else if (item.kind === "fields") {
    const cells = item.fields.flatMap(([name, cell]) => [make("dt", {}, name), make("dd", {}, cell || "–")]);
    stage.replaceChildren(make("dl", { className: "fields", tabIndex: 0 }, ...cells));
  } else if (item.kind === "unreadable") {
    say("This sample cannot be read any more.", `${item.why}. Discard it, or skip it and repair the file.`);
  } else {
    say(item.id, "There is nothing to show of this sample but its name: it is a row of numbers.");
  }
  stage.dataset.item = item.item;
}

async function unreadable(item, picture) {
  const why = await ask(media(item.item)).then(() => "", (failure) => failure.message);
  if (view.image === picture) {
    view.image = null;
    say("This picture cannot be read.", `${why}. Discard it, or skip it and repair the file.`);
  }
}

/** Words in the place of a sample. */
export function say(title, text) {
  view.image = null;
  $("zoom").hidden = true;
  $("stage").dataset.item = "";
  $("stage").replaceChildren(make("p", { className: "message" }, make("strong", {}, title), text));
}

function fit() {
  Object.assign(view, { scale: 1, x: 0, y: 0 });
  place();
}

function place() {
  if (!view.image) return;
  const { width, height } = $("stage").getBoundingClientRect();
  const limit = (value, side) => Math.min(0, Math.max(side * (1 - view.scale), value));
  view.x = limit(view.x, width);
  view.y = limit(view.y, height);
  view.image.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
  $("stage").classList.toggle("zoomed", view.scale > 1);
}

/** Makes the picture larger or smaller; the point `x`, `y` of the stage stays where it is, by default its middle. */
export function zoom(factor, x, y) {
  if (!view.image) return;
  const box = $("stage").getBoundingClientRect();
  const [px, py] = [x ?? box.width / 2, y ?? box.height / 2];
  const scale = Math.min(16, Math.max(1, view.scale * factor));
  view.x = px - ((px - view.x) * scale) / view.scale;
  view.y = py - ((py - view.y) * scale) / view.scale;
  view.scale = scale;
  place();
}

/** Wheel, drag and pinch. */
export function listen() {
  const stage = $("stage");
  const fingers = new Map();
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };
  stage.addEventListener(
    "wheel",
    (event) => {
      if (!view.image) return;
      event.preventDefault();
      const box = stage.getBoundingClientRect();
      zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.clientX - box.left, event.clientY - box.top);
    },
    { passive: false },
  );
  stage.addEventListener("pointerdown", (event) => {
    if (!view.image) return;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const apart = fingers.size === 2 ? spread() : 0;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 2) {
      const box = stage.getBoundingClientRect();
      const [a, b] = [...fingers.values()];
      zoom(spread() / Math.max(apart, 1), (a.x + b.x) / 2 - box.left, (a.y + b.y) / 2 - box.top);
    } else {
      view.x += event.clientX - before.x;
      view.y += event.clientY - before.y;
      place();
    }
  });
  const lift = (event) => fingers.delete(event.pointerId);
  stage.addEventListener("pointerup", lift);
  stage.addEventListener("pointercancel", lift);
  stage.addEventListener("dblclick", () => (view.scale > 1 ? fit() : zoom(3)));
  $("zoom-in").addEventListener("click", () => zoom(1.5));
  $("zoom-out").addEventListener("click", () => zoom(1 / 1.5));
  $("zoom-fit").addEventListener("click", fit);
  addEventListener("resize", place);
}
