// @ts-check
/**
 * Captions of both sides. A line is named by its role and id; a later message replaces it. Final lines are told to
 * screen readers once.
 *
 * @typedef {import("./protocol.js").Transcript} Transcript
 */

import { part } from "./parts.js";
import { chips } from "./sources.js";

const KEPT = 400;
/** Nearer to the end than this, the list follows new lines; further up, the person is reading. */
const NEAR_PX = 80;

export class Captions {
  /** @type {Map<string, HTMLLIElement>} */
  #lines = new Map();
  /** Lines of an earlier connection: nothing but the same words again may claim their id. @type {Set<HTMLLIElement>} */
  #sealed = new Set();
  #typing = document.createElement("li");

  /**
   * @param {object} places
   * @param {HTMLElement} places.list
   * @param {HTMLElement} places.now the big line below the face
   * @param {(text: string) => void} places.announce
   * @param {(id: string) => void} places.looked a passage under a caption was opened
   */
  constructor({ list, now, announce, looked }) {
    this.list = list;
    this.now = now;
    this.announce = announce;
    this.looked = looked;
    this.agent = "Agent";
    this.#typing.className = "line agent typing";
    this.#typing.innerHTML = '<span class="who"></span><p><i></i><i></i><i></i></p>';
    this.#typing.setAttribute("aria-hidden", "true");
  }

  /** @param {string} name @param {string} language */
  introduce(name, language) {
    this.agent = name;
    this.list.lang = language;
    this.now.lang = language;
  }

  /** @param {Transcript} message */
  put({ role, text, final, id = 0, sources = [] }) {
    const key = `${role}:${id}`;
    const follow = this.#atEnd();
    let line = this.#lines.get(key);
    if (line && this.#sealed.has(line)) {
      if (body(line).textContent === text) return;
      line = undefined;
    }
    if (!text.trim()) {
      line?.remove();
      if (line) this.#lines.delete(key);
      return;
    }
    if (!line) {
      line = this.#add(role, role === "user" ? "You" : this.agent);
      this.#lines.set(key, line);
    }
    const news = final && (!line.classList.contains("final") || body(line).textContent !== text);
    body(line).textContent = text;
    line.classList.toggle("final", final);
    line.querySelector(".sources")?.remove();
    if (sources.length) line.append(chips(sources, this.looked));
    this.now.textContent = text;
    this.now.dataset.role = role;
    const more = sources.length ? ` (${sources.length === 1 ? "1 source" : `${sources.length} sources`})` : "";
    if (news) this.announce(`${line.dataset.who}: ${text}${more}`);
    if (follow) this.#scroll();
  }

  /** A remark between the lines, such as a tool at work. A later one with the same key replaces it. @param {string} text @param {string} key */
  remark(text, key) {
    const follow = this.#atEnd();
    const line = this.#lines.get(`remark:${key}`) ?? this.#add("remark", "");
    this.#lines.set(`remark:${key}`, line);
    body(line).textContent = text;
    if (follow) this.#scroll();
  }

  /** Something that a tool shows, in its place between the lines; it comes into view unless the person is filling in
   * another one. @param {HTMLElement} box */
  insert(box) {
    const busy = this.list.contains(document.activeElement) && document.activeElement?.matches("input, textarea");
    const item = part("li", "line board");
    item.append(box);
    this.#place(item);
    if (!busy) item.scrollIntoView({ block: item.offsetHeight > this.list.clientHeight ? "start" : "end" });
  }

  /** A tool at work. @param {import("./protocol.js").ToolNote} note */
  tool({ name, status }) {
    const plain = name.replaceAll("_", " ");
    const text = { called: `Using ${plain}…`, done: `Used ${plain}`, failed: `${plain} did not work` }[status];
    this.remark(text ?? plain, name);
  }

  /** The dots that say an answer is on its way. @param {boolean} on */
  thinking(on) {
    const follow = this.#atEnd();
    /** @type {HTMLElement} */ (this.#typing.firstElementChild).textContent = this.agent;
    if (on) this.list.append(this.#typing);
    else this.#typing.remove();
    if (on && follow) this.#scroll();
  }

  /**
   * A new connection begins. A server that was restarted may count its lines anew, so finished lines stay as they
   * are; with `all`, unfinished ones too (another conversation begins).
   */
  seal({ all = false } = {}) {
    for (const line of this.#lines.values()) if (all || line.classList.contains("final")) this.#sealed.add(line);
  }

  wipe() {
    this.#lines.clear();
    this.#sealed.clear();
    this.list.replaceChildren();
    this.now.textContent = "";
  }

  /** @param {string} role @param {string} who */
  #add(role, who) {
    const line = document.createElement("li");
    line.className = `line ${role}`;
    line.dataset.who = who;
    const name = document.createElement("span");
    name.className = "who";
    name.textContent = who;
    line.append(name, document.createElement("p"));
    this.#place(line);
    return line;
  }

  /** @param {HTMLElement} line */
  #place(line) {
    if (this.#typing.isConnected) this.list.insertBefore(line, this.#typing);
    else this.list.append(line);
    while (this.list.children.length > KEPT) this.list.firstElementChild?.remove();
  }

  #atEnd() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_PX;
  }

  #scroll() {
    this.list.scrollTop = this.list.scrollHeight;
  }
}

/** @param {HTMLElement} line */
const body = (line) => /** @type {HTMLElement} */ (line.querySelector(":scope > p"));
