"""Clients tried with answers: one process a client, which is given one task after the other.

Recorded answers, and those that the reference provider gives in their place, are replayed to it
from loopback.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any, Self, TypedDict

import httpx

from conformance.clients.answers import PICTURE, PROMPT, VALID, Reply, Trial, reply_of
from conformance.clients.comparing import ClientResult, compare
from conformance.clients.installing import ClientPackage, ClientsError, command
from conformance.clients.outcomes import ClientOutcomes, record_outcomes
from conformance.clients.records import ClientOutcome, Effect
from conformance.contract import load_edition
from conformance.output.printing import printable
from conformance.parsing import read_json
from conformance.reference.server import ReferenceServer
from conformance.results.evidence import fold

_SECONDS = 60.0  # for an answer of the reference provider


def conforming_replies(trials: Sequence[Trial]) -> dict[str, Reply]:
    """Return by the key of each answer the documented one to the same request, where one is."""
    replies: dict[str, Reply] = {}
    for edition in {trial.edition for trial in trials}:
        with (
            ReferenceServer(load_edition(edition)) as server,
            httpx.Client(base_url=server.base_url, timeout=_SECONDS, trust_env=False) as client,
        ):
            for trial in trials:
                if trial.edition != edition:
                    continue
                reply = _conforming_reply(trial, client, server.key)
                if reply is not None:
                    replies[trial.key] = reply
    return replies


def _conforming_reply(trial: Trial, client: httpx.Client, key: str) -> Reply | None:
    """Return the reference provider's answer; None where a success is not documented at all."""
    body, content_type, authorization = trial.sent
    if trial.reply.succeeded:
        body = json.dumps(trial.request | {"model": trial.model})
        content_type, authorization = "application/json", VALID
    if authorization == VALID:
        authorization = f"Bearer {key}"
    headers = {"content-type": content_type, "authorization": authorization}
    response = client.post(
        "images/generations",
        content=body.encode("utf-8", "replace"),
        headers={name: value for name, value in headers.items() if value},
    )
    kind = response.headers.get("content-type", "")
    reply = reply_of(response.status_code, kind, fold(response.content))
    return reply if reply.succeeded or not trial.reply.succeeded else None


_MOST_SENT = 1 << 20  # bytes of a request that are read
_NOTHING = Reply(404, "application/json", '{"error":{"message":"no such answer"}}')


class Loopback:
    """Answers `/<name>/v1/…` with the reply of that name, and remembers what was sent there."""

    def __init__(self, replies: Mapping[str, Reply]) -> None:
        self.replies = replies
        self.sent: dict[str, Any] = {}
        """The first body that a client sent to each name."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("H", (_Handler,), {"at": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def origin(self) -> str:
        """The scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def base_url(self, name: str) -> str:
        """Return the base URL at which a reply is given."""
        return f"{self.origin}/{name}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    at: Loopback
    timeout = 10

    def do_POST(self) -> None:
        name = self.path.split("/")[1]
        length = self.headers.get("content-length", "0")
        body = self.rfile.read(min(int(length), _MOST_SENT) if length.isdecimal() else 0)
        self.at.sent.setdefault(name, read_json(body).value)
        reply = self.at.replies.get(name, _NOTHING)
        self._say(reply.status, reply.media_type, reply.body(self.at.origin))

    def do_GET(self) -> None:
        self._say(200, "image/png", PICTURE)

    def _say(self, status: int, media_type: str, body: bytes) -> None:
        # without Date and Server, which no recorded answer is known by
        self.send_response_only(status, "answer")
        if media_type:
            self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server gives it
        """Say nothing."""


START_SECONDS = 60.0
ANSWER_SECONDS = 20.0
_LAST_WORDS_SECONDS = 5.0  # a child of a stopped client may hold its output open
MOST_RESTARTS = 5
_GUARD = "only loopback may be connected to"
"""What the scripts say, and no client, where an answer leads elsewhere."""
_STOPPED = ClientResult(line="the client ended or hung, and was stopped", stopped=True)
# litellm fetches its list of prices when it is imported, unless it is told not to
_SETTINGS = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "*"}
_LONGEST_LINE = 1 << 20
_MOST_LINES = 16  # that wait to be read
_LONGEST_ERROR = 400  # characters at the end of what a client that does not start says
_KEPT = ("PATH", "SYSTEMROOT", "TMPDIR", "LANG")
_REFUSED = Reply(400, "application/json", '{"error":{"message":"seen"}}')


class Task(TypedDict):
    """What the script of a client is given."""

    id: str
    base_url: str
    request: dict[str, Any]


def try_clients(
    clients: Sequence[ClientPackage], trials: Sequence[Trial], models: Iterable[str]
) -> dict[str, ClientOutcomes]:
    """Try each client with each answer, and with the one that the contract has in its place.

    What each sends by default is asked of it for some models.
    """
    documented = conforming_replies(trials)
    defaults = {f"default-{rank}": model for rank, model in enumerate(models)}
    exchanges = {
        name: ({"model": model, "prompt": PROMPT}, _REFUSED) for name, model in defaults.items()
    }
    pairs: dict[str, tuple[str, str]] = {}
    for trial in trials:
        if trial.key in documented:
            pair = [(trial.request, trial.reply), (trial.request, documented[trial.key])]
            names = [_digest(request, reply) for request, reply in pair]
            exchanges |= dict(zip(names, pair, strict=True))
            pairs[trial.key] = (names[0], names[1])
    return {client.id: _try(client, exchanges, pairs, defaults) for client in clients}


Exchanges = Mapping[str, tuple[dict[str, Any], Reply]]
"""By the name of a task: the request that a client is to send, and the reply that it gets."""


def _digest(request: dict[str, Any], reply: Reply) -> str:
    text = json.dumps([request, reply.status, reply.media_type, reply.text], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _try(
    client: ClientPackage,
    exchanges: Exchanges,
    pairs: Mapping[str, tuple[str, str]],
    defaults: Mapping[str, str],
) -> ClientOutcomes:
    """Try a client; `pairs` name the task of an answer and that of the documented one, by key."""
    with Loopback({name: reply for name, (_, reply) in exchanges.items()}) as server:
        tasks = [
            Task(id=name, base_url=server.base_url(name), request=request)
            for name, (request, _) in exchanges.items()
        ]
        results = run(client, tasks)
        results = {name: result.without(server.base_url(name)) for name, result in results.items()}
    outcomes: dict[str, ClientOutcome] = {}
    for key, (name, documented) in pairs.items():
        result, documented_result = results.get(name, _STOPPED), results.get(documented, _STOPPED)
        # not tried: the documented answer stops the client as well, or this one leads off loopback
        if documented_result.stopped or name not in results or _GUARD in result.line:
            continue
        if name in server.sent:
            _, documented_reply = exchanges[documented]
            outcomes[key] = compare(result, documented_result, succeeds=documented_reply.succeeded)
        elif not result.stopped:
            outcomes[key] = ClientOutcome(Effect.UNABLE, result.line or "it sends no such request")
    defaults_of: dict[str, dict[str, Any]] = {}
    for name, model in defaults.items():
        if name in server.sent:
            body = server.sent[name]
            members = body.items() if isinstance(body, dict) else ()
            defaults_of[model] = {
                key: value for key, value in members if key not in ("model", "prompt")
            }
    return record_outcomes(client.version, outcomes, defaults_of)


def run(client: ClientPackage, tasks: Sequence[Task]) -> dict[str, ClientResult]:
    """Return what a client gave for each task; one that hangs or ends is started again.

    After too many starts the rest is left out: it was not tried. Raises `ClientsError` for a client
    that does not start.
    """
    results: dict[str, ClientResult] = {}
    remaining = list(tasks)
    for _ in range(MOST_RESTARTS + 1):
        with tempfile.TemporaryDirectory(prefix="conformance-client-") as home:
            results |= dict(_Process(client, home).ask(remaining))
        remaining = [task for task in remaining if task["id"] not in results]
        if not remaining:
            break
    return results


class _Process:
    """A running script, whose output is read on a thread so that nothing waits for ever."""

    def __init__(self, client: ClientPackage, home: str) -> None:
        self._client, self._home = client, Path(home)
        self._lines: queue.Queue[bytes] = queue.Queue(_MOST_LINES)
        self._errors = b""

    def ask(self, tasks: Sequence[Task]) -> Iterator[tuple[str, ClientResult]]:
        """Yield what the client gave, task after task, up to one for which it ended or hung."""
        with self._started() as process:
            assert process.stdin is not None
            try:
                if not self._next(START_SECONDS):
                    process.kill()
                    self._error_reader.join(_LAST_WORDS_SECONDS)
                    error_text = " ".join(self._errors.decode("utf-8", "replace").split())
                    raise ClientsError(
                        f"{self._client.id} does not start: {printable(error_text, _LONGEST_ERROR)}"
                    )
                for task in tasks:
                    with suppress(OSError):
                        process.stdin.write(json.dumps(task).encode() + b"\n")
                        process.stdin.flush()
                    value = read_json(self._next(ANSWER_SECONDS)).value
                    is_result = isinstance(value, dict) and value.get("id") == task["id"]
                    yield task["id"], ClientResult.read(value) if is_result else _STOPPED
                    if not is_result:
                        break
            finally:
                process.kill()
                with suppress(OSError):
                    process.stdin.close()

    def _started(self) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        process = subprocess.Popen(  # noqa: S603 - a script of this package, and no shell
            command(self._client),
            cwd=self._home,
            env={**environment, **_SETTINGS, "HOME": str(self._home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()
        self._error_reader = threading.Thread(
            target=self._read_errors, args=(process.stderr,), daemon=True
        )
        self._error_reader.start()
        return process

    def _next(self, seconds: float) -> bytes:
        try:
            return self._lines.get(timeout=seconds)
        except queue.Empty:
            return b""

    def _read(self, stdout: IO[bytes]) -> None:
        with suppress(OSError, ValueError):
            while line := stdout.readline(_LONGEST_LINE):
                self._lines.put(line)
        self._lines.put(b"")

    def _read_errors(self, stderr: IO[bytes]) -> None:
        with suppress(OSError, ValueError):
            while line := stderr.readline(_LONGEST_LINE):
                self._errors = (self._errors + line)[-_LONGEST_ERROR:]
