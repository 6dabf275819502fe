// @ts-check
/**
 * The page's own furniture: which panel shows, toasts, pressed buttons, keys. It knows nothing of the call.
 *
 * @typedef {import("./wording.js").Words} Words
 * @typedef {"loading"|"consent"|"setup"|"call"|"end"} Screen
 * @typedef {{label: string, run: () => void, primary?: boolean}} Action
 */
import { STATES } from "./wording.js";

const TOAST_MS = 7000;
const KEYS = "visavis.shortcuts";

/** The element with this id. @param {string} id @returns {any} */
export const $ = (id) => document.getElementById(id);

/** @param {Screen} screen */
export function showScreen(screen) {
  document.body.dataset.screen = screen;
  for (const panel of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".panel"))) {
    panel.hidden = panel.dataset.for !== screen;
  }
  const title = /** @type {HTMLElement | null} */ (document.querySelector(`.panel[data-for="${screen}"] h2`));
  // In the call the keys are shortcuts, so the focus is on the name and not in the text box.
  (title ?? $("agent-name")).focus({ preventScroll: true });
}

/** The last panel: how it ended and what can be done. @param {Words} words @param {Action[]} actions */
export function showEnd({ title, text, advice }, actions) {
  $("end-title").textContent = title;
  $("end-text").textContent = text;
  $("end-advice").textContent = advice;
  $("end-actions").replaceChildren(...actions.map(button));
  showScreen("end");
}

/** The agent's state, or the line's, as a word and on the page. @param {string} state */
export function showState(state) {
  document.body.dataset.state = state;
  $("state-text").textContent = STATES[state] ?? state;
}

/**
 * A short message that goes away by itself, unless it offers an action.
 * @param {string} text
 * @param {{action?: Action, kind?: "note"|"trouble", key?: string}} [options] a later toast with the same key replaces it
 * @returns {() => void} takes it away
 */
export function toast(text, { action, kind = "note", key = text } = {}) {
  for (const old of [...$("toasts").children]) if (old.dataset.key === key) old.remove();
  const box = document.createElement("div");
  box.className = `toast ${kind}`;
  box.dataset.key = key;
  const words = document.createElement("p");
  words.textContent = text;
  const remove = () => box.remove();
  const close = button({ label: "Dismiss", run: remove });
  const buttons = action ? [button({ ...action, run: () => (remove(), action.run()) })] : [];
  box.append(words, ...buttons, close);
  $("toasts").append(box);
  if (!action) setTimeout(remove, TOAST_MS);
  return remove;
}

export function clearToasts() {
  $("toasts").replaceChildren();
}

/** Whether the panel stands beside the face, not below it as on a phone. */
export const wide = () => matchMedia("(min-width: 900px) and (min-height: 640px)").matches;

/** Says something to screen readers. @param {string} text */
export function announce(text) {
  $("announce").textContent = text;
}

/** Shown and said; nothing without a text. @param {string|undefined} text @param {string} key as of a toast */
export function tell(text, key) {
  if (!text) return;
  toast(text, { key });
  announce(text);
}

/** @param {string} id @param {boolean} pressed @param {string} [icon] */
export function press(id, pressed, icon) {
  $(id).setAttribute("aria-pressed", String(pressed));
  if (icon) $(id).querySelector("use").setAttribute("href", `#${icon}`);
}

/** @param {Action} action */
function button({ label, run, primary = false }) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.className = primary ? "primary" : "";
  made.addEventListener("click", run);
  return made;
}

/**
 * One-key shortcuts: never while typing or choosing, never with a modifier, and they can be switched off.
 * @param {Record<string, () => void>} keys lower-case key to what it does
 * @param {() => void} escape
 */
export function shortcuts(keys, escape) {
  const box = /** @type {HTMLInputElement} */ ($("shortcuts"));
  const apply = () => document.body.classList.toggle("no-keys", !box.checked);
  box.checked = localStorage.getItem(KEYS) !== "off";
  box.addEventListener("change", () => {
    localStorage.setItem(KEYS, box.checked ? "on" : "off");
    apply();
  });
  apply();
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") escape();
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
    const run = keys[event.key.toLowerCase()];
    if (!run || !plain || !box.checked || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    run();
  });
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

/** A text box that grows with its text; Enter sends, Shift+Enter breaks the line. @param {(text: string) => boolean} send @param {() => void} typing */
export function textBox(send, typing) {
  const box = /** @type {HTMLTextAreaElement} */ ($("say"));
  const fit = () => {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight + 2, 140)}px`;
  };
  const submit = () => {
    const text = box.value.trim();
    if (text && send(text)) box.value = "";
    fit();
  };
  box.addEventListener("input", () => (fit(), typing()));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") box.blur();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  $("say-form").addEventListener("submit", (/** @type {Event} */ event) => (event.preventDefault(), submit()));
}
