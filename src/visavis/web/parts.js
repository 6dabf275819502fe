// @ts-check
/** Pieces of the page made in script. */

/**
 * An element; `text` is text, never markup.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name @param {string} [className] @param {string} [text]
 */
export function part(name, className = "", text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** @param {string} text @param {() => void} run @param {string} [className] */
export function button(text, run, className = "") {
  const made = part("button", className, text);
  made.type = "button";
  made.addEventListener("click", run);
  return made;
}
