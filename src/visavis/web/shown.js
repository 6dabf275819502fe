// @ts-check
/**
 * What tools put on the page: cards, choices, forms, among the captions; and a highlight on one part of them. What the
 * person does with them goes to the server and counts as their words.
 *
 * @typedef {import("./protocol.js").Card} Card
 * @typedef {import("./protocol.js").Choices} Choices
 * @typedef {import("./protocol.js").Form} Form
 * @typedef {import("./protocol.js").Field} Field
 * @typedef {{show: number, kind: "card"|"choices"|"form", title: string, box: HTMLElement, parts: Map<string, HTMLElement>}} Item
 */
import { button, part } from "./parts.js";
import * as protocol from "./protocol.js";

/** @type {Record<string, string>} */
const DONE = { card: "Answered", choices: "Chosen", form: "Sent" };
/** @type {Record<string, string>} */
const INPUT = { text: "text", email: "email", phone: "tel", number: "number", date: "date" };
/** @type {Record<string, string>} */
const FILLS = { email: "email", phone: "tel" };
/** A card with more is folded. */
const ROWS = 5;
const CHARS = 280;

export class Shown {
  /** @type {Map<number, Item>} */
  #items = new Map();

  /**
   * @param {object} parts
   * @param {import("./captions.js").Captions} parts.captions
   * @param {(message: object) => boolean} parts.send false when the line is down
   * @param {() => void} parts.typing
   * @param {(text: string) => void} parts.announce
   */
  constructor({ captions, send, typing, announce }) {
    this.captions = captions;
    this.send = send;
    this.typing = typing;
    this.announce = announce;
  }

  wipe() {
    this.#items.clear();
  }

  /** @param {{show: number, answered?: boolean, card?: Card, choices?: Choices, form?: Form}} message */
  put({ show, answered = false, card, choices, form }) {
    let item = this.#items.get(show);
    if (!item) {
      item = card ? this.#card(show, card) : choices ? this.#choices(show, choices) : this.#form(show, /** @type {Form} */ (form));
      this.#items.set(show, item);
      this.captions.insert(item.box);
      const how = { card: "", choices: ` ${choices?.options.length} choices.`, form: ` A form with ${form?.fields.length} fields.` };
      this.announce(`On the page: ${item.title}.${how[item.kind]}`);
    }
    this.#lock(item, answered);
  }

  /** Points at one part, and at nothing else. @param {{show: number, part: string}} message */
  highlight({ show, part: name }) {
    for (const old of this.captions.list.querySelectorAll(".lit")) {
      old.classList.remove("lit");
      old.removeAttribute("aria-current");
    }
    const place = this.#items.get(show)?.parts.get(name);
    if (!place) return;
    place.classList.add("lit");
    place.setAttribute("aria-current", "true");
    place.scrollIntoView({ block: "nearest" });
    this.announce(`${this.captions.agent} points at ${place.dataset.told ?? name}`);
  }

  /** The keyboard goes to the newest thing that waits for an answer. */
  focus() {
    const open = [...this.#items.values()].filter(({ box }) => box.isConnected && !box.classList.contains("answered"));
    const controls = "button:enabled, input:enabled, textarea:enabled";
    for (const { box } of open.reverse()) {
      const control = /** @type {HTMLElement | null} */ (box.querySelector(controls));
      if (control) return control.focus();
    }
  }

  /** @param {Item} item @param {boolean} locked */
  #lock({ kind, box }, locked) {
    box.classList.toggle("answered", locked);
    for (const one of box.querySelectorAll("button.act, input, textarea")) {
      /** @type {HTMLButtonElement} */ (one).disabled = locked;
    }
    const mark = /** @type {HTMLElement} */ (box.querySelector(".done"));
    mark.textContent = locked ? DONE[kind] : "";
    if (!locked) for (const one of box.querySelectorAll(".taken")) one.classList.remove("taken");
  }

  /** @param {Item} item @param {object} message */
  #answer(item, message) {
    if (!this.send(message)) return false;
    const inside = item.box.contains(document.activeElement);
    this.#lock(item, true);
    // A control that is switched off loses the keyboard: the next Tab goes on from here.
    if (inside) /** @type {HTMLElement} */ (item.box.querySelector("h3")).focus({ preventScroll: true });
    return true;
  }

  /** @param {number} show @param {Item["kind"]} kind @param {string} title @returns {Item} */
  #frame(show, kind, title) {
    const box = part("section", `shown ${kind}`);
    const head = part("h3", "", title);
    head.id = `shown-${show}`;
    head.tabIndex = -1;
    box.setAttribute("aria-labelledby", head.id);
    box.append(head);
    return { show, kind, title, box, parts: new Map([[title, head]]) };
  }

  /** @param {number} show @param {Card} card */
  #card(show, { title, text = "", rows = [], buttons = [] }) {
    const item = this.#frame(show, "card", title);
    const body = part("div", "shown-body");
    if (text) body.append(part("p", "shown-text", text));
    const list = part("dl", "rows");
    for (const [label, value] of rows) {
      const row = part("div", "row");
      row.append(part("dt", "", label), part("dd", "", value));
      row.dataset.told = `${label}: ${value}`;
      list.append(row);
      item.parts.set(label, row);
    }
    if (rows.length) body.append(list);
    item.box.append(body);
    if (text.length > CHARS || rows.length > ROWS) this.#fold(item, body);
    const line = part("div", "acts");
    for (const words of buttons) {
      const one = button(words, () => mark(one, this.#answer(item, protocol.clicked(show, words))), "act");
      line.append(one);
      item.parts.set(words, one);
    }
    line.append(done());
    item.box.append(line);
    return item;
  }

  /** @param {Item} item @param {HTMLElement} body */
  #fold({ show, title, box }, body) {
    body.classList.add("folded");
    const more = button("Show all", () => {
      body.classList.remove("folded");
      more.remove();
      /** @type {HTMLElement} */ (box.querySelector("h3")).focus({ preventScroll: true });
      this.send(protocol.looked({ show }));
    }, "more");
    more.setAttribute("aria-label", `Show all of ${title}`);
    box.append(more);
  }

  /** @param {number} show @param {Choices} choices */
  #choices(show, { question, options, many = false }) {
    const item = this.#frame(show, "choices", question);
    const group = part("div", "options");
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", `shown-${show}`);
    item.box.append(group);
    if (!many) {
      for (const option of options) {
        const one = button(option, () => mark(one, this.#answer(item, protocol.chosen(show, [option]))), "act");
        group.append(one);
        item.parts.set(option, one);
      }
      item.box.append(done());
      return item;
    }
    const boxes = options.map((option, n) => {
      const row = part("p", "check option");
      const box = Object.assign(part("input"), { type: "checkbox", id: `option-${show}-${n}`, value: option });
      row.append(box, labelFor(box.id, option));
      group.append(row);
      item.parts.set(option, row);
      return box;
    });
    const line = part("div", "acts");
    const hint = done();
    const send = button("Choose", () => {
      const picked = boxes.filter((box) => box.checked).map((box) => box.value);
      if (picked.length) return void this.#answer(item, protocol.chosen(show, picked));
      hint.textContent = "Tick at least one";
      this.announce(hint.textContent);
    }, "act primary");
    line.append(send, hint);
    item.box.append(line);
    return item;
  }

  /** @param {number} show @param {Form} form */
  #form(show, { title, fields, button: words = "Send" }) {
    const item = this.#frame(show, "form", title);
    const form = part("form", "fields");
    form.setAttribute("aria-labelledby", `shown-${show}`);
    const inputs = fields.map((field, n) => {
      const input = inputFor(field, `field-${show}-${n}`);
      const label = labelFor(input.id, field.label);
      if (field.required === false) label.append(part("span", "soft", " (optional)"));
      const row = part("div", "field");
      row.append(label, input);
      form.append(row);
      item.parts.set(field.label, row);
      return input;
    });
    const line = part("div", "acts");
    line.append(Object.assign(part("button", "act primary", words), { type: "submit" }), done());
    form.append(line);
    form.addEventListener("input", () => this.typing());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const filled = inputs.filter(({ value }) => value.trim()).map(({ name, value }) => [name, value.trim()]);
      this.#answer(item, protocol.filled(show, Object.fromEntries(filled)));
    });
    item.box.append(form);
    return item;
  }
}

/** What was pressed stays marked. @param {HTMLElement} one @param {boolean} taken */
function mark(one, taken) {
  if (!taken) return;
  one.classList.add("taken");
}

const done = () => part("span", "done fine");

/** @param {string} id @param {string} text */
const labelFor = (id, text) => Object.assign(part("label", "", text), { htmlFor: id });

/** @param {Field} field @param {string} id */
function inputFor({ name, kind = "text", required = true, value = "" }, id) {
  const input = kind === "lines" ? Object.assign(part("textarea"), { rows: 3 }) : Object.assign(part("input"), { type: INPUT[kind] ?? "text" });
  if (input instanceof HTMLInputElement && kind === "number") input.step = "any";
  return Object.assign(input, { id, name, required, value, maxLength: kind === "lines" ? 1000 : 300, autocomplete: FILLS[kind] ?? "off" });
}
