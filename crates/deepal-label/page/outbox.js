// Answers on their way to the server: in order, one at a time, kept and sent again until each is on disk.

import { $, ask, freshKey } from "./dom.js";

const STORE = "deepal-unsaved";
const WAITS = [500, 1000, 2000, 4000, 5000];

let waiting = [];
let isSending = false;
let failures = 0;
let timer = null;
const hooks = { done: () => {}, refused: () => {}, newest: () => null };

/** `done(entry, reply)` after an answer is on disk, `refused(entry, failure)` if it never will be, `newest()` the newest known event. */
export function start(given) {
  Object.assign(hooks, given);
  try {
    // What a page that was closed or loaded again could not save.
    waiting = JSON.parse(sessionStorage.getItem(STORE) || "[]").map((entry) => ({ ...entry, tries: entry.tries + 1 }));
  } catch {
    waiting = [];
  }
  $("alert-retry").addEventListener("click", () => send(true));
  addEventListener("online", () => send(true));
  document.addEventListener("visibilitychange", () => document.hidden || send(true));
  addEventListener("beforeunload", (event) => {
    if (failures > 0 && waiting.length > 0) event.preventDefault();
  });
  send(true);
}

export function answer(items, answer, millis) {
  push({ path: "/api/answer", body: { key: freshKey(), items, millis, ...answer } });
}

export function undo() {
  push({ path: "/api/undo", body: {} });
}

/** The items that have an answer which is not on disk yet. */
export const pending = () => new Set(waiting.flatMap((entry) => (["flag", "unflag"].includes(entry.body.action) ? [] : entry.body.items || [])));

export const isEmpty = () => waiting.length === 0;

/** Whether the last attempt to save failed. */
export const isStuck = () => failures > 0;

function push(entry) {
  waiting.push({ ...entry, tries: 0 });
  keep();
  send(false);
}

function keep() {
  try {
    sessionStorage.setItem(STORE, JSON.stringify(waiting));
  } catch {
    // Without storage the answers are kept as long as this tab is open.
  }
  show();
}

function show(reason) {
  const n = waiting.length;
  $("saved").textContent = n === 0 ? "Saved" : failures > 0 ? "Not saved" : "Saving…";
  $("saved").classList.toggle("waits", failures > 0);
  $("alert").hidden = failures === 0;
  if (failures > 0) {
    const what = n === 1 ? "Not saved: 1 answer is kept in this tab and sent again." : `Not saved: ${n} answers are kept in this tab and sent again.`;
    const why = reason || $("alert").dataset.reason || "";
    $("alert").dataset.reason = why;
    $("alert-text").textContent = `${what} You can continue. Reason: ${why}`;
  }
}

async function send(atOnce) {
  if (atOnce) {
    clearTimeout(timer);
    timer = null;
  }
  if (isSending || timer !== null || waiting.length === 0) return;
  isSending = true;
  while (waiting.length > 0) {
    const entry = waiting[0];
    if (entry.path === "/api/undo" && entry.body.event === undefined) {
      const newest = hooks.newest();
      if (newest !== null) entry.body.event = newest;
    }
    if (entry.tries > 0 && entry.path === "/api/answer") entry.body.retry = true;
    try {
      const reply = await ask(entry.path, entry.body);
      waiting.shift();
      failures = 0;
      keep();
      hooks.done(entry, reply);
    } catch (failure) {
      if (![400, 404, 409, 413, 415, 422].includes(failure.status)) {
        entry.tries += 1;
        failures += 1;
        keep();
        const locked = failure.status === 401 || failure.status === 403;
        show(locked ? "This page is locked out: open the address that the terminal shows in another tab." : failure.message);
        timer = setTimeout(() => send(true), WAITS[Math.min(failures, WAITS.length) - 1]);
        break;
      }
      waiting.shift();
      failures = 0;
      keep();
      hooks.refused(entry, failure);
    }
  }
  isSending = false;
}
