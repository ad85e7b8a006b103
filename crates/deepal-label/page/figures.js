// Figures for each class, in a part of the side that is folded until someone wants it.

import { $, ask, make, percent } from "./dom.js";

/** The state that the figures are about. */
let shown = "";
let state = null;

export function listen() {
  $("more").addEventListener("toggle", () => show(state));
}

/** Fetches the figures again if they are unfolded and something has changed. */
export async function show(given) {
  state = given;
  if (!state) return;
  const about = JSON.stringify([state.newest, state.batch?.event, state.training.n_labeled, state.classes.map((entry) => entry.name)]);
  if (!$("more").open || about === shown) return;
  shown = about;
  const found = await ask("/api/progress").catch((failure) => ({ error: failure.message }));
  if (about !== shown) return;
  if (found.error) {
    shown = "";
    $("more-figures").replaceChildren(make("p", {}, found.error));
    return;
  }
  const drawn = found.per_class.reduce((sum, entry) => sum + entry.drawn, 0);
  const parts = [
    table(["Class", "Labels", "Drawn", "Recall", "Precision"], found.per_class, (entry) => [entry.labels, entry.drawn, share(entry.recall), share(entry.precision)]),
    make("p", { className: "hint" }, `Recall and precision of the last trained net on ${drawn} labelled samples drawn at random. It has not learnt from them.`),
    ...rounds(found.trainings),
  ];
  const measured = found.net?.cross_validation;
  if (measured) {
    const rows = measured.per_class.map((entry, index) => ({ ...entry, name: found.per_class[index].name }));
    parts.push(
      table(["Class", "Recall", "Precision"], rows, (entry) => [share(entry.recall), share(entry.precision)]),
      make("p", { className: "hint" }, `Cross-validation of \u201cdeepal train\u201d on ${measured.labels} labels, selected ones too: accuracy ${percent(measured.accuracy)}, macro-F1 ${percent(measured.macro_f1)}.`),
    );
  }
  $("more-figures").replaceChildren(...parts);
}

const share = (value) => (value === null ? "–" : percent(value));

function table(heads, rows, cells) {
  const line = (entry) =>
    make("tr", {}, make("th", { scope: "row", title: entry.name }, entry.name), ...cells(entry).map((cell) => make("td", {}, String(cell))));
  const head = make("tr", {}, ...heads.map((name) => make("th", { scope: "col" }, name)));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows.map(line)));
}

/** What the last training changed. */
function rounds(trainings) {
  if (trainings.length < 2) return [];
  const [before, last] = trainings.slice(-2);
  const right = ([n, of]) => (of === 0 ? "–" : percent(n / of));
  const same = last.agreement === null ? "" : ` ${percent(last.agreement)} of the predictions stayed the same.`;
  const text = `Last training: from ${before.n_labeled} to ${last.n_labeled} labels. Right on the drawn samples: ${right(before.audit)} before, ${right(last.audit)} now.${same}`;
  return [make("p", { className: "hint" }, text)];
}
