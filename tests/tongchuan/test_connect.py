"""Addresses as people write them."""

from __future__ import annotations

import pytest

from tongchuan.connect import normalise_url
from tongchuan.errors import ConnectError


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("localhost:8000", "ws://localhost:8000/v1/interpret"),
        ("http://localhost:8000/", "ws://localhost:8000/v1/interpret"),
        ("https://a.example", "wss://a.example/v1/interpret"),
        ("wss://a.example/x/y?k=1#f", "wss://a.example/x/y?k=1"),
        ("ws://[::1]:8000", "ws://[::1]:8000/v1/interpret"),
    ],
)
def test_addresses(written: str, meant: str) -> None:
    assert normalise_url(written) == meant


@pytest.mark.parametrize(
    "written", ["", "ftp://a", "ws://", "ws://a:99999", "ws://[::1", "file:///x"]
)
def test_what_is_no_address(written: str) -> None:
    with pytest.raises(ConnectError):
        normalise_url(written)
