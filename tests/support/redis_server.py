"""Real Redis servers on free loopback ports: one, a password-protected one, a sentinel, a cluster of three.

Servers are started by path and stopped by process id. A machine without `redis-server` fails these tests.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import ssl
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.certificates import Certificates

_PATIENCE = 20.0
_SLOTS = 16384


def free_port() -> int:
    """A free port; the one 10000 above it, where nodes of a cluster talk to each other, is free, too."""
    while True:
        port = random.randrange(15000, 32000)  # below the range that the system hands out to connections
        try:
            for number in (port, port + 10000):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", number))
        except OSError:
            continue
        return port


class RedisServer:
    """One server process with a folder of its own."""

    def __init__(
        self, *arguments: str, port: int | None = None, password: str | None = None, tls: Certificates | None = None
    ) -> None:
        self.port = port or free_port()
        self.password = password
        self.folder = Path(tempfile.mkdtemp(prefix="cachewise-redis-"))
        self._arguments = [*arguments, *(("--requirepass", password) if password else ())]
        self._pid: int | None = None
        self._tls: ssl.SSLContext | None = None
        if tls is not None:
            self._arguments += ["--tls-port", str(self.port), "--port", "0", "--tls-auth-clients", "no"]
            self._arguments += ["--tls-cert-file", str(tls.server), "--tls-key-file", str(tls.key)]
            self._tls = ssl.create_default_context(cafile=str(tls.authority))
            self._tls.check_hostname = False  # the tests make certificates for other names, too

    @property
    def url(self) -> str:
        login = f":{self.password}@" if self.password else ""
        return f"redis://{login}127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return when it answers."""
        binary = shutil.which("redis-server")
        assert binary is not None, "redis-server is not installed; the tests of the shared cache need the real one"
        argv = [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        argv += ["--save", "", "--appendonly", "no", "--daemonize", "no", *self._arguments]
        if "--sentinel" in self._arguments:
            config = self.folder / "sentinel.conf"
            config.write_text(f"port {self.port}\nbind 127.0.0.1\ndir {self.folder}\n" + self._arguments[1])
            argv = [binary, str(config), "--sentinel"]
        log = os.open(self.folder / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        actions = [(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        self._pid = os.posix_spawn(binary, argv, os.environ, file_actions=actions)
        os.close(log)
        end = time.monotonic() + _PATIENCE
        while not self._answers():
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.02)

    def stop(self, how: int = signal.SIGKILL) -> None:
        """Stop it, and return when it is gone."""
        pid, self._pid = self._pid, None
        if pid is not None:
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, how)
            os.waitpid(pid, 0)

    def freeze(self) -> None:
        """Keep its connections open, and answer nothing."""
        assert self._pid is not None
        os.kill(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on where `freeze` stopped."""
        assert self._pid is not None
        os.kill(self._pid, signal.SIGCONT)

    def command(self, *words: str | bytes) -> bytes:
        """Send one command over a connection of its own, and return the raw reply."""
        with self._connected() as connection:
            if self.password:
                connection.sendall(_encoded("AUTH", self.password))
                connection.recv(64)
            connection.sendall(_encoded(*words))
            return connection.recv(1 << 20)

    def _connected(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        return connection if self._tls is None else self._tls.wrap_socket(connection)

    def _answers(self) -> bool:
        try:
            reply = self.command("PING")
        except OSError:
            return False
        return reply.startswith(b"+PONG")

    def remove(self) -> None:
        """Stop it and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def redis_server(*arguments: str, password: str | None = None) -> Iterator[RedisServer]:
    """A server for the length of a `with`."""
    server = RedisServer(*arguments, password=password)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@contextmanager
def redis_tls(certificates: Certificates, *, password: str | None = None) -> Iterator[RedisServer]:
    """A server that speaks TLS only."""
    server = RedisServer(password=password, tls=certificates)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@contextmanager
def redis_sentinel(master: RedisServer, service: str) -> Iterator[RedisServer]:
    """A sentinel that watches `master` under the name `service`."""
    sentinel = RedisServer("--sentinel", f"sentinel monitor {service} 127.0.0.1 {master.port} 1\n")
    try:
        sentinel.start()
        yield sentinel
    finally:
        sentinel.remove()


@contextmanager
def redis_cluster() -> Iterator[Sequence[RedisServer]]:
    """Three masters that share the slots."""
    for _ in range(3):  # nodes of another test's cluster may still call the ports that are free now
        nodes = [RedisServer("--cluster-enabled", "yes", "--cluster-node-timeout", "2000") for _ in range(3)]
        try:
            if _come_together(nodes):
                yield nodes
                return
        finally:
            for node in nodes:
                node.remove()
    raise AssertionError("the cluster did not come together")


def _come_together(nodes: Sequence[RedisServer]) -> bool:
    """Start the nodes, give each a third of the slots, and introduce them to each other."""
    for number, node in enumerate(nodes):
        node.start()
        first, last = number * _SLOTS // 3, (number + 1) * _SLOTS // 3 - 1
        if not node.command("CLUSTER", "ADDSLOTSRANGE", str(first), str(last)).startswith(b"+OK"):
            return False
    for node in nodes[1:]:
        nodes[0].command("CLUSTER", "MEET", "127.0.0.1", str(node.port))
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if all(_is_complete(node) for node in nodes):
            return True
        time.sleep(0.05)
    return False


def _is_complete(node: RedisServer) -> bool:
    info = node.command("CLUSTER", "INFO")
    return b"cluster_state:ok" in info and b"cluster_known_nodes:3" in info and b"cluster_slots_ok:16384" in info


def _encoded(*words: str | bytes) -> bytes:
    parts = [word if isinstance(word, bytes) else word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
