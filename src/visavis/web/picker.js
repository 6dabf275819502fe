// @ts-check
/**
 * The form that chooses microphone and camera, with preview and level meter. One form for two places: before
 * joining and in the call.
 *
 * @typedef {import("./devices.js").Devices} Devices
 */
import { rms } from "./voice.js";

const OFF = "off";
/** The meter's full scale; clear speech at a usual distance reaches about two thirds. */
const FULL = 0.2;

const $ = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

export class Picker {
  /** Loudness of the microphone, 0–1. */
  level = 0;
  /** @type {AnalyserNode | null} */
  #meter = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  #wave = new Float32Array(512);
  #told = 0;

  /**
   * @param {Devices} devices
   * @param {(error: unknown) => void} trouble
   */
  constructor(devices, trouble) {
    this.devices = devices;
    /** @type {AudioContext | null} */
    this.context = null;
    $("picker").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
    $("pick-mic").addEventListener("change", () => devices.setMicrophone($("pick-mic").value).catch(trouble));
    $("pick-camera").addEventListener("change", () => {
      const id = $("pick-camera").value;
      devices.setCamera(id === OFF ? null : id).catch(trouble).finally(() => this.refresh());
    });
    devices.addEventListener("list", () => this.refresh());
    devices.addEventListener("track", (event) => this.#onTrack(/** @type {CustomEvent} */ (event).detail));
    requestAnimationFrame(() => this.#frame());
  }

  /** Puts the form into another place. @param {HTMLElement} home */
  moveTo(home) {
    home.append($("picker"));
    // A video that moves in the document stops.
    $("preview").play().catch(() => {});
  }

  /** Lists what is plugged in and what is in use. */
  async refresh() {
    const { microphones, cameras } = await this.devices.list();
    const { microphone, camera } = this.devices.tracks;
    fill($("pick-mic"), microphones, "Microphone", microphone?.getSettings().deviceId ?? "", "No microphone");
    fill($("pick-camera"), cameras, "Camera", camera?.getSettings().deviceId ?? OFF, "");
    $("pick-camera").prepend(new Option("No camera", OFF, !camera, !camera));
    $("preview-off").hidden = Boolean(camera);
  }

  /** @param {{kind: string, track: MediaStreamTrack | null}} detail */
  #onTrack({ kind, track }) {
    if (kind === "camera") {
      show($("preview"), track);
      $("preview-off").hidden = Boolean(track);
    }
    if (kind === "microphone") this.#listen(track);
    if (kind !== "screen") this.refresh();
  }

  /** @param {MediaStreamTrack | null} track */
  #listen(track) {
    this.#source?.disconnect();
    this.#source = null;
    this.#meter = null;
    if (!track || !this.context) return;
    this.#source = this.context.createMediaStreamSource(new MediaStream([track]));
    this.#meter = new AnalyserNode(this.context, { fftSize: 512 });
    this.#source.connect(this.#meter);
  }

  #frame() {
    this.level = this.#meter ? rms(this.#meter, this.#wave) : 0;
    const bar = $("mic-level");
    if (bar.offsetParent) {
      const share = Math.min(1, Math.sqrt(this.level / FULL));
      bar.firstElementChild.style.transform = `scaleX(${share.toFixed(3)})`;
      const percent = Math.round(share * 20) * 5;
      if (percent !== this.#told) bar.setAttribute("aria-valuenow", String((this.#told = percent)));
    }
    requestAnimationFrame(() => this.#frame());
  }
}

/**
 * Shows a track in a video element, or nothing.
 * @param {HTMLVideoElement} video
 * @param {MediaStreamTrack | null} track
 */
export function show(video, track) {
  video.srcObject = track ? new MediaStream([track]) : null;
  if (track) video.play().catch(() => {});
}

/**
 * @param {HTMLSelectElement} select
 * @param {MediaDeviceInfo[]} devices
 * @param {string} fallback name for a device that has none
 * @param {string} chosen
 * @param {string} none what to say when there is none; '' says nothing
 */
function fill(select, devices, fallback, chosen, none) {
  const options = devices.map((device, index) => new Option(device.label || `${fallback} ${index + 1}`, device.deviceId));
  select.replaceChildren(...options);
  if (!devices.length && none) select.append(new Option(none, ""));
  select.disabled = !devices.length;
  select.value = chosen;
}
