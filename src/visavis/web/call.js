// @ts-check
/**
 * One call: what the server says goes to face, voice, captions and drawer; what the person does goes to the server.
 *
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 * @typedef {import("./dial.js").Wire} Wire
 */
import { KINDS, Outgoing } from "./outgoing.js";
import * as protocol from "./protocol.js";
import { Line } from "./rtc.js";
import { $, announce, showState, tell, toast, wide } from "./ui.js";
import { GONE, TRIGGERED } from "./wording.js";

/** Where the key to the conversation is kept for a reloaded page. */
export const SESSION = "visavis.session";

/** Longest wait for the server to close the line after `leave`. */
const LEAVE_MS = 600;
const LAST_MESSAGES = 60;
const BACK = "Back — we kept our conversation.";

export class Call {
  /** @type {import("./protocol.js").AgentState} */
  #state = "waiting";
  #greeted = false;
  #over = false;
  #off = new AbortController();
  /** @type {ServerMessage[]} */
  #messages = [];
  #resumed = false;
  #committed = -1;

  /**
   * @param {object} parts
   * @param {import("./main.js").Agent} parts.agent
   * @param {import("./devices.js").Devices} parts.devices
   * @param {import("./voice.js").Voice} parts.voice
   * @param {import("./face.js").Face} parts.face
   * @param {import("./captions.js").Captions} parts.captions
   * @param {import("./latency.js").LatencyDrawer} parts.drawer
   * @param {import("./seen.js").Seen} parts.seen
   * @param {import("./shown.js").Shown} parts.shown
   * @param {import("./protocol.js").CueChoice} parts.cues
   * @param {boolean} parts.memory
   * @param {(reason: string, text?: string) => void} parts.onEnd
   */
  constructor({ agent, devices, voice, face, captions, drawer, seen, shown, cues, memory, onEnd }) {
    this.agent = agent;
    this.devices = devices;
    this.voice = voice;
    this.face = face;
    this.captions = captions;
    this.drawer = drawer;
    this.seen = seen;
    this.shown = shown;
    this.onEnd = onEnd;
    this.agreed = agent.notice.version;
    this.line = new Line({ iceServers: agent.ice_servers, reconnectS: agent.reconnect_s });
    this.out = new Outgoing(this.line, devices, cues, memory);
    this.#listen();
  }

  #listen() {
    const { signal } = this.#off;
    /** @type {(target: EventTarget, type: string, run: (detail: any) => void) => void} */
    const on = (target, type, run) =>
      target.addEventListener(type, (event) => run(/** @type {CustomEvent} */ (event).detail), { signal });
    on(this.line, "open", (wire) => this.#onOpen(wire));
    on(this.line, "message", (data) => this.#onMessage(data));
    on(this.line, "state", (state) => this.#onLineState(state));
    on(this.line, "playout", (ms) => {
      this.voice.bufferMs = ms;
      this.line.send(protocol.playout(this.voice.playoutMs));
    });
    on(this.line, "lost", (error) => this.#end(error.retry ? "dropped" : "lost", error.text));
    on(this.devices, "track", ({ kind, track }) => this.out.switched(kind, track));
    on(this.devices, "gone", (kind) => toast(GONE[kind], { kind: kind === "screen" ? "note" : "trouble" }));
    on(window, "pagehide", () => this.#hang());
    on(window, "offline", () => toast("This device is offline.", { kind: "trouble", key: "line" }));
  }

  /** @param {string} session the conversation to return to, or ''. @throws {import("./dial.js").CallError} */
  async open(session) {
    await this.out.load();
    await this.line.open(session);
  }

  /** Lets go of everything, silently. */
  close() {
    this.#over = true;
    this.#off.abort();
    this.out.close();
    this.line.close();
    this.voice.detach();
    this.face.timeline.cut();
    this.captions.thinking(false);
    for (const video of ["self", "screen"]) $(`${video}-view`).hidden = true;
  }

  async leave() {
    if (this.#over) return;
    this.#over = true;
    if (this.line.send(protocol.leave())) await this.line.ended(LEAVE_MS);
    this.#over = false;
    this.#end("left");
  }

  /** What this call knows, for browser tests. */
  snapshot() {
    return {
      connection: this.line.state,
      session: this.line.session,
      state: this.#state,
      resumed: this.#resumed,
      committed: this.#committed,
      mids: Object.fromEntries(KINDS.map((kind) => [kind, this.line.mid(kind)])),
      messages: [...this.#messages],
    };
  }

  /** @param {Wire} wire */
  #onOpen(wire) {
    sessionStorage.setItem(SESSION, this.line.session);
    this.voice.attach(new MediaStream([wire.lines.microphone.receiver.track]));
    this.out.introduce();
  }

  /** @param {unknown} data */
  #onMessage(data) {
    const message = protocol.decode(data);
    if (!message || this.#over) return;
    this.#messages = [...this.#messages, message].slice(-LAST_MESSAGES);
    switch (message.type) {
      case "hello": return this.#onHello(message);
      case "notice": return this.#onNotice(message);
      case "state": return this.#onState(message.state);
      case "transcript": return this.captions.put(message);
      case "visemes": return this.#onVisemes(message);
      case "gesture": return this.face.nod();
      case "clear": return this.voice.cut(), this.face.timeline.cut();
      case "duck": return this.voice.duck(message.on);
      case "latency": return this.drawer.put(message);
      case "tool": return this.captions.tool(message);
      case "card": case "choices": case "form": return this.shown.put(message);
      case "highlight": return this.shown.highlight(message);
      case "frame": return this.seen.frame(message);
      case "sight": return this.seen.note(message);
      case "sight_totals": return this.seen.count(message);
      case "trigger": return tell(TRIGGERED[message.kind], "trigger");
      case "committed": return void (this.#committed = message.seq);
      case "error": return this.#onProblem(message);
      case "bye": return this.#end(message.reason);
    }
  }

  /** @param {import("./protocol.js").Hello} hello */
  #onHello({ agent, language, session, resumed = false }) {
    this.line.session = session;
    sessionStorage.setItem(SESSION, session);
    this.#resumed = resumed;
    this.captions.introduce(agent, language);
    if (!this.#greeted && !resumed) this.captions.wipe();
    if (!resumed) this.shown.wipe(), this.seen.wipe({ open: wide() });
    if (this.#greeted) this.captions.seal({ all: !resumed });
    if (resumed) {
      tell(BACK, "line");
    } else if (this.#greeted) {
      this.captions.remark(`${agent} could not find our conversation and starts anew.`, "anew");
    }
    this.#greeted = true;
    if (this.#state === "waiting") this.#onState("idle");
  }

  /** The person agreed to one text; another one needs another answer. @param {import("./protocol.js").Notice} notice */
  #onNotice({ version, text }) {
    if (version === this.agreed || $("changed").open) return;
    void this.out.pause(true);
    $("changed-text").textContent = text;
    $("changed").returnValue = "";
    $("changed").showModal();
    $("changed").addEventListener("close", () => {
      if (this.#over) return;
      if ($("changed").returnValue !== "agree") {
        this.line.send(protocol.consent(false));
        return void this.leave();
      }
      this.agreed = version;
      this.out.agree();
      void this.out.pause(false);
    }, { once: true, signal: this.#off.signal });
  }

  /** @param {import("./protocol.js").AgentState} state */
  #onState(state) {
    this.#state = state;
    showState(state);
    this.face.show(state);
    this.captions.thinking(state === "thinking");
    if (state === "speaking") this.voice.release();
  }

  /** @param {import("./protocol.js").Visemes} message */
  #onVisemes({ marks, total_ms: total }) {
    this.voice.release();
    this.face.timeline.add(marks, total, this.voice.now() + this.voice.playoutMs / 1000);
  }

  /** @param {import("./protocol.js").Problem} problem */
  #onProblem({ code, text, fatal = false }) {
    if (fatal) return this.#end("error", text);
    toast(text, { kind: "trouble", key: code });
  }

  /** @param {import("./rtc.js").LineState} state */
  #onLineState(state) {
    if (state === "reconnecting") {
      // Whatever was under way has ended with the line; the server tells when something new begins.
      this.#state = "idle";
      showState("reconnecting");
      this.face.timeline.cut();
      this.face.show("waiting");
      this.captions.thinking(false);
      announce("Reconnecting");
    }
    if (state === "connected") {
      showState(this.#state);
      this.face.show(this.#state);
    }
  }

  /** The page goes away: no time to wait for an answer. */
  #hang() {
    if (this.#over) return;
    const told = this.line.send(protocol.leave());
    const session = this.line.session;
    this.#end("left");
    // Unless the server has heard it, a reloaded page may still return.
    if (!told && session) sessionStorage.setItem(SESSION, session);
  }

  /** @param {string} reason @param {string} [text] */
  #end(reason, text) {
    if (this.#over) return;
    sessionStorage.removeItem(SESSION);
    if ($("changed").open) $("changed").close();
    this.close();
    this.onEnd(reason, text);
  }
}
