"""A stand-in for OpenRouter's sign-in on loopback: hands out codes, and keys for codes whose challenge fits."""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

KEY = "sk-or-v1-canary-of-the-login"


@dataclass
class SignInServer:
    """What it was asked, and how it answers."""

    base_url: str = ""
    challenges: dict[str, str] = field(default_factory=dict)
    """The challenge of each code; a code is good once."""
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    reply: tuple[int, bytes] | None = None
    """In place of the true answer to an exchange."""

    def issue(self, query: dict[str, list[str]]) -> str:
        """A code for somebody who signed in."""
        self.asked.append(query)
        code = f"code-{len(self.asked)}"
        self.challenges[code] = query["code_challenge"][0]
        return code

    def exchange(self, body: dict[str, Any]) -> tuple[int, bytes]:
        if self.reply is not None:
            return self.reply
        digest = hashlib.sha256(body["code_verifier"].encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        if body["code_challenge_method"] != "S256" or self.challenges.pop(body["code"], None) != challenge:
            return 403, b'{"error": "invalid code"}'
        return 200, json.dumps({"key": KEY, "user_id": "u"}).encode()


@contextmanager
def sign_in_server() -> Iterator[SignInServer]:
    """Run it on a free port."""
    state = SignInServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            target = urlsplit(self.path)
            query = parse_qs(target.query)
            code = state.issue(query)
            self.send_response(302 if "callback_url" in query else 200)
            if "callback_url" in query:
                self.send_header("Location", f"{query['callback_url'][0]}?{urlencode({'code': code})}")
            self.send_header("Content-Length", str(len(code)))
            self.end_headers()
            self.wfile.write(code.encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, reply = state.exchange(body) if self.path == "/api/v1/auth/keys" else (404, b"")
            self.send_response(status)
            if status == 302:
                self.send_header("Location", reply.decode())
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.base_url = f"http://127.0.0.1:{server.server_address[1]}/api/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
