"""One reader's visit to the page: what they do and see, in few words."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PATIENCE_MS = 30_000

_WATCH = """
() => {
  // Committed text as it was ever shown: each chunk's text may only grow, and not once complete.
  globalThis.revisions = [];
  const shown = new WeakMap();
  const look = () => {
    for (const chunk of document.querySelectorAll("#captions .target .chunk")) {
      const before = shown.get(chunk);
      const text = chunk.textContent;
      const done = !chunk.classList.contains("growing");
      if (before && (!text.startsWith(before.text) || (before.done && text !== before.text))) {
        globalThis.revisions.push([before.text, text]);
      }
      shown.set(chunk, { text, done });
    }
  };
  new MutationObserver(look).observe(document.querySelector("#captions"), {
    childList: true, subtree: true, characterData: true, attributes: true,
  });
}
"""


@dataclass
class Visit:
    """The page, open in a browser context of its own."""

    context: BrowserContext
    page: Page
    address: str
    problems: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, browser: Browser, address: str, options: dict[str, Any]) -> Visit:
        """Open the page. Options of our own: `microphone="denied"` refuses it;
        `allowed` are parts of error messages that may appear in the console.
        """
        microphone = options.pop("microphone", "granted")
        allowed = list(options.pop("allowed", ()))
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        if microphone == "granted":  # otherwise headless Chromium refuses by itself
            context.grant_permissions(["microphone"], origin=address)
        visit = cls(context, page, address, allowed=allowed)
        page.on("console", lambda m: visit._problem(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: visit._problem(str(error)))
        page.on("request", lambda r: visit._request(r.url))
        page.goto(address)
        page.evaluate(_WATCH)
        return visit

    def _problem(self, text: str) -> None:
        if not any(part in text for part in self.allowed):
            self.problems.append(text)

    def _request(self, url: str) -> None:
        host = self.address.split("//")[1]
        if not url.startswith((f"http://{host}/", f"ws://{host}/", "blob:", "data:")):
            self.problems.append(f"the page asked for {url}")

    def ready(self) -> Visit:
        """Until the page may start."""
        self.page.wait_for_selector("#start:enabled")
        return self

    def start(self) -> Visit:
        """Press Start."""
        self.ready().page.click("#start")
        return self

    def state(self, name: str) -> None:
        """Until the connection state is `name`."""
        self.page.wait_for_selector(f'#state[data-state="{name}"]')

    def chunks(self, at_least: int) -> list[str]:
        """Until so many chunks are complete; their texts."""
        self.page.wait_for_function(
            "n => document.querySelectorAll('#captions .target .chunk:not(.growing)').length >= n",
            arg=at_least,
        )
        return self.captions()

    def captions(self) -> list[str]:
        """The committed texts on the page."""
        return self.page.locator("#captions .target .chunk").all_inner_texts()

    def revisions(self) -> list[list[str]]:
        """Committed text that was changed after it had been shown; must be empty."""
        found: list[list[str]] = self.page.evaluate("() => globalThis.revisions")
        return found

    def banner(self) -> str:
        """Until something is wrong; what the page says about it."""
        self.page.wait_for_selector("#banner:visible")
        return self.page.inner_text("#banner")

    def download(self, name: str, languages: str = "target") -> str:
        """The file that a download button gives."""
        self.page.click("#save-open")
        self.page.check(f"#save [name=languages][value={languages}]", force=True)
        with self.page.expect_download() as waiting:
            self.page.click(f"#save-{name}")
        path = waiting.value.path()
        assert waiting.value.suggested_filename.endswith(f".{name}")
        return Path(path).read_text(encoding="utf-8")

    def module(self, path: str, expression: str, **values: Any) -> Any:
        """`expression` over the module `m` of the page and the given values."""
        names = ", ".join(values)
        load = f"const m = await import('/{path}');"
        code = f"async ({{{names}}}) => {{ {load} return {expression.strip()}; }}"
        return self.page.evaluate(code, json.loads(json.dumps(values)))

    def leave(self) -> None:
        """Close the page."""
        self.context.close()
