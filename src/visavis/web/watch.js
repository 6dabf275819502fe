// @ts-check
/**
 * Watches a connection's statistics. Two things come of it: the play-out delay of the agent's voice, and an early
 * word that the line is dead (ICE alone needs five seconds and more to notice a killed server).
 */

const TICK_MS = 500;
const PLAYOUT_EVERY_MS = 3000;
/** A live server sends something, RTCP at the least, well within this. */
const QUIET_MS = 3500;
/** After this long a silence the server's door is tried: if nobody opens, the line is dead. */
const ASK_AFTER_MS = 1000;
const ASK_MS = 1500;

export class LineWatch {
  #bytes = -1;
  #heardAt = performance.now();
  #playoutAt = 0;
  #before = { delay: 0, emitted: 0 };
  #asking = false;
  #stopped = false;
  /** @type {number} */
  #timer;

  /**
   * @param {RTCPeerConnection} pc
   * @param {{onDead: () => void, onPlayout: (ms: number) => void}} tell
   */
  constructor(pc, tell) {
    this.pc = pc;
    this.tell = tell;
    this.#timer = window.setInterval(() => this.#tick(), TICK_MS);
  }

  stop() {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  async #tick() {
    const report = await this.pc.getStats();
    if (this.#stopped) return;
    const now = performance.now();
    for (const stats of report.values()) {
      if (stats.type === "transport") this.#traffic(stats.bytesReceived ?? 0, now);
      if (stats.type === "inbound-rtp" && stats.kind === "audio") this.#audio(stats, now);
    }
  }

  /** @param {number} bytes @param {number} now */
  #traffic(bytes, now) {
    // A page asleep in the background ticks rarely: then a gap says nothing about the line.
    if (bytes !== this.#bytes || document.hidden) this.#heardAt = now;
    this.#bytes = bytes;
    const quiet = now - this.#heardAt;
    if (quiet >= QUIET_MS) this.#dead();
    else if (quiet >= ASK_AFTER_MS && !this.#asking) this.#ask();
  }

  async #ask() {
    this.#asking = true;
    const answered = await fetch("healthz", { cache: "no-store", signal: AbortSignal.timeout(ASK_MS) }).then(
      () => true,
      () => false,
    );
    this.#asking = false;
    const stillQuiet = performance.now() - this.#heardAt >= ASK_AFTER_MS;
    if (!answered && stillQuiet && !this.#stopped) this.#dead();
  }

  #dead() {
    this.stop();
    this.tell.onDead();
  }

  /** @param {any} stats @param {number} now */
  #audio(stats, now) {
    if (now - this.#playoutAt < PLAYOUT_EVERY_MS) return;
    const delay = stats.jitterBufferDelay ?? 0;
    const emitted = stats.jitterBufferEmittedCount ?? 0;
    const samples = emitted - this.#before.emitted;
    if (samples > 0) {
      this.tell.onPlayout(((delay - this.#before.delay) / samples) * 1000);
      this.#playoutAt = now;
    }
    this.#before = { delay, emitted };
  }
}
