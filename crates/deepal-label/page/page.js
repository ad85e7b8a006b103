// The labelling page: which sample is shown, what keys do, and what goes to the server.

import { $, Failure, ask, make } from "./dom.js";
import * as cards from "./cards.js";
import * as classes from "./classes.js";
import * as figures from "./figures.js";
import * as outbox from "./outbox.js";
import * as side from "./side.js";
import * as stage from "./stage.js";

/** How many questions are fetched, and how many of the next ones are loaded before they are shown. */
const FETCHED = 60;
const AHEAD = 8;
/** A second click so soon after a sample came was meant for the one before, in milliseconds. */
const TWICE = 250;

let state = null;
/** The open questions in the server's order. */
let queue = [];
/** The first questions of the next batch. They are shown when this batch is done, while its last answers are still on their way. */
let upcoming = [];
/** Samples that were shown, by item. */
const known = new Map();
/** The items that were shown, in order, and the place in it; arrows move through it. */
const trail = [];
let at = -1;
let shownAt = 0;
let view = "label";
let isFetching = false;
/** How many answers were given; a reply to a question from before the last one is old. */
let given = 0;

const current = () => (at >= 0 ? known.get(trail[at]) : null);

/** The open questions that have no answer yet, here or there. */
const open = () => unanswered(queue);

function unanswered(questions) {
  const pending = outbox.pending();
  return questions.filter((question) => !pending.has(question.item) && !known.get(question.item)?.isAnswered);
}

function take(reply) {
  const isNew = reply.batch?.event !== state?.batch?.event;
  state = reply;
  classes.take(state);
  side.show(state);
  side.strip(state.decisions, state.has_pictures, (item) => goTo(item));
  $("undo").disabled = $("cards-undo").disabled = state.newest === null && outbox.isEmpty();
  const isEmpty = state.classes.length === 0;
  $("start").hidden = !isEmpty || view !== "label";
  $("label").hidden = isEmpty || view !== "label";
  if (isNew || open().length < AHEAD) fetchNext();
  else if (!current()) advance();
}

async function fetchNext() {
  if (isFetching) return;
  isFetching = true;
  const before = given;
  const isClean = outbox.isEmpty();
  try {
    const reply = await ask(`/api/next?n=${FETCHED}`);
    isFetching = false;
    // What was answered meanwhile is still open in this reply.
    for (const question of before === given && isClean ? reply.questions : []) {
      if (known.has(question.item)) known.get(question.item).isAnswered = false;
    }
    queue = reply.questions;
    upcoming = reply.ahead;
    preload();
    setState(reply.state);
    if (!current()) advance();
    else await leaveAnswered();
  } catch (failure) {
    isFetching = false;
    notice(failure);
  }
}

/** Loads the pictures that come next, the nearest last, so that they are the last to be dropped. */
function preload() {
  stage.preload([...open(), ...unanswered(upcoming)].slice(0, AHEAD).reverse());
}

/** Moves on from a question that was answered elsewhere, such as in another tab. */
async function leaveAnswered() {
  const item = current();
  const isHere = (question) => question.item === item.item;
  if (!item.isQuestion || item.isAnswered || [...queue, ...upcoming].some(isHere)) return;
  const found = await ask(`/api/item/${item.item}`);
  const isAnswered = found.class !== null || found.is_skipped || found.is_discarded;
  if (!isAnswered || current() !== item || item.isAnswered || view !== "label") return;
  Object.assign(item, found, { isAnswered: true });
  say("The last sample was answered in another tab.");
  advance();
}

/** A state that came with questions. */
function setState(reply) {
  state = reply;
  classes.take(state);
  side.show(state);
  side.strip(state.decisions, state.has_pictures, (item) => goTo(item));
}

function notice(failure) {
  if (failure instanceof Failure && (failure.status === 0 || failure.status === 401) && outbox.isEmpty()) {
    say(failure.status === 0 ? "The program does not answer. Start `deepal label` again: this page then continues by itself." : failure.message);
  } else if (failure instanceof Failure && failure.status !== 0) say(failure.message);
}

let noticeTimer = null;

function say(text, seconds = 6) {
  $("notice").hidden = false;
  $("notice").textContent = text;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => ($("notice").hidden = true), 1000 * seconds);
}

/** Shows the next open question; after the last one, what there is to wait for. */
function advance(after) {
  const questions = open();
  const from = after ? queue.findIndex((question) => question.item === after) : -1;
  let next = questions.find((question) => queue.indexOf(question) > from) ?? questions.find((question) => question.item !== after);
  // Not while answers cannot be saved: the program may be gone, and know nothing of these questions when it is back.
  if (questions.length === 0 && !outbox.isStuck()) next = unanswered(upcoming)[0];
  if (!next) return rest(after && questions.length > 0);
  visit({ ...next, isQuestion: true });
}

function visit(item) {
  known.set(item.item, { ...known.get(item.item), ...item });
  trail.splice(at + 1);
  trail.push(item.item);
  at = trail.length - 1;
  show();
}

function show() {
  const item = current();
  shownAt = performance.now();
  stage.show(item);
  $("caption-id").textContent = `\u200e${item.id}`;
  $("caption-id").title = item.id;
  drawNow();
  side.why(item);
  preload();
  if (!$("type").hidden && view === "label" && !document.querySelector("dialog[open]")) $("type-box").focus();
}

function drawNow() {
  const item = current();
  if (!item) return;
  const now = item.class !== null ? classes.name(item.class) : item.is_discarded ? "discarded" : item.is_skipped ? "skipped" : "";
  $("caption-now").textContent = [now, item.flag !== null && item.flag !== undefined ? `⚑ ${item.flag || "flagged"}` : ""].filter(Boolean).join(" · ");
  classes.mark(item.class, $("suggest").checked ? item.likeliest : []);
}

/** Nothing to show at the moment. */
function rest(isLast) {
  if (isLast) return say("This is the last open question of the batch.");
  at = trail.length;
  $("caption-id").textContent = $("caption-now").textContent = "";
  classes.mark(null, []);
  if (state?.is_over) stage.say("All done.", "Every sample has an answer. Download the labels under Options, or find samples to check their labels.");
  else if (state?.training.error) stage.say("The next questions could not be chosen.", state.training.error);
  else stage.say("Choosing the next questions…", state?.batch ? "The net is learning from your last answers." : "This takes a moment the first time.");
}

/** Shows a sample that was answered or found. */
async function goTo(item) {
  if (view !== "label") setView("label");
  try {
    const found = typeof item === "string" ? await ask(`/api/item/${item}`) : item;
    visit({ ...found, isQuestion: false });
  } catch (failure) {
    notice(failure);
  }
}

/** Records an answer about the sample that is shown, and moves on. */
function answer(what) {
  const item = current();
  if (!item) return;
  const millis = Math.min(Math.round(performance.now() - shownAt), 3_600_000);
  Object.assign(item, {
    class: what.action === "label" ? what.class : item.class,
    is_discarded: what.action === "discard",
    is_skipped: what.action === "skip",
    isAnswered: true,
  });
  given += 1;
  outbox.answer([item.item], what, millis);
  $("undo").disabled = false;
  live(what);
  if (at < trail.length - 1) {
    at += 1;
    show();
  } else advance(item.item);
}

function live(what) {
  const left = open().length;
  $("live").textContent = `${side.words(what)}. ${left === 1 ? "1 question" : `${left} questions`} left in this batch.`;
}

/** Whether a click is the second half of a double click, which was meant for the sample before. */
const isSecond = (event) => event.detail > 1 && view === "label" && performance.now() - shownAt < TWICE;

const label = (index) => (view === "label" ? answer({ action: "label", class: index }) : cards.label(index));

function undo() {
  if ($("undo").disabled) return;
  given += 1;
  outbox.undo();
}

function back() {
  if (at > 0 && trail.length > 0) {
    at -= 1;
    show();
  } else say("This is the first sample of this visit; earlier answers are in the strip below.");
}

function forward() {
  if (at < trail.length - 1) {
    at += 1;
    show();
  } else if (current()) advance(current().item);
}

function setView(wanted) {
  view = wanted;
  for (const name of ["label", "grid", "find"]) $(`view-${name}`).setAttribute("aria-pressed", String(name === view));
  const isEmpty = state?.classes.length === 0;
  $("start").hidden = !isEmpty || view !== "label";
  $("label").hidden = isEmpty || view !== "label";
  $("cards").hidden = view === "label";
  if (view === "label") {
    const item = current();
    if (item && !item.isAnswered) show();
    else advance();
  } else cards.enter(view);
}

function saved(entry, reply) {
  if (entry.path === "/api/undo") undone(reply);
  take(reply.state);
}

function undone(reply) {
  if (reply.undone.length === 0) return say("There is nothing left to undo.");
  for (const item of reply.items) known.set(item.item, { ...known.get(item.item), ...item, isAnswered: false, isQuestion: false });
  const what = reply.undone.length === 1 ? side.words(reply.undone[0].answer) : `${reply.undone.length} answers`;
  say(`Undone: ${what}.`, 3);
  $("live").textContent = `Undone: ${what}.`;
  queue = [...reply.items.filter((item) => !queue.some((question) => question.item === item.item)), ...queue];
  if (view === "label") visit(reply.items[0]);
  else if (view === "grid") cards.enter("grid");
}

function refused(entry, failure) {
  say(`Not taken: ${failure.message}`, 12);
  for (const item of entry.body.items ?? []) {
    if (known.has(item)) known.get(item).isAnswered = false;
  }
  fetchNext();
}

function flag() {
  if (!current()) return;
  $("flag-note").value = current().flag ?? "";
  $("flag-remove").hidden = current().flag === null;
  $("flag-dialog").showModal();
}

function setFlag(event) {
  event.preventDefault();
  const item = current();
  item.flag = $("flag-note").value.trim();
  given += 1;
  outbox.answer([item.item], { action: "flag", note: item.flag }, null);
  $("flag-dialog").close();
  drawNow();
}

function removeFlag() {
  const item = current();
  item.flag = null;
  given += 1;
  outbox.answer([item.item], { action: "unflag" }, null);
  $("flag-dialog").close();
  drawNow();
}

function toggleWhy() {
  const isOpen = $("why").hidden;
  $("why").hidden = !isOpen;
  $("why").dataset.item = "";
  $("why-open").setAttribute("aria-expanded", String(isOpen));
  $("why-open").firstChild.textContent = isOpen ? "Hide " : "Show ";
  if (isOpen) side.why(current());
}

/** Where arrows move a zoomed picture to, with Shift: shares of its width and height. */
const MOVES = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.2], ArrowDown: [0, 0.2] };

const COMMANDS = {
  d: () => answer({ action: "discard" }),
  f: flag,
  w: toggleWhy,
  s: () => $("suggest").click(),
};

function key(event) {
  if (document.querySelector("dialog[open]")) return;
  const tag = event.target.tagName;
  const isTyping = (tag === "INPUT" && event.target.type !== "checkbox") || tag === "TEXTAREA";
  const isBox = event.target === $("type-box");
  const isBlank = isBox && event.target.value === "";
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.shiftKey && (!isTyping || isBlank)) {
    event.preventDefault();
    return undo();
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (isTyping) event.target.blur();
    else if (view !== "label") setView("label");
    return;
  }
  const isForBox = isBlank && [" ", "Backspace", "ArrowLeft", "ArrowRight"].includes(event.key);
  if (isTyping && !isForBox) return;
  const isMove = event.key in MOVES;
  // A held key counts once; only moving may repeat.
  if (event.repeat && !isMove) return event.preventDefault();
  // Space on a button or a box is for that.
  const isControl = event.key === " " && !isForBox && ["BUTTON", "A", "INPUT"].includes(tag);
  const act = isControl ? null : event.shiftKey && MOVES[event.key] && view === "label" ? () => stage.pan(...MOVES[event.key]) : command(event.key);
  if (act) {
    event.preventDefault();
    act();
  }
}

function command(name) {
  const lower = name.toLowerCase();
  const picked = classes.byKey(name);
  if (name === "Backspace") return undo;
  if (name === "?") return () => $("help").showModal();
  if (lower === "g") return () => setView(view === "grid" ? "label" : "grid");
  if (name === "/") return () => setView("find");
  if (picked !== null && name.length === 1) return () => label(picked);
  if (view !== "label") return name === "ArrowRight" && view === "grid" ? cards.next : null;
  if (name === " ") return () => answer({ action: "skip" });
  if (name === "ArrowLeft") return back;
  if (name === "ArrowRight") return forward;
  if (name === "+" || name === "=") return () => stage.zoom(1.5);
  if (name === "-" || name === "_") return () => stage.zoom(1 / 1.5);
  return COMMANDS[lower] ?? null;
}

async function begin(event) {
  event.preventDefault();
  const names = [...new Set($("start-names").value.split("\n").map((line) => line.trim()).filter(Boolean))];
  let reply = null;
  try {
    for (const name of names) reply = await ask("/api/classes", { name });
  } catch (failure) {
    notice(failure);
  }
  if (reply) take(reply.state);
}

async function poll() {
  const isWaiting = !current() || state?.training.is_running;
  setTimeout(poll, isWaiting ? 300 : document.hidden ? 10000 : 2000);
  if (!outbox.isEmpty()) return;
  const before = given;
  try {
    const reply = await ask("/api/state");
    if (before !== given) return;
    // Nothing of ours is on its way, so another newest event is from another tab or a script.
    const isForeign = state !== null && reply.newest !== state.newest;
    take(reply);
    if (isForeign) fetchNext();
  } catch (failure) {
    notice(failure);
  }
}

function listen() {
  const click = (id, act) => $(id).addEventListener("click", act);
  document.addEventListener("keydown", key);
  // A button keeps no focus that a pointer gave it: Space means skip again.
  document.addEventListener("pointerup", (event) => event.target.closest?.("main button, footer button")?.blur());
  click("skip", (event) => isSecond(event) || answer({ action: "skip" }));
  click("discard", (event) => isSecond(event) || answer({ action: "discard" }));
  click("flag", flag);
  click("undo", undo);
  click("view-label", () => setView("label"));
  click("view-grid", () => setView("grid"));
  click("view-find", () => setView("find"));
  click("help-open", () => $("help").showModal());
  click("help-close", () => $("help").close());
  click("flag-remove", removeFlag);
  click("flag-cancel", () => $("flag-dialog").close());
  click("why-open", toggleWhy);
  $("flag-dialog").querySelector("form").addEventListener("submit", setFlag);
  $("start-form").addEventListener("submit", begin);
  $("suggest").addEventListener("change", () => {
    drawNow();
    $("suggest").blur();
  });
  addEventListener("focus", () => outbox.isEmpty() && !isFetching && fetchNext());
  stage.listen();
  figures.listen();
  classes.listen({ choose: (index, event) => isSecond(event) || label(index), changed: take });
  cards.listen({
    open: goTo,
    answer: (items, index) => {
      for (const item of items) known.set(item.item, { ...known.get(item.item), ...item, class: index, isAnswered: true });
      given += 1;
      outbox.answer(items.map((item) => item.item), { action: "label", class: index }, null);
      $("live").textContent = `${items.length} labelled ${classes.name(index)}.`;
    },
    undo,
    questions: open,
    last: () => known.get(trail[Math.min(at, trail.length - 1)]) ?? null,
  });
  setInterval(side.tick, 1000);
}

side.theme();
stage.say("Loading…", "");
listen();
outbox.start({ done: saved, refused, newest: () => state?.newest ?? null });
fetchNext();
poll();
