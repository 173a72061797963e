"""Over HTTP/2, the streams of a client share a socket: no timeout of one may end the others."""

import socket
import ssl
import threading

import h2.config
import h2.connection
import h2.events
import httpx2
import trustme
from market.v1 import market_pb2

from testing.market import MarketServiceClient
from testing.run import trade

REQUEST = market_pb2.WatchTradesRequest(symbol="A")


class Http2Server:
    """Answers every stream with one event, and another when the test says so."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.listener.getsockname()[1]}"
        self.connections = 0
        self.streams: list[int] = []
        self.opened = threading.Condition()
        self.context = context
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.sock = self.context.wrap_socket(sock, server_side=True)
            config = h2.config.H2Configuration(client_side=False)
            self.http = h2.connection.H2Connection(config)
            self.http.initiate_connection()
            with self.sock:
                self.sock.sendall(self.http.data_to_send())
                while data := self.sock.recv(65536):
                    for event in self.http.receive_data(data):
                        if isinstance(event, h2.events.RequestReceived):
                            self.answer(event.stream_id)
                    self.sock.sendall(self.http.data_to_send())

    def answer(self, stream: int) -> None:
        head = [(":status", "200"), ("content-type", "text/event-stream")]
        self.http.send_headers(stream, head)
        self.http.send_data(stream, b":sse/1 heartbeat=20 end\n" + trade(1).encode())
        self.sock.sendall(self.http.data_to_send())
        with self.opened:
            self.streams.append(stream)
            self.opened.notify_all()

    def finish(self, stream: int) -> None:
        self.http.send_data(stream, (trade(2) + ":end\n").encode(), end_stream=True)
        self.sock.sendall(self.http.data_to_send())


def test_streams_share_a_connection() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    authority.issue_cert("localhost").configure_cert(context)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    server = Http2Server(context)
    with httpx2.Client(http2=True, verify=trust) as http:
        client = MarketServiceClient(server.url, http_client=http)
        first = client.watch_trades(REQUEST, reconnect=False)
        second = client.watch_trades(REQUEST, reconnect=False, deadline=600)
        assert next(first).sequence == next(second).sequence == 1
        assert server.connections == 1
        # Ten times the heartbeat of silence.
        timer = threading.Timer(0.4, lambda: [server.finish(stream) for stream in server.streams])
        timer.start()
        assert [event.sequence for event in first] == [2]
        assert [event.sequence for event in second] == [2]
    # `close` alone does not wake the thread in `accept`.
    server.listener.shutdown(socket.SHUT_RDWR)
    server.listener.close()
    server.thread.join(30)
