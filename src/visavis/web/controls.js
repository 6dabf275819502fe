// @ts-check
/**
 * Buttons, keys and the text box of the call, bound once for the page's life.
 *
 * @typedef {import("./call.js").Call} Call
 */
import { canShare } from "./devices.js";
import { $, announce, shortcuts, textBox } from "./ui.js";

/**
 * @param {object} parts
 * @param {() => Call | null} parts.current
 * @param {import("./devices.js").Devices} parts.devices
 * @param {import("./latency.js").LatencyDrawer} parts.drawer
 * @param {import("./seen.js").Seen} parts.seen
 * @param {import("./shown.js").Shown} parts.shown
 * @param {import("./picker.js").Picker} parts.picker
 * @param {(error: unknown) => void} parts.trouble
 */
export function bindControls({ current, devices, drawer, seen, shown, picker, trouble }) {
  const inCall = () => document.body.dataset.screen === "call";

  const mute = async () => {
    if (!inCall()) return;
    // A call by text may turn into a call by voice.
    if (!devices.tracks.microphone) return devices.mute(false), devices.setMicrophone("").catch(trouble);
    current()?.out.mute(!devices.muted);
  };
  const camera = async () => {
    if (!inCall()) return;
    await devices.toggleCamera().catch(trouble);
    announce(devices.tracks.camera ? "Camera on" : "Camera off");
  };
  const share = async () => {
    if (!inCall() || !canShare()) return;
    await devices.toggleShare().catch(trouble);
    announce(devices.tracks.screen ? "You share your screen" : "Screen not shared");
  };
  const openDevices = () => {
    if (!inCall()) return;
    picker.moveTo($("picker-away"));
    picker.refresh();
    $("devices").showModal();
  };
  const latency = () => drawer.toggle(!drawer.isOpen);

  $("mute").addEventListener("click", mute);
  $("camera").addEventListener("click", camera);
  $("share").addEventListener("click", share);
  $("share").hidden = !canShare();
  $("leave").addEventListener("click", () => current()?.leave());
  $("open-devices").addEventListener("click", openDevices);
  $("close-devices").addEventListener("click", () => $("devices").close());
  $("devices").addEventListener("close", () => picker.moveTo($("picker-home")));
  $("open-latency").addEventListener("click", latency);
  $("close-latency").addEventListener("click", latency);
  $("cues-now").addEventListener("change", () => current()?.out.allowCues($("cues-now").checked));
  $("memory-now").addEventListener("change", () => current()?.out.allowMemory($("memory-now").checked));
  $("changed-agree").addEventListener("click", () => $("changed").close("agree"));
  $("changed-decline").addEventListener("click", () => $("changed").close("leave"));

  textBox((text) => current()?.out.say(text) ?? false, () => current()?.out.typing());
  shortcuts(
    {
      m: mute, v: camera, s: share, d: openDevices,
      l: () => inCall() && latency(), t: () => inCall() && $("say").focus(),
      e: () => inCall() && seen.toggle(), c: () => inCall() && shown.focus(),
    },
    () => drawer.toggle(false),
  );
}
