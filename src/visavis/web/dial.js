// @ts-check
/**
 * One attempt to reach the agent: offer, answer, open data channel. The offer always has the same four lines
 * (audio both ways, camera out, screen out, data), so that devices are switched later without a new offer.
 * Candidates are gathered before the offer is sent.
 *
 * @typedef {import("./protocol.js").Kind} Kind
 * @typedef {Record<Kind, MediaStreamTrack | null>} Tracks
 * @typedef {{pc: RTCPeerConnection, channel: RTCDataChannel, lines: Record<Kind, RTCRtpTransceiver>, session: string}} Wire
 */
import { asPerson } from "./person.js";

const GATHER_MS = 2000;
/**
 * Long on purpose: a server that is being restarted leaves the request waiting and answers it. A second request
 * beside one that was given up too early would make two callers of one.
 */
const ANSWER_MS = 30_000;
const OPEN_MS = 12_000;
/** Enough to read a page that is held up; text on a screen needs more. */
const CAMERA_BPS = 1_200_000;
const SCREEN_BPS = 1_500_000;

/** Why a call cannot be: `code` is stable, `text` is the server's own word to the person, if it gave one. */
export class CallError extends Error {
  /**
   * @param {string} code
   * @param {{text?: string, retry?: boolean}} [about] `retry`: the same attempt may succeed later
   */
  constructor(code, { text = "", retry = false } = {}) {
    super(text || code);
    this.code = code;
    this.text = text;
    this.retry = retry;
  }
}

/**
 * @param {object} options
 * @param {RTCIceServer[]} options.iceServers
 * @param {Tracks} options.tracks
 * @param {string} options.session '' for a new conversation
 * @param {(data: unknown) => void} options.onMessage
 * @param {AbortSignal} options.signal
 * @returns {Promise<Wire>}
 * @throws {CallError}
 */
export async function dial({ iceServers, tracks, session, onMessage, signal }) {
  const pc = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
  try {
    const channel = pc.createDataChannel("visavis");
    channel.onmessage = (event) => onMessage(event.data);
    const lines = {
      microphone: pc.addTransceiver("audio", { direction: "sendrecv" }),
      camera: pc.addTransceiver("video", { direction: "sendonly", sendEncodings: [{ maxBitrate: CAMERA_BPS }] }),
      screen: pc.addTransceiver("video", { direction: "sendonly", sendEncodings: [{ maxBitrate: SCREEN_BPS }] }),
    };
    const kinds = /** @type {Kind[]} */ (Object.keys(lines));
    await Promise.all(kinds.map((kind) => lines[kind].sender.replaceTrack(tracks[kind])));
    await pc.setLocalDescription();
    await settled(pc, "icegatheringstatechange", () => pc.iceGatheringState === "complete", GATHER_MS, signal);
    const answer = await post(pc.localDescription, session, signal);
    await pc.setRemoteDescription({ type: answer.type, sdp: answer.sdp });
    await opened(pc, channel, signal);
    return { pc, channel, lines, session: answer.session };
  } catch (error) {
    pc.close();
    if (error instanceof CallError) throw error;
    if (signal.aborted) throw new CallError("given_up");
    throw new CallError("negotiation_failed", { retry: true });
  }
}

/**
 * @param {RTCSessionDescription | null} offer
 * @param {string} session
 * @param {AbortSignal} signal
 * @returns {Promise<{sdp: string, type: RTCSdpType, session: string}>}
 */
async function post(offer, session, signal) {
  if (!offer) throw new CallError("negotiation_failed", { retry: true });
  const body = { sdp: offer.sdp, type: offer.type, ...(session ? { session } : {}) };
  let response;
  try {
    response = await fetch(asPerson("api/offer"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
  } catch {
    throw new CallError("server_gone", { retry: true });
  }
  const said = await response.json().catch(() => ({}));
  if (response.ok && said.sdp) return said;
  const fallback = response.status >= 500 ? "server_gone" : "negotiation_failed";
  throw new CallError(said.code || fallback, { text: said.text, retry: response.status >= 500 });
}

/**
 * @param {RTCPeerConnection} pc
 * @param {RTCDataChannel} channel
 * @param {AbortSignal} signal
 */
async function opened(pc, channel, signal) {
  const failed = new Promise((_, reject) => {
    pc.addEventListener("connectionstatechange", () => {
      if (pc.connectionState === "failed") reject(new CallError("no_path", { retry: true }));
    });
  });
  const open = settled(channel, "open", () => channel.readyState === "open", OPEN_MS, signal);
  await Promise.race([open, failed]);
  if (channel.readyState !== "open") throw new CallError("no_path", { retry: true });
}

/**
 * Waits for `event` until `done()`, at most `ms`; rejects only when aborted.
 * @param {EventTarget} target
 * @param {string} event
 * @param {() => boolean} done
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function settled(target, event, done, ms, signal) {
  return new Promise((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer);
      target.removeEventListener(event, check);
      signal.removeEventListener("abort", abort);
    };
    const check = () => {
      if (done()) finish(), resolve();
    };
    const abort = () => {
      finish();
      reject(new CallError("given_up"));
    };
    const timer = setTimeout(() => (finish(), resolve()), ms);
    target.addEventListener(event, check);
    signal.addEventListener("abort", abort);
    check();
  });
}
