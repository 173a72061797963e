"""Ends reads that wait for too long."""

import heapq
import itertools
import socket
import threading
import time
from contextlib import suppress


class Watch:
    """A socket that is shut down if a read waits for longer than `due`."""

    __slots__ = ("due", "fired", "queued", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.due: float | None = None
        """When the read that waits is overdue; None while none waits."""
        self.queued: float | None = None
        """The time at which the watchdog looks at it."""
        self.fired = False

    def shut_down(self) -> None:
        """Wake the reader: its read finds the end of the stream."""
        # The socket of TLS would send a message first, from another thread than its reader.
        with suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class Watchdog:
    """One daemon thread for all synchronous streams.

    httpx takes its read timeout when the body is opened, before the server's promise is read, and a
    connection cannot be read on after it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Watch]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def arm(self, watch: Watch, due: float) -> None:
        """Shut the socket down at a time, unless it is disarmed before."""
        with self._changed:
            watch.due = due
            # Most reads end in time. The entry of the one before is moved when it is due.
            if watch.queued is None or due < watch.queued:
                self._push(watch, due)
                if self._thread is None or not self._thread.is_alive():
                    # Not alive: in a process that was forked.
                    self._thread = threading.Thread(
                        target=self._run, name="sse-watchdog", daemon=True
                    )
                    self._thread.start()
                self._changed.notify()

    def _push(self, watch: Watch, due: float) -> None:
        watch.queued = due
        heapq.heappush(self._heap, (due, next(self._numbers), watch))

    def disarm(self, watch: Watch) -> bool:
        """Leave the socket alone from now on. True if it was shut down."""
        with self._changed:
            watch.due = None
            return watch.fired

    def _run(self) -> None:
        with self._changed:
            while True:
                if not self._heap:
                    self._changed.wait()
                    continue
                due, _, watch = self._heap[0]
                left = due - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                heapq.heappop(self._heap)
                if watch.queued != due:
                    continue  # an earlier entry took its place
                watch.queued = None
                if watch.due is None:
                    continue
                if watch.due <= due:
                    watch.fired = True
                    watch.shut_down()
                else:
                    self._push(watch, watch.due)


watchdog = Watchdog()
