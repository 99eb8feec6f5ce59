/** Elements in one line. Text is always text here, never markup. */

const SVG = "http://www.w3.org/2000/svg";

/** @param properties of the element, `className`, `textContent`, `ariaLabel` …; `data` is its dataset */
export function node(tag, { data = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

/** One of the page's own pictures, by its name without "i-". */
export function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  picture.append(use);
  picture.ariaHidden = "true";
  return picture;
}

/** 200000 → "200,000". */
export function count(number, noun = "") {
  const plural = noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${number.toLocaleString("en")}${noun && ` ${number === 1 ? noun : plural}`}`;
}
