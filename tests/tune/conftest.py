"""Shared by tests of signals."""

import signal

import pytest


@pytest.fixture
def default_handlers():
    """Signals do what they do in a process without Ray, which leaves its own handler where another test began it."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
