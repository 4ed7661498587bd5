"""What a client gave for an answer, compared with what it gives for a documented one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, structs

from conformance.clients.records import ClientOutcome, Effect
from conformance.output.counting import join_names
from conformance.output.printing import printable
from conformance.parsing.shape import type_of

_LONGEST = 160  # characters of a client's line
_NAMED = 3  # members in a sentence
_MOST_DEPTH = 8
_PAYLOADS = frozenset({"b64_json", "url"})
_EXACT = ("b64_json", "status")
"""Members whose value counts, and not only their type; the script decodes base64."""


class ClientResult(Struct, frozen=True):
    """What a client gave: a value, or what it raised with its line."""

    value: Any = None
    line: str = ""
    members: Mapping[str, Any] = {}
    """Of what was raised: status, code, type and param, where it has them."""
    stopped: bool = False
    """Whether the client ended or hung."""

    @classmethod
    def read(cls, result: Mapping[str, Any]) -> ClientResult:
        """Read what a script wrote."""
        raised = result.get("raised")
        if not isinstance(raised, dict):
            return cls(result.get("value"))
        line = " ".join(str(raised.get("line", "")).split()) or "it raised without a word"
        return cls(line=line, members={name: raised[name] for name in raised if name != "line"})

    def without(self, address: str) -> ClientResult:
        """Return the result without the address of the server, which is another in each run."""
        origin = address.rsplit("/", 2)[0]
        line = self.line.replace(address, "").replace(origin, "")
        return structs.replace(self, line=printable(line, _LONGEST))


def compare(result: ClientResult, documented: ClientResult, *, succeeds: bool) -> ClientOutcome:
    """Return what became of an answer, by what the client gives for the documented one.

    If that does not succeed, it is a refusal, for which a client is meant to raise.
    """
    # a client that cannot read the documented answer says nothing of the provider (ARCHITECTURE 44)
    if bool(documented.line) is succeeds:
        return ClientOutcome(Effect.UNABLE, documented.line or "it raises nothing for a refusal")
    if succeeds and result.line:
        return ClientOutcome(Effect.RAISED, result.line)
    if not succeeds and not result.line:
        return ClientOutcome(Effect.WRONG, "no error is raised")
    if not succeeds and not result.members:
        return ClientOutcome(Effect.RAISED, result.line)
    members = {path.rpartition(".")[2] for path, _ in _kinds(documented.value)}
    if succeeds and not members & _PAYLOADS:
        return ClientOutcome(Effect.UNABLE, "it reads no image from the documented answer")
    kinds, documented_kinds = (
        dict(_kinds(either.members if either.line else either.value))
        for either in (result, documented)
    )
    both = [(path, kinds[path], kind) for path, kind in documented_kinds.items() if path in kinds]
    differing = [f"{path} is {kind}, not {meant}" for path, kind, meant in both if kind != meant]
    if differing:
        return ClientOutcome(Effect.WRONG, join_names(differing, _NAMED))
    missing = [
        path for path in documented_kinds if path not in kinds and _parent(path) in (*kinds, "")
    ]
    if missing:
        return ClientOutcome(Effect.LOST, join_names(missing, _NAMED))
    return ClientOutcome(Effect.PARSED)


def _kinds(value: Any, path: str = "", depth: int = _MOST_DEPTH) -> Iterator[tuple[str, str]]:
    """Yield the members of a value, each with what it is."""
    if value is None or value == {} or not depth:
        return
    if path and path.rpartition(".")[2] in _EXACT:
        yield path, printable(str(value), 60)
    elif path and isinstance(value, list):
        yield path, f"{len(value)} item{'s' * (len(value) != 1)}"
    elif path:
        yield path, type_of(value)
    if isinstance(value, dict):
        for name, item in value.items():
            inner = printable(str(name), 60)
            yield from _kinds(item, f"{path}.{inner}" if path else inner, depth - 1)
    elif isinstance(value, list):
        for item in value[:64]:
            yield from _kinds(item, f"{path}[]", depth - 1)


def _parent(path: str) -> str:
    return path[:-2] if path.endswith("[]") else path.rpartition(".")[0]
