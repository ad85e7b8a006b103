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

/** Moves a picture that is larger than the stage, by shares of it. */
export function pan(x, y) {
  if (!view.image) return;
  const { width, height } = $("stage").getBoundingClientRect();
  view.x -= x * width;
  view.y -= y * height;
  place();
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

/** The largest and the closest in time that two taps of a double tap may be apart, in pixels and milliseconds. */
const APART = { pixels: 30, millis: 350 };
/** A finger that moves less only taps, in pixels. */
const STILL = 10;
/** How much larger a double tap makes the picture. */
const CLOSER = 3;

/** Wheel, drag, pinch and double tap. */
export function listen() {
  const stage = $("stage");
  const fingers = new Map();
  let tap = null;
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };
  const inside = (x, y) => {
    const box = stage.getBoundingClientRect();
    return [x - box.left, y - box.top];
  };
  stage.addEventListener(
    "wheel",
    (event) => {
      if (!view.image) return;
      event.preventDefault();
      // A mouse sends 100 or 3 lines a notch, a touchpad many small steps, and its pinch smaller ones with `ctrlKey`.
      const steps = event.deltaMode === 1 ? event.deltaY / 3 : event.deltaY / (event.ctrlKey ? 10 : 100);
      zoom(1.2 ** -Math.max(-3, Math.min(3, steps)), ...inside(event.clientX, event.clientY));
    },
    { passive: false },
  );
  stage.addEventListener("pointerdown", (event) => {
    if (!view.image) return;
    const at = { x: event.clientX, y: event.clientY };
    fingers.set(event.pointerId, at);
    stage.setPointerCapture(event.pointerId);
    const isSecond = tap?.isOver && event.timeStamp - tap.since < APART.millis && Math.hypot(tap.x - at.x, tap.y - at.y) < APART.pixels;
    tap = fingers.size === 1 ? { ...at, since: event.timeStamp, isSecond, isOver: false } : null;
  });
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const apart = fingers.size === 2 ? spread() : 0;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (tap && !tap.isOver && Math.hypot(tap.x - event.clientX, tap.y - event.clientY) > STILL) tap = null;
    view.x += (event.clientX - before.x) / fingers.size;
    view.y += (event.clientY - before.y) / fingers.size;
    if (fingers.size === 2) {
      const [a, b] = [...fingers.values()];
      zoom(spread() / Math.max(apart, 1), ...inside((a.x + b.x) / 2, (a.y + b.y) / 2));
    } else place();
  });
  stage.addEventListener("pointerup", (event) => {
    fingers.delete(event.pointerId);
    if (!tap) return;
    tap.isOver = true;
    if (!tap.isSecond) return;
    tap = null;
    if (view.scale > 1) fit();
    else zoom(CLOSER, ...inside(event.clientX, event.clientY));
  });
  stage.addEventListener("pointercancel", (event) => {
    fingers.delete(event.pointerId);
    tap = null;
  });
  $("zoom-in").addEventListener("click", () => zoom(1.5));
  $("zoom-out").addEventListener("click", () => zoom(1 / 1.5));
  $("zoom-fit").addEventListener("click", fit);
  addEventListener("resize", place);
}
