"""`python -m tongchuan`."""

from __future__ import annotations

import sys

from tongchuan.cli import main

if __name__ == "__main__":
    sys.exit(main())
