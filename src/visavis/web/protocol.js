// @ts-check
/**
 * The messages of a call: JSON objects with a `type`, on the data channel. They mirror the package's
 * `kernel/messages.py`; a test keeps both lists equal. The server leaves out fields that have their default.
 *
 * @typedef {"waiting"|"idle"|"listening"|"thinking"|"speaking"|"ended"} AgentState
 * @typedef {{type: "hello", session: string, agent: string, language: string, resumed?: boolean}} Hello
 * @typedef {{type: "notice", version: string, text: string}} Notice
 * @typedef {{type: "state", state: AgentState}} State
 * @typedef {{type: "transcript", role: "user"|"agent", text: string, final: boolean, id?: number,
 *   sources?: Source[]}} Transcript
 * @typedef {{id: string, title: string, text?: string}} Source a passage that an answer rests on
 * @typedef {{type: "visemes", marks: [number, string][], total_ms: number}} Visemes
 * @typedef {{type: "gesture", kind: "nod"}} Gesture
 * @typedef {{type: "clear"}} Clear
 * @typedef {{type: "duck", on: boolean}} Duck
 * @typedef {{type: "latency", turn: number, v2v_ms: number, stages_ms: Record<string, number>, over?: string,
 *   first_sound_ms?: number}} Latency
 * @typedef {{type: "tool", name: string, status: "called"|"done"|"failed"}} ToolNote
 * @typedef {{title: string, text?: string, rows?: [string, string][], buttons?: string[]}} Card
 * @typedef {{question: string, options: string[], many?: boolean}} Choices
 * @typedef {{name: string, label: string, kind?: "text"|"lines"|"email"|"phone"|"number"|"date", required?: boolean,
 *   value?: string}} Field
 * @typedef {{title: string, fields: Field[], button?: string}} Form
 * @typedef {{type: "card", show: number, card: Card, answered?: boolean}} ShowCard
 * @typedef {{type: "choices", show: number, choices: Choices, answered?: boolean}} ShowChoices
 * @typedef {{type: "form", show: number, form: Form, answered?: boolean}} ShowForm
 * @typedef {{type: "highlight", show: number, part: string}} ShowHighlight
 * @typedef {{type: "frame", source: "camera"|"screen", frame_at_s: number, why: string, width: number, height: number,
 *   tokens?: number, price_usd?: number, age_s?: number, provider?: string, thumbnail?: string}} Frame
 * @typedef {{type: "sight", source: "camera"|"screen", frame_at_s: number, text: string, how: string,
 *   document?: number}} Sight
 * @typedef {{type: "sight_totals", seen: number, sent: number, dropped: Record<string, number>, tokens?: number,
 *   price_usd?: number, saved?: number}} SightTotals
 * @typedef {{type: "trigger", kind: string, source: "camera"|"screen", frame_at_s: number}} Triggered
 * @typedef {{type: "committed", seq: number}} Committed
 * @typedef {{type: "error", code: string, text: string, fatal?: boolean}} Problem
 * @typedef {{type: "bye", reason: string}} Bye
 * @typedef {Hello|Notice|State|Transcript|Visemes|Gesture|Clear|Duck|Latency|ToolNote|ShowCard|ShowChoices|ShowForm|
 *   ShowHighlight|Frame|Sight|SightTotals|Triggered|Committed|Problem|Bye} ServerMessage
 *
 * @typedef {"microphone"|"camera"|"screen"} Kind
 */

export const FROM_SERVER = [
  "hello", "notice", "state", "transcript", "visemes", "gesture", "clear", "duck", "latency", "tool", "card", "choices",
  "form", "highlight", "frame", "sight", "sight_totals", "trigger", "committed", "error", "bye",
];

/** What this page sends; `start` belongs to `/ws/audio` only. */
export const TO_SERVER = ["consent", "say", "typing", "playout", "track", "cue", "clicked", "chosen", "filled", "looked", "leave"];

export const MAX_TYPED_CHARS = 2000;

/**
 * One message of the server, or null for anything that is not one (a newer server may know more than this page).
 * @param {unknown} data
 * @returns {ServerMessage | null}
 */
export function decode(data) {
  if (typeof data !== "string") return null;
  let message;
  try {
    message = JSON.parse(data);
  } catch {
    return null;
  }
  const known = message !== null && typeof message === "object" && FROM_SERVER.includes(message.type);
  return known ? message : null;
}

/**
 * What the person allows of visual cues; `local`: this page reads them, and the camera's picture stays here.
 * @typedef {{allowed: boolean, local: boolean}} CueChoice
 */

/** The person's answer to the notice. @param {boolean} given @param {CueChoice} [cues] @param {boolean} [memory] */
export const consent = (given, cues = { allowed: false, local: false }, memory = false) => {
  const purposes = ["listen", ...(cues.local ? [] : ["camera"]), "screen", ...(cues.allowed ? ["cues"] : [])];
  if (memory) purposes.push("memory");
  return { type: "consent", given, purposes: given ? purposes : [] };
};

/** Visual cues may be read no longer; the call goes on. */
export const withdrawCues = () => ({ type: "consent", given: false, purposes: ["cues"] });

/** Nothing is remembered any more, and what this call added is deleted; the call goes on. */
export const withdrawMemory = () => ({ type: "consent", given: false, purposes: ["memory"] });

/** What this page has read from the camera. @param {import("./cues.js").FaceCue} cue @param {boolean} nod */
export const cue = (cue, nod) => ({ type: "cue", ...cue, nod });

/** Typed text; works like speech. */
export const say = (/** @type {string} */ text) => ({ type: "say", text: text.slice(0, MAX_TYPED_CHARS) });

export const typing = () => ({ type: "typing" });

/** The delay in ms between arrival of the agent's audio here and the ear. */
export const playout = (/** @type {number} */ ms) => ({ type: "playout", delay_ms: Math.round(ms * 10) / 10 });

/**
 * A device was switched; `mid` names its media line.
 * @param {Kind} kind
 * @param {boolean} on
 * @param {string | null} mid
 */
export const track = (kind, on, mid) => ({ type: "track", kind, on, mid: mid ?? "" });

/** A button of a card was pressed. @param {number} show @param {string} button */
export const clicked = (show, button) => ({ type: "clicked", show, button });

/** @param {number} show @param {string[]} options */
export const chosen = (show, options) => ({ type: "chosen", show, options });

/** A form, by field name. @param {number} show @param {Record<string, string>} values */
export const filled = (show, values) => ({ type: "filled", show, values });

/** The rest of a card was opened, or a passage under a caption. @param {{show?: number, source?: string}} what */
export const looked = (what) => ({ type: "looked", ...what });

export const leave = () => ({ type: "leave" });
