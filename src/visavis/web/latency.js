// @ts-check
/**
 * The drawer with each turn's waterfall: where the time went between the person's last word and the agent's first
 * sound, newest turn first.
 *
 * @typedef {import("./protocol.js").Latency} Latency
 */

const AIM_MS = 800;
const BROKEN_MS = 1500;
const KEPT = 50;

/** @type {Record<string, string>} */
const STAGES = {
  capture: "Capture",
  endpoint: "Noticing you finished",
  turn: "Noticing you finished",
  asr: "Understanding the words",
  tool: "Using a tool",
  llm_first_token: "First word of the answer",
  first_clause: "First phrase",
  tts: "Making the voice",
  release: "Letting the answer go",
  transport: "Network and playback",
};

/** How a total feels: good, slow or broken. @param {number} ms */
export const grade = (ms) => (ms <= AIM_MS ? "good" : ms <= BROKEN_MS ? "slow" : "broken");

/** @param {number} ms */
export const spoken = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`);

/** @param {string} stage */
const title = (stage) => STAGES[stage] ?? stage.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());

export class LatencyDrawer {
  /**
   * @param {object} places
   * @param {HTMLElement} places.drawer
   * @param {HTMLElement} places.turns
   * @param {HTMLElement} places.empty
   * @param {HTMLButtonElement} places.opener
   * @param {HTMLElement} places.brief
   */
  constructor(places) {
    this.places = places;
  }

  get isOpen() {
    return !this.places.drawer.hidden;
  }

  /** @param {boolean} open */
  toggle(open) {
    const { drawer, opener } = this.places;
    if (open === this.isOpen) return;
    const inside = drawer.contains(document.activeElement);
    drawer.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) /** @type {HTMLElement} */ (drawer.querySelector("h2")).focus();
    else if (inside) opener.focus();
  }

  /** @param {Latency} message */
  put({ turn, v2v_ms: total, stages_ms: stages, over = "", first_sound_ms: sound = total }) {
    const { turns, empty, brief, opener } = this.places;
    empty.hidden = true;
    brief.textContent = spoken(total);
    opener.dataset.grade = grade(total);
    opener.setAttribute("aria-label", `Latency: last turn ${spoken(total)}`);
    turns.querySelector(`[data-turn="${turn}"]`)?.remove();
    turns.prepend(waterfall(turn, total, stages, over, sound));
    while (turns.children.length > KEPT) turns.lastElementChild?.remove();
  }
}

/**
 * @param {number} turn
 * @param {number} total
 * @param {Record<string, number>} stages
 * @param {string} over
 * @param {number} sound when the first sound was heard; before the total where an opener came first
 */
function waterfall(turn, total, stages, over, sound) {
  const item = document.createElement("li");
  item.className = "turn";
  item.dataset.turn = String(turn);
  const head = document.createElement("h3");
  head.append(`Turn ${turn}`, tag("span", "total", spoken(total)));
  if (sound < total) head.append(tag("span", "total", `first sound ${spoken(sound)}`));
  head.dataset.grade = grade(total);
  const sum = Object.values(stages).reduce((all, ms) => all + ms, 0);
  const scale = Math.max(BROKEN_MS, total, sum);
  const rows = document.createElement("ul");
  rows.style.setProperty("--aim", `${(AIM_MS / scale) * 100}%`);
  let from = 0;
  for (const [stage, ms] of Object.entries(stages)) {
    rows.append(row(stage, ms, from / scale, ms / scale, stage === over));
    from += ms;
  }
  item.append(head, rows);
  return item;
}

/**
 * @param {string} stage
 * @param {number} ms
 * @param {number} from share of the scale
 * @param {number} width share of the scale
 * @param {boolean} over
 */
function row(stage, ms, from, width, over) {
  const line = document.createElement("li");
  line.className = over ? "stage-row over" : "stage-row";
  line.dataset.stage = stage;
  const label = tag("span", "stage-name", title(stage));
  if (over) label.append(tag("em", "mark", "over budget"));
  const track = tag("span", "track", "");
  track.setAttribute("aria-hidden", "true");
  const bar = tag("span", "bar", "");
  bar.style.setProperty("--from", `${from * 100}%`);
  bar.style.setProperty("--width", `${width * 100}%`);
  track.append(bar);
  line.append(label, tag("span", "ms", `${Math.round(ms)} ms`), track);
  return line;
}

/** @param {string} name @param {string} className @param {string} text */
function tag(name, className, text) {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}
