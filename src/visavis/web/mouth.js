// @ts-check
/**
 * Mouth shapes over time, and what each looks like. No drawing here.
 *
 * @typedef {object} Shape
 * @property {number} width half the mouth, in units of the face's drawing
 * @property {number} open height of the opening
 * @property {number} curve how far the corners are raised; below 0 they hang
 * @property {number} round 0 a slit, 1 a circle
 * @property {number} teeth 0–1
 * @property {number} tongue 0–1
 */

/** @type {(width: number, open: number, curve: number, round: number, teeth?: number, tongue?: number) => Shape} */
const shape = (width, open, curve, round, teeth = 0, tongue = 0) => ({ width, open, curve, round, teeth, tongue });

/** Rest is a small smile, so that closed lips between words stay friendly. @type {Record<string, Shape>} */
export const SHAPES = {
  sil: shape(33, 0, 7, 0),
  aa: shape(36, 40, 4, 0.45, 0.5, 0.8),
  ee: shape(43, 17, 8, 0.2, 1, 0.2),
  ih: shape(38, 19, 6, 0.25, 0.8, 0.3),
  oh: shape(26, 33, 1, 0.85, 0, 0.4),
  ou: shape(17, 21, 0, 1, 0, 0),
  mm: shape(31, 0, 3, 0),
  ff: shape(32, 7, 4, 0.1, 1, 0),
  th: shape(34, 13, 4, 0.2, 0.7, 1),
  dd: shape(34, 14, 5, 0.2, 0.8, 0.6),
  kk: shape(35, 18, 5, 0.3, 0.5, 0.2),
  ch: shape(23, 16, 1, 0.6, 1, 0),
  ss: shape(36, 8, 6, 0.1, 1, 0),
  nn: shape(34, 11, 5, 0.2, 0.7, 0.7),
  rr: shape(25, 17, 1, 0.6, 0.3, 0.4),
};

/** The lips lead the sound a little, as a person's do. */
const LEAD_S = 0.04;
/** Root mean square of clear speech; an open mouth for voice without mouth shapes. */
const LOUD = 0.12;

/**
 * Which shape is due when. Times are seconds on the audio clock.
 */
export class MouthTimeline {
  /** @type {{start: number, end: number, marks: [number, string][]}[]} */
  #pieces = [];

  /**
   * @param {[number, string][]} marks `[start_ms, shape]`, ascending
   * @param {number} totalMs
   * @param {number} startS when the first sample is heard
   */
  add(marks, totalMs, startS) {
    // The voice speaks one piece at a time: what an earlier piece had left ends where this one begins.
    this.#pieces = this.#pieces.filter((piece) => piece.start < startS);
    for (const piece of this.#pieces) piece.end = Math.min(piece.end, startS);
    this.#pieces.push({ start: startS, end: startS + totalMs / 1000, marks });
  }

  cut() {
    this.#pieces = [];
  }

  /** The shape due at `nowS`, or null when none is. @param {number} nowS @returns {string | null} */
  at(nowS) {
    const due = nowS + LEAD_S;
    while (this.#pieces.length && this.#pieces[0].end <= due) this.#pieces.shift();
    const piece = this.#pieces[0];
    if (!piece || piece.start > due) return null;
    let found = "sil";
    for (const [startMs, name] of piece.marks) {
      if (startMs / 1000 > due - piece.start) break;
      found = name;
    }
    return found in SHAPES ? found : "sil";
  }
}

/** A mouth for voice of which only the loudness is known. @param {number} level 0–1 @returns {Shape} */
export function byLoudness(level) {
  const amount = Math.min(1, level / LOUD);
  return amount < 0.08 ? SHAPES.sil : blend(SHAPES.nn, SHAPES.aa, amount);
}

/** @param {Shape} from @param {Shape} to @param {number} share 0–1 @returns {Shape} */
export function blend(from, to, share) {
  const mix = (/** @type {number} */ a, /** @type {number} */ b) => a + (b - a) * share;
  return {
    width: mix(from.width, to.width),
    open: mix(from.open, to.open),
    curve: mix(from.curve, to.curve),
    round: mix(from.round, to.round),
    teeth: mix(from.teeth, to.teeth),
    tongue: mix(from.tongue, to.tongue),
  };
}

/** The outline as an SVG path around (0, 0). @param {Shape} lips */
export function outline({ width: w, open, curve, round }) {
  const handle = w * (0.55 + 0.5 * round);
  const up = curve * 1.3 - open * (0.35 + 0.3 * round);
  const down = curve * 1.3 + open * (1 - 0.32 * round);
  const corner = -curve + open * 0.1;
  const n = (/** @type {number} */ value) => value.toFixed(1);
  return (
    `M${n(-w)} ${n(corner)}C${n(-handle)} ${n(up)} ${n(handle)} ${n(up)} ${n(w)} ${n(corner)}` +
    `C${n(handle)} ${n(down)} ${n(-handle)} ${n(down)} ${n(-w)} ${n(corner)}Z`
  );
}
