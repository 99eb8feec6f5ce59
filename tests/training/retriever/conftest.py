"""Some of these need the extra `train` (`make test-training`): they are left out without it."""

from __future__ import annotations

from importlib.util import find_spec

_NEEDS = {"test_training.py": ("torch",), "test_texts.py": ("faker", "jieba")}
collect_ignore = [name for name, packages in _NEEDS.items() if not all(map(find_spec, packages))]
