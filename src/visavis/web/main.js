// @ts-check
/**
 * The way into the call: details of the agent, consent, devices, join, end. What happens in the call is in `call.js`.
 */
import { Call, SESSION } from "./call.js";
import { Captions } from "./captions.js";
import { bindControls } from "./controls.js";
import { CallError } from "./dial.js";
import { DeviceError, Devices } from "./devices.js";
import { Face } from "./face.js";
import { LatencyDrawer } from "./latency.js";
import { asPerson } from "./person.js";
import { Picker } from "./picker.js";
import { looked } from "./protocol.js";
import { Seen } from "./seen.js";
import { Shown } from "./shown.js";
import { $, announce, clearToasts, showEnd, showScreen, showState, toast } from "./ui.js";
import { Voice } from "./voice.js";
import { callTrouble, deviceTrouble, ending } from "./wording.js";

/**
 * @typedef {{name: string, language: string, notice: {version: string, text: string, cues: string, memory?: string}, cues_in_page: boolean, ice_servers: RTCIceServer[],
 *   reconnect_s: number}} Agent
 */

/** A server that still loads its models answers late. */
const LOAD_MS = 30_000;
const SLOW_MS = 2500;

const devices = new Devices();
const voice = new Voice($("voice"));
const picker = new Picker(devices, deviceToast);
const face = new Face({ now: () => voice.now(), voice: () => voice.level() * voice.gain, person: () => picker.level });
const captions = new Captions({
  list: $("captions"), now: $("now"), announce, looked: (source) => call?.line.send(looked({ source })),
});
const shown = new Shown({
  captions, announce, send: (message) => call?.out.act(message) ?? false, typing: () => call?.out.typing(),
});
const seen = new Seen({
  panel: $("seen"), brief: $("seen-brief"), totals: $("seen-totals"), why: $("seen-why"), list: $("seen-frames"),
  empty: $("seen-empty"), announce,
});
const drawer = new LatencyDrawer({
  drawer: $("latency"), turns: $("turns"), empty: $("latency-empty"), opener: $("open-latency"), brief: $("latency-brief"),
});
/** @type {Agent | null} */
let agent = null;
/** @type {Call | null} */
let call = null;

/** @param {unknown} error */
function deviceToast(error) {
  if (!(error instanceof DeviceError)) throw error;
  const { title, advice } = deviceTrouble(error.kind, error.code);
  toast(`${title}. ${advice}`, { kind: "trouble", key: error.kind });
}

/** Fetches who is listening and the notice; nothing about the person leaves the page. */
async function start() {
  showScreen("loading");
  showState("loading");
  if (!("RTCPeerConnection" in window)) return fail("no_webrtc", "", []);
  const patience = setTimeout(() => ($("loading-text").textContent = "The agent is waking up…"), SLOW_MS);
  try {
    const response = await fetch(asPerson("api/agent"), { cache: "no-store", signal: AbortSignal.timeout(LOAD_MS) });
    if (!response.ok) throw new CallError("server_gone");
    agent = /** @type {Agent} */ (await response.json());
  } catch {
    return fail("server_gone");
  } finally {
    clearTimeout(patience);
  }
  introduce(agent);
  askConsent();
}

/** @param {Agent} who */
function introduce({ name, notice, cues_in_page: inPage }) {
  document.title = `${name} · visavis`;
  $("agent-name").textContent = name;
  for (const place of document.querySelectorAll(".agent")) place.textContent = name;
  $("notice-text").textContent = notice.text;
  $("notice-version").textContent = notice.version;
  $("cues-text").textContent = notice.cues;
  $("memory-text").textContent = notice.memory ?? "";
  $("memory-row").hidden = $("memory-now-row").hidden = !notice.memory;
  $("cues").addEventListener("change", () => ($("cues-local-row").hidden = !(inPage && $("cues").checked)));
}

function askConsent() {
  face.show("waiting");
  showState("waiting");
  $("consent-return").hidden = !sessionStorage.getItem(SESSION);
  showScreen("consent");
}

function decline() {
  sessionStorage.removeItem(SESSION);
  face.show("idle");
  showEnd(ending("not_joined"), [{ label: "Read the notice again", run: askConsent }]);
}

async function agree() {
  await voice.wake();
  picker.context = voice.context;
  showScreen("setup");
  await turnOnDevices();
}

async function turnOnDevices() {
  $("join").disabled = true;
  $("setup-trouble").hidden = true;
  try {
    await devices.open();
    $("join").disabled = false;
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const words = deviceTrouble(error.kind, error.code);
    $("setup-trouble-title").textContent = words.title;
    $("setup-trouble-text").textContent = `${words.text} ${words.advice}`;
    $("setup-trouble").hidden = false;
    $("devices-again").hidden = error.code === "insecure";
  }
  $("picker-home").hidden = !devices.tracks.microphone;
  await picker.refresh();
}

/** @param {boolean} withDevices */
async function join(withDevices) {
  if (!agent) return;
  if (!withDevices) devices.close();
  await voice.wake();
  busy(true);
  showState("connecting");
  const cues = { allowed: $("cues").checked, local: !$("cues-local-row").hidden && $("cues-local").checked };
  $("cues-now").checked = cues.allowed;
  const memory = !$("memory-row").hidden && $("memory").checked;
  $("memory-now").checked = memory;
  call = new Call({ agent, devices, voice, face, captions, drawer, seen, shown, cues, memory, onEnd: ended });
  try {
    await call.open(sessionStorage.getItem(SESSION) ?? "");
    showScreen("call");
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    call.close();
    devices.close();
    fail(error.code, error.text);
  } finally {
    busy(false);
  }
}

/** @param {boolean} on */
function busy(on) {
  $("join").textContent = on ? "Connecting…" : "Join the call";
  $("join").disabled = on || !devices.tracks.microphone;
  $("text-only").disabled = on;
}

/**
 * @param {string} code
 * @param {string} [text] the server's own words
 * @param {import("./ui.js").Action[]} [actions]
 */
function fail(code, text = "", actions = [{ label: "Try again", run: start, primary: true }]) {
  const words = callTrouble(code);
  face.show("idle");
  showState("ended");
  showEnd(text ? { ...words, text, advice: "" } : words, actions);
}

/** The call is over. @param {string} reason @param {string} [text] the server's own words */
function ended(reason, text = "") {
  devices.close();
  drawer.toggle(false);
  clearToasts();
  face.show(reason === "left" || reason === "idle" ? "ended" : "idle");
  showState("ended");
  const again = { label: reason === "left" ? "Call again" : "Start again", run: start, primary: true };
  const words = reason === "dropped" ? callTrouble("dropped") : ending(reason);
  // The server's own words say what to do as well.
  showEnd(text ? { ...words, text, advice: "" } : words, [again]);
}

bindControls({ current: () => call, devices, drawer, seen, shown, picker, trouble: deviceToast });
$("agree").addEventListener("click", agree);
$("decline").addEventListener("click", decline);
$("devices-again").addEventListener("click", turnOnDevices);
$("join").addEventListener("click", () => join(true));
$("text-only").addEventListener("click", () => join(false));
devices.addEventListener("list", () => {
  const waits = document.body.dataset.screen === "setup" && !devices.tracks.microphone;
  if (waits) turnOnDevices();
});
voice.addEventListener("blocked", () => {
  toast("The browser holds back the sound.", { key: "sound", action: { label: "Turn sound on", run: () => voice.wake() } });
});

Object.defineProperty(window, "visavis", {
  /** For browser tests: what the page knows, nothing more. */
  value: Object.freeze({
    snapshot: () => ({
      screen: document.body.dataset.screen,
      face: { state: face.state, shape: face.shape, open: face.lips.open, nods: face.nods },
      devices: Object.fromEntries(Object.entries(devices.tracks).map(([kind, track]) => [kind, track?.readyState ?? null])),
      muted: devices.muted,
      gain: voice.gain,
      playoutMs: voice.playoutMs,
      remoteLevel: voice.level(),
      personLevel: picker.level,
      ...call?.snapshot(),
    }),
  }),
});

start();
