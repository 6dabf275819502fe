// @ts-check
/**
 * The agent's face: drawn in `index.html`, moved here. Lips follow the mouth timeline; eyes, brows and head follow
 * the agent's state; it nods when the server says so. With reduced motion only lips and lids move.
 *
 * @typedef {import("./protocol.js").AgentState} AgentState
 * @typedef {import("./mouth.js").Shape} Shape
 * @typedef {{x: number, y: number, tilt: number, brow: number, lift: number, lids: number, near: number}} Pose
 *   gaze −1–1, head tilt in degrees, brow and head offset in drawing units, lids 1 open, size of the head
 */
import { MouthTimeline, SHAPES, blend, byLoudness, outline } from "./mouth.js";

/** @type {Record<AgentState, Pose>} */
const POSES = {
  waiting: { x: 0, y: 0.1, tilt: 0, brow: 0, lift: 0, lids: 0.92, near: 1 },
  idle: { x: 0, y: 0, tilt: 0, brow: 0, lift: 0, lids: 0.95, near: 1 },
  listening: { x: 0, y: 0.12, tilt: 4, brow: -5, lift: 3, lids: 1.06, near: 1.035 },
  thinking: { x: -0.75, y: -0.85, tilt: -3, brow: -3, lift: -2, lids: 0.85, near: 0.99 },
  speaking: { x: 0, y: 0.05, tilt: 0, brow: -2, lift: 0, lids: 1, near: 1 },
  ended: { x: 0, y: 0.3, tilt: 0, brow: -2, lift: 4, lids: 1, near: 1 },
};
/** How often and how far the eyes wander: [least s, most s, reach]. @type {Partial<Record<AgentState, number[]>>} */
const LOOKS = { idle: [2, 5, 0.5], listening: [3, 6, 0.12], thinking: [1.2, 2.6, 0.35], speaking: [2.5, 5, 0.3] };
/** Where the eyes are in the drawing: lids close around this height. */
const EYE_Y = 210;
const BLINK_S = 0.15;
const LIPS_S = 0.032;
const POSE_S = 0.16;
/** A nod: down, up, and a smaller one after it. */
const NOD_S = 0.85;
const NOD_DEPTH = 11;

const $ = (/** @type {string} */ id) => /** @type {SVGGraphicsElement} */ (/** @type {unknown} */ (document.getElementById(id)));
const between = (/** @type {number} */ least, /** @type {number} */ most) => least + Math.random() * (most - least);

export class Face {
  timeline = new MouthTimeline();
  /** @type {AgentState} */
  state = "waiting";
  /** The lips as drawn now. */
  lips = SHAPES.sil;
  /** @type {string | null} */
  shape = null;
  #pose = { ...POSES.waiting };
  #look = { x: 0, y: 0 };
  #lookAt = 0;
  #blinkAt = 2;
  #nodAt = -NOD_S;
  /** How many nods the face was asked for. */
  nods = 0;
  #before = 0;
  #still = matchMedia("(prefers-reduced-motion: reduce)");
  #halos = /** @type {NodeListOf<SVGCircleElement>} */ (document.querySelectorAll("#face .halo"));
  #parts = {
    head: $("head"), sprout: $("sprout"), features: $("features"), left: $("eye-left"), right: $("eye-right"),
    browLeft: $("brow-left"), browRight: $("brow-right"), line: $("mouth-line"), hole: $("mouth-hole"),
    teeth: $("teeth"), tongue: $("tongue"),
  };

  /**
   * @param {object} senses
   * @param {() => number} senses.now seconds on the audio clock
   * @param {() => number} senses.voice loudness of the agent at the ear, 0–1
   * @param {() => number} senses.person loudness of the person, 0–1
   */
  constructor(senses) {
    this.senses = senses;
    requestAnimationFrame((at) => this.#frame(at / 1000));
  }

  /** @param {AgentState} state */
  show(state) {
    this.state = state;
    this.#lookAt = 0;
    $("face").setAttribute("data-pose", state);
  }

  /** The agent nods: "I follow". Shown only; nothing is announced. */
  nod() {
    this.nods += 1;
    this.#nodAt = this.#before;
  }

  /** @param {number} at seconds */
  #frame(at) {
    const step = Math.min(0.1, at - this.#before);
    this.#before = at;
    this.#drawMouth(step);
    this.#drawHead(at, step);
    this.#drawHalos(at);
    requestAnimationFrame((next) => this.#frame(next / 1000));
  }

  /** @param {number} step */
  #drawMouth(step) {
    this.shape = this.timeline.at(this.senses.now());
    const level = this.senses.voice();
    let target = this.shape ? SHAPES[this.shape] : byLoudness(level);
    if (!this.shape && level < 0.01) target = this.state === "thinking" ? SHAPES.mm : SHAPES.sil;
    this.lips = blend(this.lips, target, ease(step, LIPS_S));
    const path = outline(this.lips);
    this.#parts.line.setAttribute("d", path);
    this.#parts.hole.setAttribute("d", path);
    const shown = Math.min(1, this.lips.open / 6);
    this.#parts.teeth.setAttribute("opacity", (Math.min(1, this.lips.teeth * 2.5) * shown).toFixed(2));
    this.#parts.teeth.setAttribute("y", (-32 - this.lips.open * 0.18 + this.lips.curve).toFixed(1));
    this.#parts.tongue.setAttribute("opacity", (Math.min(1, this.lips.tongue * 2) * shown).toFixed(2));
    this.#parts.tongue.setAttribute("cy", (14 + this.lips.open * 0.5).toFixed(1));
  }

  /** @param {number} at @param {number} step */
  #drawHead(at, step) {
    const goal = POSES[this.state];
    const quiet = this.#still.matches;
    if (!quiet) this.#wander(at);
    const aim = { ...goal, x: goal.x + this.#look.x, y: goal.y + this.#look.y };
    const share = quiet ? 1 : ease(step, POSE_S);
    for (const key of /** @type {(keyof Pose)[]} */ (Object.keys(aim))) {
      this.#pose[key] += (aim[key] - this.#pose[key]) * share;
    }
    const { x, y, tilt, brow, lift, near } = this.#pose;
    const breath = quiet ? 0 : Math.sin(at * 1.5) * 2.2;
    const bow = quiet ? 0 : this.#bow(at);
    const bounce = quiet ? 0 : this.lips.open * -0.06 + bow * 0.7;
    const parts = this.#parts;
    const closer = `translate(${f(200 * (1 - near))} ${f(340 * (1 - near))}) scale(${near.toFixed(3)})`;
    parts.head.setAttribute("transform", `translate(${f(x * 3)} ${f(lift + breath + bounce)}) rotate(${f(tilt)} 200 340) ${closer}`);
    parts.sprout.setAttribute("transform", `rotate(${f(-tilt * 1.5 + breath * 0.8 - x * 4 - bow * 0.9)} 200 94)`);
    // A bowed head shows more of its top: the features sink further than the outline does.
    parts.features.setAttribute("transform", `translate(${f(x * 10)} ${f(y * 8 + bow)})`);
    const lids = Math.max(0.06, this.#pose.lids * this.#blink(at) * (1 - bow * 0.025));
    const eye = `translate(${f(x * 6)} ${f(y * 6 + EYE_Y * (1 - lids))}) scale(1 ${lids.toFixed(3)})`;
    parts.left.setAttribute("transform", eye);
    parts.right.setAttribute("transform", eye);
    const asym = this.state === "thinking" ? -5 : 0;
    parts.browLeft.setAttribute("transform", `translate(${f(x * 4)} ${f(brow + y * 5 + asym)})`);
    parts.browRight.setAttribute("transform", `translate(${f(x * 4)} ${f(brow + y * 5 - asym)})`);
  }

  /** @param {number} at */
  #wander(at) {
    if (at < this.#lookAt) return;
    const [least, most, reach] = LOOKS[this.state] ?? [3, 6, 0];
    const away = this.#look.x === 0 && Math.random() < 0.6;
    this.#look = away ? { x: between(-reach, reach), y: between(-reach, reach) * 0.5 } : { x: 0, y: 0 };
    this.#lookAt = at + (away ? between(0.5, 1.3) : between(least, most));
  }

  /** 1 open … 0 closed. @param {number} at */
  #blink(at) {
    const since = at - this.#blinkAt;
    if (since > BLINK_S) {
      const twice = Math.random() < 0.15;
      this.#blinkAt = at + (twice ? 0.12 : between(2.4, 6) * (this.state === "thinking" ? 1.4 : 1));
    }
    return since > 0 && since < BLINK_S ? Math.abs(1 - (since / BLINK_S) * 2) : 1;
  }

  /** How far the head is bowed in a nod, in drawing units. @param {number} at */
  #bow(at) {
    const share = (at - this.#nodAt) / NOD_S;
    if (share < 0 || share >= 1) return 0;
    return Math.sin(share * Math.PI * 2) ** 2 * (share < 0.5 ? NOD_DEPTH : NOD_DEPTH * 0.45);
  }

  /** Rings: they grow with the person's voice while the agent listens, with its own while it speaks. @param {number} at */
  #drawHalos(at) {
    if (this.#still.matches) return;
    const heard = this.state === "listening" ? this.senses.person() : this.state === "speaking" ? this.senses.voice() : 0;
    const level = Math.min(1, heard * 7);
    this.#halos.forEach((halo, index) => {
      const sway = Math.sin(at * 1.8 - index * 0.9) * 2;
      halo.setAttribute("r", f(158 + index * 13 * (0.35 + level) + sway));
    });
  }
}

/** Share of the way to go in `step` seconds for a time constant. @param {number} step @param {number} constant */
const ease = (step, constant) => 1 - Math.exp(-step / constant);
const f = (/** @type {number} */ value) => value.toFixed(2);
