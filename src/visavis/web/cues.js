// @ts-check
/**
 * From observations of a face to visual cues. The rules and their numbers are those of the package's `see/cues.py`;
 * a test feeds the same observations to both.
 *
 * @typedef {{faces: number, mouth: number, yaw: number, nose: number}} Seen
 * @typedef {"moving"|"still"|"unknown"} Mouth
 * @typedef {"here"|"away"|"unknown"} Facing
 * @typedef {{mouth: Mouth, facing: Facing, faces: number}} FaceCue
 */

const MOUTH_WINDOW_S = 0.4;
const MOVING_STD = 0.02;
const STILL_STD = 0.006;
const LEAST_LOOKS = 3;
const AWAY_DEG = 32;
const HERE_DEG = 24;
const TURN_HOLDS_S = 0.25;
const USUAL_TAKES_S = 20;
const USUAL_LIMIT_DEG = 30;
const NOD_SWING = 0.06;
const NOD_SWINGS = 4;
const NOD_WITHIN_S = 1.4;
const NOD_TURN_DEG = 10;
const NOD_AGAIN_S = 1.5;
const LOST_S = 0.5;
const GAP_S = 1;
const MOST_FACES = 3;

/** @type {FaceCue} */
export const NOTHING = Object.freeze({ mouth: "unknown", facing: "unknown", faces: 0 });

export class CueReader {
  /** What is seen now. @type {FaceCue} */
  cue = NOTHING;
  #last = -Infinity;
  #seen = -Infinity;
  /** @type {[number, Seen][]} */
  #recent = [];
  #usual = 0;
  /** @type {number | null} */
  #turnedSince = null;
  /** @type {number | null} */
  #facesSince = null;
  #nodded = -Infinity;

  /**
   * @param {number} at seconds
   * @param {Seen | null} seen
   * @returns {{changed: boolean, nod: boolean}}
   */
  push(at, seen) {
    if (at <= this.#last) return { changed: false, nod: false };
    const gap = at - this.#last;
    this.#last = at;
    if (gap > GAP_S) this.#forget();
    if (!seen) return { changed: this.#withoutFace(at), nod: false };
    this.#seen = at;
    this.#recent.push([at, seen]);
    while (at - this.#recent[0][0] > NOD_WITHIN_S) this.#recent.shift();
    const facing = this.#facing(at, seen, Math.min(gap, GAP_S));
    const changed = this.#change({ mouth: this.#mouth(at), facing, faces: this.#faces(at, seen.faces) });
    const nod = this.cue.mouth !== "moving" && at - this.#nodded > NOD_AGAIN_S && this.#nods();
    if (nod) {
      this.#nodded = at;
      this.#recent = [];
    }
    return { changed, nod };
  }

  #forget() {
    this.#recent = [];
    this.#turnedSince = this.#facesSince = null;
  }

  /** @param {FaceCue} cue */
  #change(cue) {
    const { mouth, facing, faces } = this.cue;
    if (cue.mouth === mouth && cue.facing === facing && cue.faces === faces) return false;
    this.cue = cue;
    return true;
  }

  /** @param {number} at */
  #withoutFace(at) {
    if (at - this.#seen < LOST_S) return false;
    this.#forget();
    return this.#change({ mouth: "unknown", facing: this.cue.facing === "away" ? "away" : "unknown", faces: 0 });
  }

  /** @param {number} at @returns {Mouth} */
  #mouth(at) {
    const openings = this.#recent.filter(([then]) => at - then <= MOUTH_WINDOW_S).map(([, seen]) => seen.mouth);
    if (openings.length < LEAST_LOOKS) return this.cue.mouth;
    const moved = spread(openings);
    if (moved > MOVING_STD) return "moving";
    return moved < STILL_STD ? "still" : "unknown";
  }

  /** @param {number} at @param {Seen} seen @param {number} gap @returns {Facing} */
  #facing(at, seen, gap) {
    const turned = Math.abs(seen.yaw - this.#usual);
    const before = this.cue.facing;
    let now = before;
    if (turned > AWAY_DEG) now = "away";
    else if (turned < HERE_DEG || before === "unknown") {
      now = "here";
      const usual = this.#usual + Math.min(1, gap / USUAL_TAKES_S) * (seen.yaw - this.#usual);
      this.#usual = Math.max(-USUAL_LIMIT_DEG, Math.min(USUAL_LIMIT_DEG, usual));
    }
    if (now === before || before === "unknown") {
      this.#turnedSince = null;
      return now;
    }
    this.#turnedSince ??= at;
    return at - this.#turnedSince >= TURN_HOLDS_S ? now : before;
  }

  /** @param {number} at @param {number} faces */
  #faces(at, faces) {
    const now = Math.min(faces, MOST_FACES);
    if (now === this.cue.faces || this.cue.faces === 0) {
      this.#facesSince = null;
      return now;
    }
    this.#facesSince ??= at;
    return at - this.#facesSince >= 2 * LOST_S ? now : this.cue.faces;
  }

  #nods() {
    const turns = this.#recent.map(([, seen]) => seen.yaw);
    const steady = Math.max(...turns) - Math.min(...turns) < NOD_TURN_DEG;
    return steady && swings(this.#recent.map(([, seen]) => seen.nose)) >= NOD_SWINGS;
  }
}

/** Standard deviation. @param {number[]} values */
function spread(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** How often the height went one way and then the other. @param {number[]} heights */
function swings(heights) {
  let [count, low, high] = [0, heights[0], heights[0]];
  /** @type {boolean | null} */
  let rising = null;
  for (const height of heights) {
    [low, high] = [Math.min(low, height), Math.max(high, height)];
    if (rising !== true && height - low >= NOD_SWING) [count, rising, high] = [count + 1, true, height];
    else if (rising !== false && high - height >= NOD_SWING) [count, rising, low] = [count + 1, false, height];
  }
  return count;
}
