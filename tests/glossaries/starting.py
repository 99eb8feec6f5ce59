"""A process that opens a store, for tests of several at once: `python starting.py URL NAME`."""

from __future__ import annotations

import asyncio
import sys

from glossaries import GlossaryStore
from tests.glossaries.making import config


async def main(url: str, name: str) -> None:
    """Start, create a glossary, end."""
    store = GlossaryStore(config(url, wait_s=30))
    await store.start()
    await store.create(name)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
