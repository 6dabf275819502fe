// What the accessibility tests ask of a page. One expression: an object of functions, each returns what is wrong.
({
  /** Visible controls, dialogs and regions that a screen reader has no name for. */
  nameless() {
    const kinds = "button, input, select, textarea, video, dialog, aside, section, [role=meter], [role=toolbar], ol[tabindex]";
    const referred = (one) =>
      (one.getAttribute("aria-labelledby") ?? "")
        .split(" ")
        .map((id) => document.getElementById(id)?.textContent ?? "")
        .join("");
    const labels = (one) => [...(one.labels ?? [])].map((label) => label.textContent).join("");
    const name = (one) =>
      one.getAttribute("aria-label") || referred(one) || labels(one) || (one.matches("button") ? one.innerText : "");
    return [...document.querySelectorAll(kinds)]
      .filter((one) => one.checkVisibility() || one.matches("dialog, aside"))
      .filter((one) => !name(one).trim())
      .map((one) => one.outerHTML.slice(0, 120));
  },

  /** Text whose contrast against what lies behind it is below 4.5 (large text: 3), by WCAG's formula. */
  faint() {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const rgba = (css) => {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = css;
      pen.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
      return [r, g, b, a / 255];
    };
    const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3]));
    const behind = (one) => {
      if (!one) return [255, 255, 255];
      const colour = rgba(getComputedStyle(one).backgroundColor);
      return colour[3] === 1 ? colour.slice(0, 3) : over(colour, behind(one.parentElement));
    };
    const luminance = (colour) => {
      const line = colour.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * line[0] + 0.7152 * line[1] + 0.0722 * line[2];
    };
    const wrong = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode()); ) {
      const one = node.parentElement;
      const text = node.textContent.trim();
      if (!text || !one.checkVisibility() || one.closest("option, .sr, script, noscript, :disabled")) continue;
      const style = getComputedStyle(one);
      const ground = behind(one);
      const [light, dark] = [luminance(over(rgba(style.color), ground)), luminance(ground)].sort((x, y) => y - x);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      const ratio = (light + 0.05) / (dark + 0.05);
      if (ratio < (large ? 3 : 4.5)) wrong.push(`${ratio.toFixed(2)} ${text.slice(0, 40)}`);
    }
    return wrong;
  },

  /** Controls smaller than 24 pixels either way. */
  small() {
    return [...document.querySelectorAll("button, select, input, textarea")]
      .filter((one) => one.checkVisibility())
      .map((one) => {
        const box = (one.type === "checkbox" ? one.closest("p") : one).getBoundingClientRect();
        return [one.id || one.textContent, Math.min(box.width, box.height)];
      })
      .filter(([, size]) => size < 24);
  },

  /** The page is wider than the window. */
  wide() {
    const width = document.documentElement.scrollWidth;
    return width > innerWidth ? [width] : [];
  },
})
