"""A server that does to each connection what a test says."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
"""The head of a stream whose end is that of the connection; a blank line follows."""


class Peer:
    """A connection, as its script sees it."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self.verb = self.target = ""
        self.headers: dict[str, str] = {}
        self.body = b""
        self.keep_alive = False

    def read_request(self) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = self.sock.recv(65536)
            if not chunk:
                return False
            data += chunk
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.verb, self.target, _ = first.split(" ")
        pairs = (line.split(": ", 1) for line in lines)
        self.headers = {name.lower(): value for name, value in pairs}
        while len(self.body) < int(self.headers.get("content-length", "0")):
            self.body += self.sock.recv(65536)
        return True

    def send(self, *parts: bytes | str) -> None:
        # Together: a pause between the parts would depend on the machine.
        self.sock.sendall(b"".join(p.encode() if isinstance(p, str) else p for p in parts))

    def stream(self, *parts: bytes | str) -> None:
        """Send the head of a stream, and the beginning of its body."""
        self.send(SSE + b"\r\n", *parts)

    def answer(self, status: int, body: str = "", *headers: str) -> None:
        self.keep_alive = True
        lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body.encode())}", *headers]
        self.send("\r\n".join([*lines, "", body]))

    def json(self, body: str, status: int = 200, *headers: str) -> None:
        self.answer(status, body, "Content-Type: application/json", *headers)

    def reset(self) -> None:
        """Break the connection with a RST."""
        linger = struct.pack("ii", 1, 0)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.sock.close()

    def wait_closed(self) -> None:
        """Wait until the client closes the connection."""
        with suppress(OSError):
            while self.sock.recv(65536):
                pass


Script = Callable[[Peer], None]


class Server:
    """Runs a script for each connection; the last one for all that follow."""

    def __init__(self, *scripts: Script, context: ssl.SSLContext | None = None) -> None:
        self._scripts = scripts
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._changed = threading.Condition()
        self._connections = 0
        self.open = 0
        self.peers: list[Peer] = []
        """The requests, in order."""
        self.errors: list[BaseException] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://localhost:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # A thread in `accept` is woken by this, and not by `close`.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self.peers:
            with suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        assert self.errors == []

    def wait_closed(self) -> None:
        """Wait until no connection is open."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.open == 0, 30), f"{self.open} open"

    def wait_requests(self, count: int) -> None:
        """Wait for a number of requests."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.peers) >= count, 30)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._changed:
                self.open += 1
                number = self._connections
                self._connections += 1
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_side=True)
            with sock:
                while True:
                    peer = Peer(sock, number)
                    if not peer.read_request():
                        return
                    with self._changed:
                        index = len(self.peers)
                        self.peers.append(peer)
                        self._changed.notify_all()
                    self._scripts[min(index, len(self._scripts) - 1)](peer)
                    if sock.fileno() < 0 or not peer.keep_alive:
                        return
        except OSError:
            pass  # the client left
        except BaseException as error:
            self.errors.append(error)
        finally:
            with self._changed:
                self.open -= 1
                self._changed.notify_all()
