// @ts-check
/**
 * The line to the agent: opened once, and opened again by itself when it drops, for as long as the server keeps
 * the conversation (`reconnectS`).
 *
 * Events: `message` (detail: the raw data), `state` (detail: LineState), `open` (detail: Wire, on every new
 * connection, before its first message), `playout` (detail: ms), `lost` (detail: CallError, after giving up).
 *
 * @typedef {import("./protocol.js").Kind} Kind
 * @typedef {import("./dial.js").Tracks} Tracks
 * @typedef {import("./dial.js").Wire} Wire
 * @typedef {"closed"|"connecting"|"connected"|"reconnecting"} LineState
 */
import { CallError, dial } from "./dial.js";
import { LineWatch } from "./watch.js";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 2000;
/** ICE may heal by itself; a new connection is quicker than waiting for longer than this. */
const HEAL_MS = 1200;

export class Line extends EventTarget {
  /** @type {LineState} */
  state = "closed";
  session = "";
  /** @type {Wire | null} */
  #wire = null;
  /** @type {Tracks} */
  #tracks = { microphone: null, camera: null, screen: null };
  #abort = new AbortController();
  /** @type {LineWatch | null} */
  #watch = null;
  #healing = 0;

  /** @param {{iceServers: RTCIceServer[], reconnectS: number}} options */
  constructor({ iceServers, reconnectS }) {
    super();
    this.iceServers = iceServers;
    this.reconnectMs = reconnectS * 1000;
  }

  /**
   * @param {string} session '' or the conversation to return to
   * @throws {CallError}
   */
  async open(session) {
    this.session = session;
    this.#become("connecting");
    try {
      await this.#connect();
    } catch (error) {
      this.#become("closed");
      throw error;
    }
  }

  /** Says one message; false when the line is down and it was dropped. @param {object} message */
  send(message) {
    const channel = this.#wire?.channel;
    if (channel?.readyState !== "open") return false;
    channel.send(JSON.stringify(message));
    return true;
  }

  /**
   * Puts a device's track on its media line, now and on every later connection.
   * @param {Kind} kind
   * @param {MediaStreamTrack | null} track
   */
  async setTrack(kind, track) {
    this.#tracks[kind] = track;
    await this.#wire?.lines[kind].sender.replaceTrack(track);
  }

  /** The name of a device's media line ('' before the first connection). @param {Kind} kind */
  mid(kind) {
    return this.#wire?.lines[kind].mid ?? "";
  }

  /** Ends the line; nothing reconnects after it. */
  close() {
    this.#abort.abort();
    this.#drop();
    this.#become("closed");
  }

  /** Waits for the server to close the line after `leave`, at most `ms`. @param {number} ms */
  async ended(ms) {
    const channel = this.#wire?.channel;
    const end = performance.now() + ms;
    while (channel?.readyState === "open" && performance.now() < end) await pause(20);
  }

  async #connect() {
    /** @type {unknown[]} */
    const early = [];
    /** @type {(data: unknown) => void} */
    let deliver = (data) => void early.push(data);
    const wire = await dial({
      iceServers: this.iceServers,
      tracks: { ...this.#tracks },
      session: this.session,
      onMessage: (data) => deliver(data),
      signal: this.#abort.signal,
    });
    if (this.#abort.signal.aborted) {
      wire.pc.close();
      throw new CallError("given_up");
    }
    this.#wire = wire;
    this.session = wire.session || this.session;
    // A device may have been switched while this connection was being made.
    for (const kind of /** @type {Kind[]} */ (Object.keys(wire.lines))) await this.setTrack(kind, this.#tracks[kind]);
    this.#listen(wire);
    this.#become("connected");
    this.#emit("open", wire);
    deliver = (data) => this.#emit("message", data);
    early.forEach(deliver);
  }

  /** @param {Wire} wire */
  #listen(wire) {
    const lost = () => {
      if (this.#wire === wire) this.#reconnect();
    };
    wire.channel.addEventListener("close", lost);
    wire.pc.addEventListener("connectionstatechange", () => {
      clearTimeout(this.#healing);
      if (wire.pc.connectionState === "failed") lost();
      if (wire.pc.connectionState === "disconnected") this.#healing = window.setTimeout(lost, HEAL_MS);
    });
    this.#watch = new LineWatch(wire.pc, {
      onDead: lost,
      onPlayout: (ms) => this.#emit("playout", ms),
    });
  }

  async #reconnect() {
    this.#drop();
    this.#become("reconnecting");
    const end = performance.now() + this.reconnectMs;
    /** @type {CallError} */
    let last = new CallError("server_gone");
    for (let wait = FIRST_WAIT_MS; performance.now() < end; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        await this.#connect();
        return;
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        last = error;
        if (!error.retry) break;
      }
      await pause(Math.min(wait * (0.8 + 0.4 * Math.random()), Math.max(0, end - performance.now())));
    }
    if (this.#abort.signal.aborted) return;
    this.#become("closed");
    this.#emit("lost", last);
  }

  #drop() {
    const wire = this.#wire;
    this.#wire = null;
    clearTimeout(this.#healing);
    this.#watch?.stop();
    this.#watch = null;
    wire?.pc.close();
  }

  /** @param {LineState} state */
  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.#emit("state", state);
  }

  /** @param {string} type @param {unknown} detail */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @param {number} ms @returns {Promise<void>} */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
