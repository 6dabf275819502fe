// @ts-check
/**
 * Microphone, camera and screen. Asks the browser for nothing until `open` or `share` is called.
 *
 * Events: `track` (detail: {kind, track}: a device came, went or was replaced), `list` (devices were plugged in
 * or out), `gone` (detail: Kind: a device stopped by itself).
 *
 * @typedef {import("./protocol.js").Kind} Kind
 */

const MIC = "visavis.microphone";
const CAMERA = "visavis.camera";

/** Mono. Echo is cancelled here; noise suppression stays off, it costs the recogniser words. */
const VOICE = { channelCount: 1, echoCancellation: true, noiseSuppression: false, autoGainControl: true };
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 15, max: 24 } };
const SCREEN = { width: { max: 1920 }, height: { max: 1080 }, frameRate: { ideal: 5, max: 10 } };

/** `code`: insecure, denied, missing, in_use or failed. */
export class DeviceError extends Error {
  /** @param {string} code @param {Kind} kind */
  constructor(code, kind) {
    super(`${kind}: ${code}`);
    this.code = code;
    this.kind = kind;
  }
}

/** @type {Record<string, string>} */
const WHY = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "in_use",
  AbortError: "in_use",
};

export class Devices extends EventTarget {
  /** @type {Record<Kind, MediaStreamTrack | null>} */
  tracks = { microphone: null, camera: null, screen: null };
  muted = false;

  constructor() {
    super();
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.dispatchEvent(new Event("list")));
  }

  /**
   * Turns on microphone and camera with one question to the person. No camera is fine; no microphone is not.
   * @throws {DeviceError} for the microphone
   */
  async open() {
    if (!navigator.mediaDevices?.getUserMedia) throw new DeviceError("insecure", "microphone");
    const both = { audio: wish(VOICE, MIC), video: wish(PICTURE, CAMERA) };
    const tries = (await barred("camera")) ? [{ audio: both.audio }] : [both, { audio: both.audio }];
    for (const [index, constraints] of tries.entries()) {
      try {
        const stream = await navigator.mediaDevices.getUserMedia(constraints);
        this.#take("microphone", stream.getAudioTracks()[0] ?? null);
        this.#take("camera", stream.getVideoTracks()[0] ?? null);
        return;
      } catch (error) {
        const why = reason(error);
        if (index === tries.length - 1 || (why === "denied" && !(await granted("microphone")))) {
          throw new DeviceError(why, "microphone");
        }
      }
    }
  }

  /** @param {string} id a device id, '' for the default. @throws {DeviceError} */
  async setMicrophone(id) {
    this.#take("microphone", await ask({ audio: exactly(VOICE, id) }, "microphone"));
    if (id) localStorage.setItem(MIC, id);
  }

  /** @param {string | null} id null turns the camera off. @throws {DeviceError} */
  async setCamera(id) {
    if (id === null) return this.#take("camera", null);
    this.#take("camera", await ask({ video: exactly(PICTURE, id) }, "camera"));
    if (id) localStorage.setItem(CAMERA, id);
  }

  /** Turns the camera on as last used, or off. @throws {DeviceError} */
  async toggleCamera() {
    if (this.tracks.camera) return this.#take("camera", null);
    this.#take("camera", await ask({ video: wish(PICTURE, CAMERA) }, "camera"));
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    if (this.tracks.microphone) this.tracks.microphone.enabled = !muted;
  }

  /** Starts or ends screen sharing. False when the person closed the browser's picker. @throws {DeviceError} */
  async toggleShare() {
    if (this.tracks.screen) return this.#take("screen", null), true;
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: SCREEN, audio: false });
      this.#take("screen", stream.getVideoTracks()[0] ?? null);
      return true;
    } catch (error) {
      if (reason(error) === "denied") return false;
      throw new DeviceError(reason(error), "screen");
    }
  }

  /** Lets everything go: the browser's recording lights go out. */
  close() {
    for (const kind of /** @type {Kind[]} */ (["microphone", "camera", "screen"])) this.#take(kind, null);
  }

  /** @returns {Promise<{microphones: MediaDeviceInfo[], cameras: MediaDeviceInfo[]}>} */
  async list() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return {
      microphones: all.filter((device) => device.kind === "audioinput" && device.deviceId),
      cameras: all.filter((device) => device.kind === "videoinput" && device.deviceId),
    };
  }

  /** @param {Kind} kind @param {MediaStreamTrack | null} track */
  #take(kind, track) {
    // Text must stay readable: where the line or the machine is slow, fewer pictures rather than small ones.
    if (track && kind !== "microphone") track.contentHint = "detail";
    const before = this.tracks[kind];
    this.tracks[kind] = track;
    before?.stop();
    if (track) {
      if (kind === "microphone") track.enabled = !this.muted;
      track.addEventListener("ended", () => {
        if (this.tracks[kind] !== track) return;
        this.#take(kind, null);
        this.dispatchEvent(new CustomEvent("gone", { detail: kind }));
      });
    }
    if (before || track) this.dispatchEvent(new CustomEvent("track", { detail: { kind, track } }));
  }
}

/** Whether this browser can share a screen at all (phones cannot). */
export const canShare = () => Boolean(navigator.mediaDevices?.getDisplayMedia);

/** @param {MediaTrackConstraints} base @param {string} key */
function wish(base, key) {
  const id = localStorage.getItem(key);
  return id ? { ...base, deviceId: { ideal: id } } : base;
}

/** @param {MediaTrackConstraints} base @param {string} id */
const exactly = (base, id) => (id ? { ...base, deviceId: { exact: id } } : base);

/** @param {MediaStreamConstraints} constraints @param {Kind} kind */
async function ask(constraints, kind) {
  if (!navigator.mediaDevices?.getUserMedia) throw new DeviceError("insecure", kind);
  try {
    return (await navigator.mediaDevices.getUserMedia(constraints)).getTracks()[0] ?? null;
  } catch (error) {
    throw new DeviceError(reason(error), kind);
  }
}

/** @param {unknown} error */
const reason = (error) => (error instanceof DOMException && WHY[error.name]) || "failed";

/** @param {"camera"|"microphone"} name */
async function permission(name) {
  try {
    return (await navigator.permissions.query({ name: /** @type {PermissionName} */ (name) })).state;
  } catch {
    return "prompt"; // this browser does not say
  }
}

/** @param {"camera"|"microphone"} name */
const barred = async (name) => (await permission(name)) === "denied";
/** @param {"camera"|"microphone"} name */
const granted = async (name) => (await permission(name)) === "granted";
