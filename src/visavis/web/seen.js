// @ts-check
/**
 * The panel "What the agent sees": frames that were looked at, why, what was read in them, and what was saved by not
 * looking at the others. It stays out of sight until there is something to tell.
 *
 * @typedef {import("./protocol.js").Frame} Frame
 * @typedef {import("./protocol.js").Sight} Sight
 * @typedef {import("./protocol.js").SightTotals} SightTotals
 */
import { part } from "./parts.js";
import { DROPPED, LOOKED, SOURCES } from "./wording.js";

const KEPT = 12;
const AGES_EVERY_MS = 1000;
/** Screen readers hear of a frame at most this often, and only while the panel is open. */
const TELL_EVERY_MS = 6000;
/** A longer text is folded. */
const FOLDED_CHARS = 120;
/** Only pictures that the server could have made are shown. */
const BASE64 = /^[A-Za-z0-9+/]+=*$/;

const NUMBER = new Intl.NumberFormat("en");

/** @param {number} usd */
export const price = (usd) => (usd >= 1 ? `$${usd.toFixed(2)}` : `$${Number(usd.toPrecision(2))}`);

/** @param {number} seconds */
export const ago = (seconds) =>
  seconds < 2 ? "now" : seconds < 60 ? `${Math.floor(seconds)} s ago` : `${Math.floor(seconds / 60)} min ago`;

/** @param {Record<string, string>} words @param {string} reason */
const plainly = (words, reason) => words[reason] ?? reason.replaceAll("_", " ");

export class Seen {
  /** @type {Map<string, HTMLLIElement>} */
  #frames = new Map();
  /** What was read in frames that are not here yet. @type {Sight[]} */
  #early = [];
  #toldAt = -TELL_EVERY_MS;

  /**
   * @param {object} places
   * @param {HTMLDetailsElement} places.panel
   * @param {HTMLElement} places.brief beside the title
   * @param {HTMLElement} places.totals
   * @param {HTMLElement} places.why
   * @param {HTMLElement} places.list
   * @param {HTMLElement} places.empty
   * @param {(text: string) => void} places.announce
   */
  constructor(places) {
    this.places = places;
    setInterval(() => this.#ages(), AGES_EVERY_MS);
    places.panel.addEventListener("toggle", () => this.#ages());
  }

  toggle() {
    const { panel } = this.places;
    if (panel.hidden) return;
    panel.open = !panel.open;
    panel.querySelector("summary")?.focus();
  }

  /** Another call: nothing has been seen. `open`: there is room to show it at once. @param {{open: boolean}} how */
  wipe({ open }) {
    const { panel, list, totals, why, brief, empty } = this.places;
    panel.hidden = true;
    panel.open = open;
    empty.hidden = false;
    this.#frames.clear();
    this.#early = [];
    for (const place of [list, totals, why, brief]) place.replaceChildren();
  }

  /** @param {SightTotals} totals */
  count({ seen, sent, dropped, tokens = 0, price_usd: usd = 0, saved = 0 }) {
    const { panel, brief, totals, why } = this.places;
    panel.hidden = false;
    brief.replaceChildren(`${NUMBER.format(sent)} of ${NUMBER.format(Math.max(seen, sent))}`, part("span", "", " frames"));
    totals.replaceChildren(
      figure("Frames", NUMBER.format(Math.max(seen, sent))),
      figure("Looked at", NUMBER.format(sent)),
      figure("Tokens", NUMBER.format(tokens)),
      figure("Price", usd ? price(usd) : "none"),
      figure("Saved", `${Math.floor(saved * 100)} %`, "Of the tokens that a frame a second would have cost"),
    );
    const most = Object.entries(dropped).sort(([, one], [, other]) => other - one);
    why.textContent = most.length
      ? `Not looked at: ${most.map(([reason, count]) => `${NUMBER.format(count)} ${plainly(DROPPED, reason)}`).join(", ")}.`
      : "";
  }

  /** @param {Frame} frame */
  frame(frame) {
    const { panel, list, empty, announce } = this.places;
    panel.hidden = false;
    empty.hidden = true;
    const key = `${frame.source}:${frame.frame_at_s}`;
    const item = shown(frame);
    const before = this.#frames.get(key);
    if (before) {
      /** @type {HTMLElement} */ (item.querySelector(".frame-words")).append(...before.querySelectorAll(".read"));
      before.replaceWith(item);
    } else list.prepend(item);
    this.#frames.set(key, item);
    while (list.children.length > KEPT) list.lastElementChild?.remove();
    for (const [known, one] of this.#frames) if (!one.isConnected) this.#frames.delete(known);
    this.#ages();
    for (const sight of this.#early.splice(0)) this.note(sight);
    if (!panel.open || performance.now() - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = performance.now();
    announce(`Looked at ${plainly(SOURCES, frame.source).toLowerCase()}: ${plainly(LOOKED, frame.why)}`);
  }

  /** What was read in a frame that is still in the list, or about to come. @param {Sight} sight */
  note(sight) {
    const { source, frame_at_s: at, text, how, document = 0 } = sight;
    const item = this.#frames.get(`${source}:${at}`);
    if (!text.trim()) return;
    if (!item) return void (this.#early = [...this.#early, sight].slice(-KEPT));
    const kind = document ? `document-${document}` : `note-${how}`;
    const before = [...item.querySelectorAll(".read")].find((one) => one instanceof HTMLElement && one.dataset.note === kind);
    before?.remove();
    const told = how && how === item.dataset.provider ? `Told by ${how}` : "Read";
    const title = document ? `Kept as document ${document}` : how === "objects" ? "" : told;
    const note = text.length > FOLDED_CHARS ? part("details", "read") : part("p", "read");
    note.dataset.note = kind;
    if (how) note.dataset.how = how;
    if (note instanceof HTMLDetailsElement) {
      const short = `${text.slice(0, FOLDED_CHARS - 30).trimEnd()}…`;
      const summary = part("summary", "", `${title}: `);
      summary.append(part("q", "", short));
      note.append(summary, part("p", "passage", text));
    } else {
      note.append(...(title ? [`${title}: `, part("q", "", text)] : [text]));
    }
    /** @type {HTMLElement} */ (item.querySelector(".frame-words")).append(note);
  }

  #ages() {
    if (!this.places.panel.open) return;
    const now = performance.now();
    for (const item of this.#frames.values()) {
      /** @type {HTMLElement} */ (item.querySelector(".age")).textContent = ago((now - Number(item.dataset.at)) / 1000);
    }
  }
}

/** @param {string} name @param {string} value @param {string} [title] */
function figure(name, value, title = "") {
  const group = part("div", "figure");
  if (title) group.title = title;
  group.append(part("dt", "", name), part("dd", "", value));
  return group;
}

/** @param {Frame} frame @returns {HTMLLIElement} */
function shown({ source, why, width, height, tokens = 0, price_usd: usd = 0, age_s: age = 0, provider = "", thumbnail = "" }) {
  const item = /** @type {HTMLLIElement} */ (part("li", "frame"));
  item.dataset.at = String(performance.now() - age * 1000);
  item.dataset.provider = provider;
  const reason = plainly(LOOKED, why);
  const picture = BASE64.test(thumbnail) ? new Image() : part("span", "no-picture");
  if (picture instanceof HTMLImageElement) {
    picture.src = `data:image/jpeg;base64,${thumbnail}`;
    picture.alt = `A frame of ${plainly(SOURCES, source).toLowerCase()}`;
    picture.addEventListener("error", () => picture.replaceWith(part("span", "no-picture")), { once: true });
  }
  const cost = [`${width}\u00a0×\u00a0${height}`, ...(tokens ? [`${NUMBER.format(tokens)}\u00a0tokens`] : []), ...(usd ? [price(usd)] : [])];
  const words = part("div", "frame-words");
  const head = part("p", "frame-head");
  head.append(part("strong", "", reason), part("span", "age soft"));
  const where = provider ? `went to ${provider}` : "stayed on the server";
  words.append(head, part("p", "fine", `${plainly(SOURCES, source)} · ${where} · ${cost.join(" · ")}`));
  item.append(picture, words);
  return item;
}
