// @ts-check
/**
 * The agent's voice at this end: plays it, ducks it, cuts it, measures its level, and keeps the clock that mouth
 * shapes are timed by. Events: `blocked` (the browser wants a click before it plays sound), `cut`.
 *
 * The `<audio>` element plays, since it adds no buffer of its own and every browser cancels its echo. Where its
 * volume cannot be set (iOS), a Web Audio gain plays instead.
 */

const DUCKED = 0.16;
const RAMP_S = 0.05;
const STEPS = 5;
/** Assumed between the browser's mixer and the ear where the browser does not tell. */
const DEVICE_S = 0.02;

export class Voice extends EventTarget {
  /** @type {AudioContext | null} */
  context = null;
  gain = 1;
  /** Jitter buffer delay in ms, as last measured. */
  bufferMs = 60;
  #ducked = false;
  #cut = false;
  #ramp = 0;
  /** @type {GainNode | null} */
  #knob = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {AnalyserNode | null} */
  #meter = null;
  #wave = new Float32Array(512);

  /** @param {HTMLAudioElement} element */
  constructor(element) {
    super();
    this.element = element;
  }

  /** Call from a click: browsers let sound start only then. */
  async wake() {
    this.context ??= new AudioContext({ latencyHint: "interactive" });
    if (this.context.state === "suspended") await this.context.resume().catch(() => {});
    if (this.element.srcObject) this.#play();
  }

  /** Seconds on the audio clock. */
  now() {
    return this.context?.state === "running" ? this.context.currentTime : performance.now() / 1000;
  }

  /** From arrival here to the ear, in ms. */
  get playoutMs() {
    const device = this.context ? this.context.outputLatency || this.context.baseLatency || DEVICE_S : DEVICE_S;
    return this.bufferMs + device * 1000;
  }

  /** @param {MediaStream} stream the agent's audio of a new connection */
  attach(stream) {
    this.#source?.disconnect();
    this.element.srcObject = stream;
    this.#cut = false;
    this.#ducked = false;
    if (this.context) {
      this.#source = this.context.createMediaStreamSource(stream);
      this.#meter = new AnalyserNode(this.context, { fftSize: 512 });
      this.#source.connect(this.#meter);
      if (!this.#volumeWorks()) {
        this.#knob = new GainNode(this.context);
        this.#source.connect(this.#knob).connect(this.context.destination);
        this.element.muted = true;
      }
    }
    this.#set(1);
    this.#play();
  }

  detach() {
    this.#source?.disconnect();
    this.#source = null;
    this.#meter = null;
    this.element.srcObject = null;
  }

  /** @param {boolean} on */
  duck(on) {
    this.#ducked = on;
    this.#fade();
  }

  /** The person has the floor: what is still on its way must not be heard. */
  cut() {
    this.#cut = true;
    this.#ducked = false;
    this.#fade();
    this.dispatchEvent(new Event("cut"));
  }

  /** New speech begins. */
  release() {
    if (!this.#cut) return;
    this.#cut = false;
    this.#fade();
  }

  /** Loudness of the agent's voice as it arrives, root mean square, 0–1. */
  level() {
    return this.#meter ? rms(this.#meter, this.#wave) : 0;
  }

  #fade() {
    const target = this.#cut ? 0 : this.#ducked ? DUCKED : 1;
    clearTimeout(this.#ramp);
    if (this.#knob && this.context) {
      this.#knob.gain.setTargetAtTime(target, this.context.currentTime, RAMP_S / 3);
      this.gain = target;
    } else if (document.hidden) {
      this.#set(target); // timers are slow in a hidden page
    } else {
      this.#step(this.gain, target, 1);
    }
  }

  /** @param {number} from @param {number} to @param {number} step */
  #step(from, to, step) {
    this.#set(from + ((to - from) * step) / STEPS);
    if (step < STEPS) this.#ramp = window.setTimeout(() => this.#step(from, to, step + 1), (RAMP_S / STEPS) * 1000);
  }

  /** @param {number} gain */
  #set(gain) {
    this.gain = gain;
    if (this.#knob) this.#knob.gain.value = gain;
    else this.element.volume = gain;
  }

  #volumeWorks() {
    this.element.volume = 0.5;
    return this.element.volume === 0.5;
  }

  #play() {
    this.element.play().catch((error) => {
      if (error.name === "NotAllowedError") this.dispatchEvent(new Event("blocked"));
    });
  }
}

/**
 * @param {AnalyserNode} meter
 * @param {Float32Array<ArrayBuffer>} wave
 */
export function rms(meter, wave) {
  meter.getFloatTimeDomainData(wave);
  let sum = 0;
  for (const sample of wave) sum += sample * sample;
  return Math.sqrt(sum / wave.length);
}
