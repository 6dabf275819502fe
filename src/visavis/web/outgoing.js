// @ts-check
/**
 * What the person sends: words, and what their devices do. Keeps buttons and the small views true to it.
 *
 * @typedef {import("./protocol.js").Kind} Kind
 */
import { show } from "./picker.js";
import * as protocol from "./protocol.js";
import { Sight } from "./sight.js";
import { $, announce, press, toast } from "./ui.js";

export const KINDS = /** @type {Kind[]} */ (["microphone", "camera", "screen"]);

const TYPING_EVERY_MS = 2000;

export class Outgoing {
  #typedAt = -TYPING_EVERY_MS;
  #paused = false;

  /**
   * @param {import("./rtc.js").Line} line
   * @param {import("./devices.js").Devices} devices
   * @param {import("./protocol.js").CueChoice} cues
   * @param {boolean} memory
   */
  constructor(line, devices, cues, memory) {
    this.line = line;
    this.devices = devices;
    this.cues = cues;
    this.memory = memory;
    this.sight = new Sight((cue, nod) => this.line.send(protocol.cue(cue, nod)));
  }

  /** What goes onto the line of a device: of a camera that stays here, nothing. @param {Kind} kind */
  #outbound(kind) {
    return this.#paused || (kind === "camera" && this.cues.local) ? null : this.devices.tracks[kind];
  }

  /** Reads cues here, if that is agreed to and the camera is on. */
  #look() {
    const here = this.cues.allowed && this.cues.local && !this.#paused;
    this.sight.watch(here ? this.devices.tracks.camera : null);
  }

  agree() {
    this.line.send(protocol.consent(true, this.cues, this.memory));
  }

  /** Visual cues are allowed from now on, or no longer. @param {boolean} allowed */
  allowCues(allowed) {
    this.cues = { ...this.cues, allowed };
    if (allowed) this.agree();
    else this.line.send(protocol.withdrawCues());
    this.#look();
  }

  /** The agent may remember the person from now on, or no longer. @param {boolean} allowed */
  allowMemory(allowed) {
    this.memory = allowed;
    if (allowed) this.agree();
    else this.line.send(protocol.withdrawMemory());
  }

  close() {
    this.sight.stop();
  }

  /** Puts what is on onto the line; before it opens. */
  async load() {
    for (const kind of KINDS) await this.line.setTrack(kind, this.#outbound(kind));
  }

  /** Tells a new connection what is on. */
  introduce() {
    this.agree();
    for (const kind of KINDS) this.tell(kind);
    this.#look();
  }

  /** While paused no device is heard or seen at the other end. @param {boolean} paused */
  async pause(paused) {
    this.#paused = paused;
    for (const kind of KINDS) await this.switched(kind, this.devices.tracks[kind]);
  }

  /** @param {Kind} kind @param {MediaStreamTrack | null} track */
  async switched(kind, track) {
    await this.line.setTrack(kind, this.#outbound(kind));
    this.tell(kind);
    if (kind === "camera") this.#look();
  }

  /** False when the line is down. @param {string} text */
  say(text) {
    const sent = this.line.send(protocol.say(text));
    if (!sent) toast("Not sent: the line is down. It stays in the box.", { kind: "trouble", key: "line" });
    return sent;
  }

  /** What the person does with what is shown. False when the line is down. @param {object} message */
  act(message) {
    const sent = this.line.send(message);
    if (!sent) toast("Not sent: the line is down. Try again in a moment.", { kind: "trouble", key: "line" });
    return sent;
  }

  typing() {
    if (performance.now() - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = performance.now();
    this.line.send(protocol.typing());
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.devices.mute(muted);
    this.tell("microphone");
    announce(muted ? "Microphone muted" : "Microphone on");
  }

  /** Tells the server and the page what a device does now. @param {Kind} kind */
  tell(kind) {
    const on = Boolean(this.devices.tracks[kind]) && !(kind === "microphone" && this.devices.muted);
    this.line.send(protocol.track(kind, on && Boolean(this.#outbound(kind)), this.line.mid(kind)));
    this.#paint(kind, on);
  }

  /** @param {Kind} kind @param {boolean} on */
  #paint(kind, on) {
    if (kind === "microphone") return press("mute", !on, on ? "i-mic" : "i-mic-off");
    const camera = kind === "camera";
    press(camera ? "camera" : "share", on, camera ? (on ? "i-camera" : "i-camera-off") : "i-screen");
    const view = camera ? "self" : "screen";
    $(`${view}-view`).hidden = !on;
    show($(`${view}-video`), this.devices.tracks[kind]);
  }
}
