// @ts-check
/**
 * The passages that an answer rests on: numbered chips under its caption; a press opens the passage.
 *
 * @typedef {import("./protocol.js").Source} Source
 */
import { button, part } from "./parts.js";

let count = 0;

/** @param {Source[]} sources @param {(id: string) => void} looked called when a passage is opened first */
export function chips(sources, looked) {
  const box = part("div", "sources");
  const passages = part("div");
  const row = part("div", "chips");
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", "Sources of this answer");
  for (const [n, source] of sources.entries()) {
    const passage = passageOf(source);
    const chip = button("", () => open(chip, passage), "chip");
    chip.append(part("span", "chip-number", String(n + 1)), part("span", "chip-title", source.title));
    chip.setAttribute("aria-label", `Source ${n + 1}: ${source.title}`);
    chip.setAttribute("aria-expanded", "false");
    chip.setAttribute("aria-controls", passage.id);
    chip.addEventListener("click", () => looked(source.id), { once: true });
    row.append(chip);
    passages.append(passage);
  }
  box.append(row, passages);
  return box;
}

/** @param {Source} source */
function passageOf({ id, title, text = "" }) {
  const passage = part("blockquote", "passage", text || "The passage itself is not at hand here.");
  passage.id = `passage-${++count}`;
  passage.hidden = true;
  passage.dataset.source = id;
  passage.append(part("cite", "fine", title === id ? title : `${title} (${id})`));
  return passage;
}

/** One passage at a time under a caption. @param {HTMLElement} chip @param {HTMLElement} passage */
function open(chip, passage) {
  const opens = passage.hidden;
  for (const one of chip.parentElement?.children ?? []) one.setAttribute("aria-expanded", "false");
  for (const one of passage.parentElement?.children ?? []) /** @type {HTMLElement} */ (one).hidden = true;
  passage.hidden = !opens;
  chip.setAttribute("aria-expanded", String(opens));
  if (opens) passage.scrollIntoView({ block: "nearest" });
}
