"""The whole path: a fake microphone that speaks Mandarin, the real weights, the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from models.factory import build_backend
from server.app import create_app
from server.config import load_settings
from server.serve import build
from tests.client_demo.scripted import running
from tests.client_demo.visit import Visit
from tongchuan.settings import models_config

pytestmark = [pytest.mark.browser, pytest.mark.real, pytest.mark.timeout(900)]

WARMING_MS = 300_000
TALKING_MS = 300_000

_TALKED_WITHIN = """
async (ms) => {
  const talked = () =>
    document.querySelectorAll("#captions .target .chunk:not(.growing)").length >= 2;
  const failed = () => !document.querySelector("#banner").hidden;
  for (const until = Date.now() + ms; Date.now() < until && !talked() && !failed();) {
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return talked();
}
"""


@pytest.fixture(scope="module")
def embedded_server() -> Iterator[str]:
    """The project's server with the embedded profile."""
    settings = load_settings(host="127.0.0.1", port=0, max_sessions=1)
    app = create_app(settings, build_backend(models_config(settings.profile)))
    with running(build(app, settings, configure_logging=False)) as address:
        yield address


@pytest.mark.parametrize("kind", ["microphone", "sample"])
def test_mandarin_becomes_english_on_the_page(
    embedded_server: str, visit: Callable[..., Visit], kind: str
) -> None:
    page = visit(embedded_server, allowed=["503"])
    page.context.set_default_timeout(WARMING_MS)
    page.ready()
    page.page.check(f"[name=kind][value={kind}]", force=True)
    page.page.click("#start")
    page.state("live")
    page.context.set_default_timeout(TALKING_MS)
    talked = page.page.evaluate(_TALKED_WITHIN, TALKING_MS)
    assert talked, page.page.evaluate("() => document.body.innerText")  # what a reader would see
    assert page.page.is_hidden("#banner"), page.banner()
    page.page.click("#start")
    page.state("idle")
    texts = [text for text in page.captions() if text.strip()]
    english = " ".join(texts)
    assert len(re.findall(r"[A-Za-z]{2,}", english)) >= 6, english
    assert not re.search(r"[\u4e00-\u9fff]", english), english
    source = page.download("txt", "source")
    assert re.search(r"[\u4e00-\u9fff]{4}", source)
    assert texts[0].strip() in page.download("txt")
    assert page.revisions() == []
