# SPDX-License-Identifier: GPL-2.0
"""Errors that end a trial, and the signals that do."""
import contextlib
import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class TrialError(Exception):
    """Its text is one sentence for the user."""


class Interrupted(Exception):
    """A signal asks to end; its number is the argument."""


class _Signals:
    deferred = False        # a signal waits for the end of uninterrupted()
    number = None           # the signal that waits


def _interrupt(number, _):
    # What follows puts the service back; a second signal does not stop that.
    ignore_signals()
    if _Signals.deferred:
        _Signals.number = number
    else:
        raise Interrupted(number)


def catch_signals():
    for number in SIGNALS:
        signal.signal(number, _interrupt)


def ignore_signals():
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def uninterrupted():
    """Defers signals: a process that is started has to be known before one is handled."""
    _Signals.deferred = True
    try:
        yield
    finally:
        _Signals.deferred = False
        number, _Signals.number = _Signals.number, None
    if number is not None:
        raise Interrupted(number)
