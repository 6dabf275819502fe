// @ts-check
/**
 * Reads visual cues from the camera in this page: pictures go to a sandboxed frame of the page and no further; what is
 * sent are cues.
 */
import { CueReader } from "./cues.js";

const FPS = 12;
const REPEAT_MS = 1000;
const FRAME = "vision/frame.html";

export class Sight {
  #reader = new CueReader();
  #video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
  /** @type {HTMLIFrameElement | null} */
  #frame = null;
  #ready = false;
  #busy = false;
  #timer = 0;
  #toldAt = -Infinity;

  /** @param {(cue: import("./cues.js").FaceCue, nod: boolean) => void} tell */
  constructor(tell) {
    this.tell = tell;
    this.onMessage = (/** @type {MessageEvent} */ event) => this.#onMessage(event);
  }

  /** Looks at this camera from now on; at none when there is none. @param {MediaStreamTrack | null} track */
  watch(track) {
    if (!track) return this.stop();
    this.#video.srcObject = new MediaStream([track]);
    void this.#video.play().catch(() => {}); // a camera that is switched off again at once
    if (this.#frame) return;
    addEventListener("message", this.onMessage);
    this.#frame = Object.assign(document.createElement("iframe"), { src: FRAME, hidden: true, title: "" });
    this.#frame.setAttribute("sandbox", "allow-scripts");
    document.body.append(this.#frame);
    this.#timer = window.setInterval(() => void this.#look(), 1000 / FPS);
  }

  stop() {
    removeEventListener("message", this.onMessage);
    clearInterval(this.#timer);
    this.#frame?.remove();
    this.#frame = null;
    this.#ready = this.#busy = false;
    this.#video.srcObject = null;
    this.#reader = new CueReader();
  }

  /** One picture at a time: a slow machine looks less often. */
  async #look() {
    if (!this.#ready || this.#busy || this.#video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    this.#busy = true;
    try {
      const picture = await createImageBitmap(this.#video);
      if (this.#frame?.contentWindow) this.#frame.contentWindow.postMessage({ picture }, "*", [picture]);
    } catch {
      this.#busy = false; // the camera has just gone
    }
  }

  /** @param {MessageEvent} event */
  #onMessage({ data, source }) {
    if (!this.#frame || source !== this.#frame.contentWindow) return;
    if (data.ready) this.#ready = true;
    this.#busy = false;
    if (data.seen === undefined) return;
    const now = performance.now();
    const { changed, nod } = this.#reader.push(now / 1000, data.seen);
    if (!changed && !nod && now - this.#toldAt < REPEAT_MS) return;
    this.#toldAt = now;
    this.tell(this.#reader.cue, nod);
  }
}
