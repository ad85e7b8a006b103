// What stands around the sample: progress, accuracy, advice, the strip of decisions, and why a question is asked.

import { $, ask, duration, make, media, percent, swatch } from "./dom.js";
import * as classes from "./classes.js";
import * as figures from "./figures.js";

let state = null;
let received = 0;

/** Shows a state. */
export function show(given) {
  state = given;
  received = performance.now();
  $("project").textContent = state.project;
  $("project").title = state.folder;
  document.title = `${state.project} – deepal label`;
  const batch = state.batch;
  const done = batch ? batch.of - batch.open : 0;
  $("batch-bar").max = Math.max(1, batch?.of ?? 1);
  $("batch-bar").value = done;
  $("batch-text").textContent = batch ? `${done} of ${batch.of} in this batch` : "";
  progress();
  figures.show(state);
  $("accuracy").textContent = sentence(state.accuracy.sentence);
  // Without a net, both would say that there is none.
  $("forecast").textContent = state.training.n_labeled === null ? "" : `Forecast: ${state.forecast.sentence}.`;
  $("advice").replaceChildren(...state.advice.map((line) => make("li", {}, sentence(line))));
  tick();
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

function progress() {
  const rows = [["Labelled", `${state.labeled} of ${state.samples}`]];
  const by = Object.fromEntries(state.per_asked_by);
  const names = { strategy: "asked by the strategy", audit: "drawn at random", found: "found", import: "came with the data" };
  for (const [key, words] of Object.entries(names)) {
    if (by[key]) rows.push([`– ${words}`, by[key]]);
  }
  if (state.skipped) rows.push(["Skipped", state.skipped]);
  if (state.discarded) rows.push(["Discarded", state.discarded]);
  if (state.flagged) rows.push(["Flagged", state.flagged]);
  if (state.seconds_per_label !== null) {
    rows.push(["Per label", `${state.seconds_per_label.toFixed(1)} s`]);
    if (state.batch?.open) rows.push(["Time left in this batch", duration(state.seconds_left)]);
  }
  $("figures").replaceChildren(...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));
}

/** The line about training; called each second. */
export function tick() {
  if (!state) return;
  const { is_running, n_labeled, seconds_ago, next_after, error } = state.training;
  const parts = [];
  if (n_labeled !== null) {
    const ago = seconds_ago + (performance.now() - received) / 1000;
    parts.push(`Trained on ${n_labeled} labels ${duration(ago)} ago.`);
  } else {
    parts.push("No net is trained yet.");
  }
  if (is_running) parts.push("Training now; you can continue.");
  else if (next_after !== null && state.batch?.open) parts.push(`Next training after ${next_after} more ${next_after === 1 ? "answer" : "answers"}.`);
  if (state.batch?.fallback) parts.push(sentence(state.batch.fallback));
  if (error) parts.push(`The last training failed: ${error}`);
  $("state-line").textContent = parts.join(" ");
}

const THEMES = { Auto: "Light", Light: "Dark", Dark: "Auto" };

/** Colours as the user chose them, and the button that changes them. */
export function theme() {
  const set = (name) => {
    if (name === "Auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name.toLowerCase();
    $("theme").textContent = `◐ ${name}`;
    $("theme").title = "Colours: those of the system (Auto), light or dark";
    $("theme").dataset.name = name;
    localStorage.setItem("deepal-theme", name);
  };
  const kept = localStorage.getItem("deepal-theme");
  set(kept in THEMES ? kept : "Auto");
  $("theme").addEventListener("click", () => set(THEMES[$("theme").dataset.name]));
}

const VERBS = { skip: "skipped", discard: "discarded", flag: "flagged", unflag: "flag removed" };

/** What a decision says, in words. */
export const words = (answer) => (answer.action === "label" ? classes.name(answer.class) : VERBS[answer.action]);

/** The lines of the strip, by what they say. */
let lines = new Map();

/** The last decisions, the newest last; `open(item)` when one is clicked. */
export function strip(decisions, hasPictures, open) {
  const line = (decision) =>
    make(
      "li",
      {},
      make(
        "button",
        {
          type: "button",
          title: `${decision.id}: ${words(decision.answer)}; click to change it`,
          "aria-label": `${decision.id}: ${words(decision.answer)}. Change it`,
          onclick: () => open(decision.item),
        },
        hasPictures
          ? make("img", { src: media(decision.item, true), alt: "" })
          : make("span", { className: "piece" }, `\u200e${decision.id}`),
        decision.answer.action === "label" ? swatch(decision.answer.class) : null,
        words(decision.answer),
      ),
    );
  // Lines that stay are kept, with their pictures and the focus.
  const before = lines;
  lines = new Map(
    decisions.map((decision) => {
      const text = JSON.stringify([decision, words(decision.answer)]);
      return [text, before.get(text) ?? line(decision)];
    }),
  );
  if ([...lines.keys()].join() === [...before.keys()].join()) return;
  for (const [text, old] of before) {
    if (!lines.has(text)) old.remove();
  }
  [...lines.values()].forEach((item, place) => {
    if ($("strip").children[place] !== item) $("strip").insertBefore(item, $("strip").children[place] ?? null);
  });
  $("strip").scrollLeft = $("strip").scrollWidth;
}

const ASKED = {
  audit: "It was drawn at random, to measure the accuracy.",
  found: "You found it.",
  import: "Its label came with the data.",
  strategy: "A strategy asked for it in an earlier batch.",
};

/** Why a sample is asked about. */
export async function why(item) {
  const place = $("why");
  if (place.hidden || !item || place.dataset.item === item.item) return;
  place.dataset.item = item.item;
  const found = await ask(`/api/why/${item.item}`).catch((failure) => ({ error: failure.message }));
  if (place.dataset.item !== item.item) return;
  // A question of the next batch is in hand only when its batch is.
  const isAhead = item.isQuestion && !found.in_hand && !found.asked_by;
  if (isAhead) place.dataset.item = "";
  const parts = [];
  const add = (text) => parts.push(make("p", {}, text));
  if (found.error) add(found.error);
  else if (isAhead) add("The strategy picked it for the next batch.");
  else if (!found.strategy) add(ASKED[found.asked_by] ?? "It was not asked: you opened it yourself.");
  else {
    add(`The strategy ${found.strategy} picked it${found.rank ? `, as number ${found.rank}` : ""}.`);
    if (found.score !== null) add(`Its score is ${Number(found.score).toPrecision(3)}. Higher scores are asked first.`);
    if (found.fallback) add(sentence(found.fallback));
  }
  if (found.likeliest?.length) {
    const two = found.likeliest.slice(0, 2).map(([index, share]) => `${classes.name(index)} (${percent(share)})`);
    add(`Likeliest classes: ${two.join(", ")}.`);
  }
  if (found.nearest?.length) {
    add("The nearest labelled samples:");
    const figure = (near) =>
      make(
        "figure",
        {},
        near.kind === "picture" ? make("img", { src: media(near.item, true), alt: near.id }) : make("span", {}, near.text?.slice(0, 80) ?? near.id),
        make("figcaption", {}, near.class === null ? "" : classes.name(near.class)),
      );
    parts.push(make("div", { className: "near" }, ...found.nearest.map(figure)));
  }
  place.replaceChildren(...parts);
}
