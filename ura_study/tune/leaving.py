"""Leave in time when an end is asked for, also where the main thread waits in Ray for an answer that will not come.

Python's handlers of signals run in the main thread, and not while that is within Ray. The number of a signal is written
to a socket at once, where a thread waits for it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator

from ura_study.errors import STOPPED
from ura_study.output import notice

#: What asks for an end: a user, a batch system, a terminal that closes. (Windows has no SIGHUP.)
SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
#: Seconds that are left then. Batch systems kill half a minute after they ask; a user can ask again.
LAST, LAST_OF_A_USER = 9.0, 60.0


@contextlib.contextmanager
def interrupted() -> Iterator[None]:
    """Let each of `SIGNALS` interrupt this process as Ctrl-C does, but for those that are ignored (`nohup`)."""
    default = [number for number in SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in default:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in default:
            signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def left_in_time() -> Iterator[None]:
    """End this process where what is done meanwhile goes on for too long after an end was asked for."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)  # as `set_wakeup_fd` wants it
    timers: list[threading.Timer] = []

    def listen() -> None:
        while number := reader.recv(1):
            if number[0] in SIGNALS:
                timer = threading.Timer(LAST_OF_A_USER if number[0] == signal.SIGINT else LAST, _leave)
                timer.daemon = True
                timers.append(timer)
                timer.start()

    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    listener = threading.Thread(target=listen, name="leaving", daemon=True)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        writer.close()
        listener.join()  # a signal of the last moment is heard, and its timer cancelled with the others
        reader.close()
        for timer in timers:
            timer.cancel()


def _leave() -> None:
    notice("Ray does not answer any more; all that was recorded is safe, tables and report are as they were")
    os._exit(STOPPED)
