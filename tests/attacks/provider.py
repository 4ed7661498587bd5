"""A provider on loopback that means harm: one request is attacked, others get the honest answer."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from typing import Any

from tests.attacks.model import ATTACKS, Answer, Request, honest
from tests.hostile import HostileServer, finish, honest_answer


class HostileProvider(HostileServer):
    """Answers ``/<attack>/v1/…``: the first request to the API by the attack, others well.

    The same request again is attacked again, as one attempt that fails is tried once more.
    """

    def __init__(self) -> None:
        super().__init__()
        self._attacked: dict[str, tuple[str, str, Mapping[str, Any]]] = {}
        self._counting = threading.Lock()

    def forget(self) -> None:
        """Attack again, and forget what was asked."""
        self._attacked.clear()
        self.requests.clear()

    def reply(self, connection: socket.socket, request: bytes) -> None:
        """Send an attack or an honest answer, in its pieces."""
        head, _, body = request.partition(b"\r\n\r\n")
        method, target = head.decode("latin-1").split(" ")[:2]
        _, name, path = (*target.split("/", 2), "", "")[:3]
        answer = self._chosen(Request(self, name, method, f"/{path}", head, _object(body)))
        for piece in [answer] if isinstance(answer, bytes) else answer:
            if self.stopping.is_set():
                return
            if isinstance(piece, bytes):
                connection.sendall(piece)
            else:
                self.stopping.wait(piece)
        finish(connection)

    def _chosen(self, request: Request) -> Answer:
        if request.attack not in ATTACKS:  # a path that led out of the attack's own
            return honest_answer(b"", status="404 Not Found")
        if request.image:
            return ATTACKS[request.attack].answer(request)
        with self._counting:
            first = (request.method, request.path, request.body)
            is_attacked = self._attacked.setdefault(request.attack, first) == first
        return ATTACKS[request.attack].answer(request) if is_attacked else honest(request)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
