/** Keys of the page. They rest while a field, a button or a dialog has them. */

const OWN_KEYS = "input, textarea, select, button, summary, a[href], [contenteditable]";

/** @param keys key name → function; `dialog` keys work in the large view too */
export function listenToKeys(keys, largeIsOpen) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const run = keys[key];
    if (!run) return;
    const { target } = event;
    const presses = key === " " || key === "Enter";
    const writes = target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select");
    if (key !== "Escape" && (writes || (presses && target.closest?.(OWN_KEYS)))) return;
    if (document.querySelector("dialog[open]") && !largeIsOpen()) return;
    if (run() !== false) event.preventDefault();
  });
}
