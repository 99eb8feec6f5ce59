"""What is measured of a page's looks, as JavaScript: names, contrast, width."""

UNNAMED = """
() => [...document.querySelectorAll("button, input, select, textarea, summary, dialog, [role]")]
  .filter((e) => e.getClientRects().length)
  .filter((e) => !["presentation", "status", "alert"].includes(e.getAttribute("role")))
  .filter((e) => !(e.ariaLabel || e.getAttribute("aria-labelledby") || e.textContent.trim()
    || e.labels?.length || e.title))
  .map((e) => e.outerHTML)
"""
"""Visible controls that a screen reader has no name for."""

CONTRAST = """
(selectors) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour, under) => {
    canvas.fillStyle = under ? `rgb(${under})` : "#fff";
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const back = (e) => e ? rgb(getComputedStyle(e).backgroundColor, back(e.parentElement))
    : [255, 255, 255];
  const light = (c) => {
    const [r, g, b] = c.map((v) => v / 255)
      .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return Object.fromEntries(selectors.map((selector) => {
    const e = [...document.querySelectorAll(selector)].find((e) => e.getClientRects().length);
    if (!e) return [selector, null];
    const under = back(e);
    const [a, b] = [light(rgb(getComputedStyle(e).color, under)), light(under)].sort();
    return [selector, (b + 0.05) / (a + 0.05)];
  }));
}
"""
"""The contrast of the first visible element of each selector with what is behind it; or null."""

OVERFLOW = """
() => [document.documentElement,
  ...document.querySelectorAll("main, .dock, .scroller, dialog[open], dialog[open] *")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
  .filter((e) => !e.matches("input, textarea, select, option, .hidden"))
  .map((e) => e.id || e.className || e.tagName)
"""
"""Boxes that hold something wider than themselves."""
