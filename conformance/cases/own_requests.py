"""Requests of the user's own, from a TOML or JSON file: bodies, and what is expected of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import msgspec

from conformance.cases.model import OWN, Case
from conformance.cases.request import canonical_json
from conformance.cases.valid import BASELINE
from conformance.contract import Level
from conformance.errors import ConformanceError
from conformance.output.printing import printable
from conformance.parsing import read_json
from conformance.parsing.toml_text import MOST_BYTES, TOMLFaultError, load_toml

_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,60}")


class OwnRequestError(ConformanceError):
    """A file of requests that cannot be used; the message names file, request and remedy."""


class OwnRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request of a file: what is sent to which models, and what is expected of it."""

    id: str
    body: dict[str, Any]
    expect: Literal["accepted", "refused", "open"] = "open"
    models: tuple[str, ...] = ("*",)  # globs
    level: Level = Level.MUST
    says: str = ""  # who promises it, and where

    def is_for(self, model: str) -> bool:
        """Return whether a model is sent the request."""
        return any(fnmatchcase(model, pattern) for pattern in self.models)

    def is_body(self, body: Mapping[str, Any]) -> bool:
        """Return whether a request to any model sends this body."""
        return _without_model(body) == _without_model(self.body)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    request: tuple[OwnRequest, ...]


@dataclass(frozen=True, slots=True)
class OwnRequests:
    """The requests of one file."""

    file: str
    requests: tuple[OwnRequest, ...]

    def cases(self, models: Iterable[str], documented: Sequence[Case]) -> Iterator[Case]:
        """Yield what the known cases do not send: one exchange answers both."""
        sent = {(case.model, _without_model(case.body)) for case in documented if case.body}
        for model in models:
            for request in self.requests:
                body = {**request.body, "model": model}
                if request.is_for(model) and (model, _without_model(body)) not in sent:
                    control = None if request.expect == "accepted" else BASELINE
                    billed = request.expect != "refused"
                    yield Case(OWN + request.id, model, body=body, control=control, billed=billed)


def read_own_requests(path: Path) -> OwnRequests:
    """Read a file of requests; raises OwnRequestError."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        requests = msgspec.convert(_document(path, data), _File).request
    except OSError as error:
        raise OwnRequestError(f"{path}: cannot be read: {error.strerror}") from None
    except TOMLFaultError as error:
        raise OwnRequestError(f"{path}: {printable(str(error))}") from None
    except msgspec.ValidationError as error:
        raise OwnRequestError(
            f"{path}: {printable(str(error), 300)}; see docs/extending.md"
        ) from None
    for request in requests:
        _check(path, request)
    ids = [request.id for request in requests]
    duplicate = next((name for name in ids if ids.count(name) > 1), None)
    if not ids or duplicate is not None:
        reason = f"the id {duplicate!r} is used twice" if duplicate else "holds no request"
        raise OwnRequestError(f"{path}: {reason}")
    return OwnRequests(path.name, requests)


def _document(path: Path, data: bytes) -> object:
    if path.suffix.lower() == ".toml":
        return load_toml(data)
    reading = read_json(data)
    if len(data) > MOST_BYTES or reading.fault is not None:
        reason = reading.fault or f"is larger than {MOST_BYTES:,} bytes"
        raise OwnRequestError(f"{path}: {printable(str(reason))}")
    return reading.value


def _check(path: Path, request: OwnRequest) -> None:
    if not _ID.fullmatch(request.id):
        raise OwnRequestError(
            f"{path}: {printable(repr(request.id), 80)} is no id of a request, which names a file "
            f"of its cassette; write small letters, digits, '.', '_' and '-'"
        )
    if "model" in request.body:
        raise OwnRequestError(
            f"{path}: request {request.id}: leave `model` out of its body; every model of the "
            f"provider is asked, or those of `models`"
        )


def _without_model(body: Mapping[str, Any] | None) -> str:
    return canonical_json({name: value for name, value in (body or {}).items() if name != "model"})
