// Small helpers: elements, words, requests. Text from data is only ever set as text.

export const $ = (id) => document.getElementById(id);

/** An element with properties and children; strings become text. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.startsWith("aria")) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const media = (item, small) => `/media/${item}${small ? "?small=true" : ""}`;

/** The colour of a class, far from those of its neighbours. */
export function paint(element, index) {
  element.style.background = `hsl(${(index * 137.5) % 360} 65% var(--swatch))`;
  return element;
}

export const swatch = (index) => paint(make("span", { className: "swatch", "aria-hidden": "true" }), index);

export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

export const percent = (share) => `${Math.round(100 * share)} %`;

/** What a request that failed says. `status` is 0 if nobody answered. */
export class Failure extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** JSON from the server; a body makes it a POST. */
export async function ask(path, body) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), 15000);
  const options = { signal: abort.signal, credentials: "same-origin" };
  if (body !== undefined) {
    Object.assign(options, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  }
  try {
    const response = await fetch(path, options).catch(() => {
      throw new Failure(0, "the program does not answer; is `deepal label` still running?");
    });
    const text = await response.text();
    let answer = {};
    try {
      answer = JSON.parse(text);
    } catch {
      answer = { error: text.trim() };
    }
    if (!response.ok) throw new Failure(response.status, answer.error || response.statusText);
    return answer;
  } finally {
    clearTimeout(timer);
  }
}

/** A key that no other answer has. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
