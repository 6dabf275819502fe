// @ts-check
/**
 * What the page says when something is not as it should be: what happened, and what to do.
 *
 * @typedef {{title: string, text: string, advice: string}} Words
 */

/** @type {Record<string, Words>} */
const CALL = {
  at_capacity: {
    title: "All lines are busy",
    text: "The agent is in as many calls as it can hold right now.",
    advice: "Wait a minute, then try again. Nothing of you was kept.",
  },
  server_gone: {
    title: "The server does not answer",
    text: "The page could not reach the agent’s server.",
    advice: "Check your internet connection. If that works, the server may be down: try again in a minute.",
  },
  no_path: {
    title: "Sound cannot get through",
    text: "The server answered, but your network lets no call through.",
    advice: "Try another network, such as your phone’s, or switch off a VPN. A TURN server on the agent’s side cures it for good.",
  },
  negotiation_failed: {
    title: "The call could not be set up",
    text: "Your browser and the server did not agree on how to talk.",
    advice: "Load the page again. If it happens again, try a current Chrome, Edge, Firefox or Safari.",
  },
  no_webrtc: {
    title: "This browser cannot hold calls",
    text: "It lacks WebRTC, which carries sound and picture.",
    advice: "Open this page in a current Chrome, Edge, Firefox or Safari.",
  },
  journal: {
    title: "No call can be taken now",
    text: "The server cannot keep its record of calls.",
    advice: "Try again later. Nothing of you was kept.",
  },
  dropped: {
    title: "The call was lost",
    text: "The connection dropped and did not come back in time.",
    advice: "Check your internet connection, then start again.",
  },
};

/** @type {Record<string, Record<string, Words>>} */
const DEVICE = {
  microphone: {
    denied: {
      title: "The microphone is blocked",
      text: "The browser did not let this page use your microphone.",
      advice: "Click the icon left of the page’s address, allow the microphone, and try again. Or go on by text.",
    },
    missing: {
      title: "No microphone found",
      text: "The browser sees no microphone on this device.",
      advice: "Plug one in and try again, or go on by text: you type, the agent speaks.",
    },
    in_use: {
      title: "The microphone does not start",
      text: "Another program may be using it.",
      advice: "Close other calls or recorders and try again, or go on by text.",
    },
    insecure: {
      title: "This page is not secure",
      text: "Browsers hand out the microphone on https pages and on localhost only.",
      advice: "Open this page’s address with https:// in front, or go on by text.",
    },
    failed: {
      title: "The microphone does not start",
      text: "The browser gave no reason.",
      advice: "Unplug it and plug it in again, or restart the browser. Or go on by text.",
    },
  },
  camera: {
    denied: { title: "The camera is blocked", text: "", advice: "Click the icon left of the page’s address and allow the camera." },
    missing: { title: "No camera found", text: "", advice: "Plug one in, or go on without." },
    in_use: { title: "The camera does not start", text: "", advice: "Another program may be using it: close it and try again." },
    insecure: { title: "No camera on this page", text: "", advice: "Open this page’s address with https:// in front." },
    failed: { title: "The camera does not start", text: "", advice: "Unplug it and plug it in again, or go on without." },
  },
  screen: {
    failed: { title: "The screen cannot be shared", text: "", advice: "Allow screen recording for this browser in the system’s settings." },
  },
};

/** @type {Record<string, Words>} */
const ENDED = {
  left: { title: "You left the call", text: "Your microphone and camera are off.", advice: "" },
  idle: { title: "The call has ended", text: "It was quiet for a while, so the agent said goodbye.", advice: "" },
  moved: { title: "The call goes on elsewhere", text: "Another page has taken it over. Your microphone and camera are off here.", advice: "" },
  not_joined: { title: "You declined", text: "Nothing was captured or sent.", advice: "You can close this page, or read the notice again." },
  declined: { title: "The call has ended", text: "You did not agree to the notice.", advice: "" },
  peer_gone: { title: "The call has ended", text: "The server lost touch with this page.", advice: "Check your internet connection, then start again." },
  busy: { title: "All lines are busy", text: "The agent is in as many calls as it can hold.", advice: "Try again in a minute." },
  time_limit: { title: "The call has ended", text: "It reached the longest time a call may take.", advice: "" },
  server_stopped: { title: "The call has ended", text: "The server is being stopped.", advice: "Try again in a minute." },
  error: { title: "The call has ended", text: "Something failed on the agent’s side.", advice: "Try again in a minute." },
};

/** @param {string} code @returns {Words} */
export const callTrouble = (code) => CALL[code] ?? CALL.negotiation_failed;

/** @param {string} kind @param {string} code @returns {Words} */
export const deviceTrouble = (kind, code) => DEVICE[kind]?.[code] ?? DEVICE[kind]?.failed ?? DEVICE.microphone.failed;

/** @param {string} reason @returns {Words} */
export const ending = (reason) => ENDED[reason] ?? { title: "The call has ended", text: "", advice: "" };

/** @type {Record<string, string>} */
export const STATES = {
  loading: "Loading",
  waiting: "Waiting for you",
  connecting: "Connecting",
  reconnecting: "Reconnecting…",
  idle: "Ready",
  listening: "Listening",
  thinking: "Thinking",
  speaking: "Speaking",
  ended: "Call ended",
};

/** Why a frame was looked at: the reasons of the server's gate, in plain words. @type {Record<string, string>} */
export const LOOKED = {
  first_frame: "First look",
  text_changed: "New words",
  layout_changed: "It is arranged anew",
  window_changed: "Another window or page",
  scene_changed: "Another scene or light",
  person_changed: "Somebody came or went",
  held_up: "Something held up",
  gesture: "A gesture",
  moving: "Movement",
  larger: "A sharper picture of it",
  asked: "You asked about it",
};

/** What was seen that the person should know has been seen. @type {Record<string, string>} */
export const TRIGGERED = {
  raised_hand: "Your raised hand was seen: go ahead",
  thumb_up: "Your thumbs-up was seen",
};

/** Why frames were not. @type {Record<string, string>} */
export const DROPPED = {
  unchanged: "nothing new",
  already_sent: "seen before",
  over_budget: "budget used up",
  nothing_new: "nothing new at second look",
  not_relevant: "not what it is about",
  too_small: "too small",
  too_large: "too large",
  late: "came late",
  blank: "blank",
  empty: "empty",
  not_rgb: "no picture",
  unreadable: "unreadable",
  busy: "too many at once",
  queue_full: "overtaken by a newer one",
};

/** @type {Record<string, string>} */
export const SOURCES = { camera: "Your camera", screen: "Your screen" };

/** @type {Record<string, string>} */
export const GONE = {
  microphone: "Your microphone was unplugged. Choose another one under Devices, or type.",
  camera: "Your camera was unplugged.",
  screen: "You stopped sharing your screen.",
};
