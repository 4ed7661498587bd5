"""Clients tried with answers: one process a client, which is given one task after the other."""

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
from pathlib import Path
from typing import IO, Any, TypedDict

from conformance.clients.answers import PROMPT, Reply, Trial
from conformance.clients.comparing import Got, compare
from conformance.clients.conforming import conforming_replies
from conformance.clients.installing import ClientsError, command
from conformance.clients.loopback import Loopback
from conformance.clients.outcomes import ClientOutcomes, record_outcomes
from conformance.clients.records import ClientOutcome, Effect
from conformance.clients.table import ClientPackage
from conformance.parsing import printable, read_json

START_SECONDS = 60.0
ANSWER_SECONDS = 20.0
MOST_RESTARTS = 5
_GUARD = "only loopback may be connected to"
"""What the scripts say, and no client, where an answer leads elsewhere."""
_STOPPED = Got(line="the client ended or hung, and was stopped", stopped=True)
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
    meant = conforming_replies(trials)
    defaults = {f"default-{rank}": model for rank, model in enumerate(models)}
    asked = {
        name: ({"model": model, "prompt": PROMPT}, _REFUSED) for name, model in defaults.items()
    }
    pairs: dict[str, tuple[str, str]] = {}
    for trial in trials:
        if trial.key in meant:
            both = [(trial.request, trial.reply), (trial.request, meant[trial.key])]
            names = [_digest(request, reply) for request, reply in both]
            asked |= dict(zip(names, both, strict=True))
            pairs[trial.key] = (names[0], names[1])
    return {client.id: _try(client, asked, pairs, defaults) for client in clients}


Asked = Mapping[str, tuple[dict[str, Any], Reply]]
"""By the name of a task, what a client is asked to send and what it is answered."""


def _digest(request: dict[str, Any], reply: Reply) -> str:
    text = json.dumps([request, reply.status, reply.media_type, reply.text], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _try(
    client: ClientPackage,
    asked: Asked,
    pairs: Mapping[str, tuple[str, str]],
    defaults: Mapping[str, str],
) -> ClientOutcomes:
    """Try a client; `pairs` name the task of an answer and that of the documented one, by key."""
    with Loopback({name: reply for name, (_, reply) in asked.items()}) as server:
        tasks = [
            Task(id=name, base_url=server.base_url(name), request=request)
            for name, (request, _) in asked.items()
        ]
        given = run(client, tasks)
        given = {name: got.without(server.base_url(name)) for name, got in given.items()}
    outcomes: dict[str, ClientOutcome] = {}
    for key, (name, documented) in pairs.items():
        got, meant = given.get(name, _STOPPED), given.get(documented, _STOPPED)
        # not tried: the documented answer stops the client as well, or this one leads off loopback
        if meant.stopped or name not in given or _GUARD in got.line:
            continue
        if name in server.sent:
            outcomes[key] = compare(got, meant, succeeds=asked[documented][1].succeeded)
        elif not got.stopped:
            outcomes[key] = ClientOutcome(Effect.UNABLE, got.line or "it sends no such request")
    defaults_of: dict[str, dict[str, Any]] = {}
    for name, model in defaults.items():
        body = server.sent.get(name)
        members = body if isinstance(body, dict) else {}
        if name in server.sent:
            beside = {key: members[key] for key in members if key not in ("model", "prompt")}
            defaults_of[model] = beside
    return record_outcomes(client.version, outcomes, defaults_of)


def run(client: ClientPackage, tasks: Sequence[Task]) -> dict[str, Got]:
    """Return what a client gave for each task; one that hangs or ends is started again.

    After too many starts the rest is left out: it was not tried. Raises `ClientsError` for a client
    that does not start.
    """
    given: dict[str, Got] = {}
    left = list(tasks)
    for _ in range(MOST_RESTARTS + 1):
        with tempfile.TemporaryDirectory(prefix="conformance-client-") as home:
            for task in _Process(client, home).ask(left):
                given |= task
        left = [task for task in left if task["id"] not in given]
        if not left:
            break
    return given


class _Process:
    """A running script, whose output is read on a thread so that nothing waits for ever."""

    def __init__(self, client: ClientPackage, home: str) -> None:
        self._client, self._home = client, Path(home)
        self._lines: queue.Queue[bytes] = queue.Queue(_MOST_LINES)
        self._errors = b""

    def ask(self, tasks: Sequence[Task]) -> Iterator[dict[str, Got]]:
        """Yield what the client gave, task after task, up to one for which it ended or hung."""
        with self._started() as process:
            assert process.stdin is not None
            try:
                if not self._next(START_SECONDS):
                    said = " ".join(self._errors.decode("utf-8", "replace").split())
                    raise ClientsError(
                        f"{self._client.id} does not start: {printable(said, _LONGEST_ERROR)}"
                    )
                for task in tasks:
                    with suppress(OSError):
                        process.stdin.write(json.dumps(task).encode() + b"\n")
                        process.stdin.flush()
                    value = read_json(self._next(ANSWER_SECONDS)).value
                    whole = isinstance(value, dict) and value.get("id") == task["id"]
                    yield {task["id"]: Got.read(value) if whole else _STOPPED}
                    if not whole:
                        break
            finally:
                process.kill()
                with suppress(OSError):
                    process.stdin.close()

    def _started(self) -> subprocess.Popen[bytes]:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        process = subprocess.Popen(  # noqa: S603 - a script of this package, and no shell
            command(self._client),
            cwd=self._home,
            env={**kept, **_SETTINGS, "HOME": str(self._home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for read, pipe in ((self._read, process.stdout), (self._read_errors, process.stderr)):
            threading.Thread(target=read, args=(pipe,), daemon=True).start()
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
