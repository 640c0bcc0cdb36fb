"""An HTTP server on loopback with ranges and ETags that answers as badly as it is told to."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Flaky:
    """The server's files, its faults to come and what it was asked for.

    ``faults`` are taken one a GET: "503", "404", "drop" (hangs up), "short" (hangs up half way), "cut" (fewer bytes
    than asked for, honestly counted), "slow" (answers after ``pause`` seconds), "wait" (answers when ``until`` holds),
    "whole" (ignores the range), "ok".
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: list[str] = []
        self.pause = 1.0
        self.until: Callable[[], bool] = bool
        self.tagged = True
        self.asked: Counter[str] = Counter()
        self.url = ""
        self._lock = threading.Lock()

    def fault(self, method: str, path: str) -> str:
        with self._lock:
            self.asked[f"{method} {path}"] += 1
            return self.faults.pop(0) if self.faults and method == "GET" else "ok"

    def gets(self) -> int:
        return sum(count for what, count in self.asked.items() if what.startswith("GET"))


@contextmanager
def flaky_server() -> Iterator[Flaky]:
    state = Flaky()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(b"")

        def do_GET(self) -> None:
            self._answer(None)

        def _answer(self, instead: bytes | None) -> None:
            fault = state.fault(self.command, self.path)
            data = state.files.get(self.path)
            if data is None or fault in ("503", "404"):
                self._head(503 if fault == "503" else 404, 0, b"")
                return
            if fault == "slow":
                time.sleep(state.pause)
            while fault == "wait" and not state.until():
                time.sleep(0.01)
            if fault == "drop":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            body, status = data, 200
            asked = self.headers.get("Range")
            if asked and fault != "whole":
                begin, end = (int(part) for part in asked.removeprefix("bytes=").split("-"))
                body, status = data[begin : end + 1], 206
            if fault == "cut":
                body = body[: len(body) // 2]
            self._head(status, len(body), data)
            if instead is None:
                self.wfile.write(body[: len(body) // 2] if fault == "short" else body)
                if fault == "short":
                    self.wfile.flush()
                    self.close_connection = True

        def _head(self, status: int, length: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.send_header("Accept-Ranges", "bytes")
            if state.tagged:
                self.send_header("ETag", hashlib.sha256(data).hexdigest())
            self.end_headers()

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass  # who asked hung up

    server = Server(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
