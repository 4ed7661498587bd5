"""A case as HTTP: the request to send, and the curl line that sends the same."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.cases.model import UNKNOWN_KEY, Authorization, Case, Operation
from conformance.errors import ConformanceError
from conformance.output.shell import bearer, curl_line, quoted

_PATHS = {Operation.GENERATE: "/images/generations", Operation.LIST_MODELS: "/models"}
_BASIC_DUMMY = "Y29uZm9ybWFuY2U6bm90LWEta2V5"  # "conformance:not-a-key"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_SHOWN = 200  # characters of one string in a curl line


Headers = tuple[tuple[str, str], ...]


def first_header(headers: Headers, name: str) -> str | None:
    """Return the first value of a header, whatever its case."""
    lower_name = name.lower()
    return next((value for key, value in headers if key.lower() == lower_name), None)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: as it is sent, or of an exchange, with ``REDACTED_KEY`` for the key."""

    method: str
    url: str
    headers: Headers = field(repr=False)
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first value of a header, whatever its case."""
        return first_header(self.headers, name)


def build_request(case: Case, *, base_url: str, key: str, served_as: str | None = None) -> Request:
    """Make the HTTP request of a case; ``served_as`` is what the provider calls the model.

    ``base_url`` ends in ``/v1``. Only a case that presents a valid key holds the real one.
    """
    authorization = _authorization(case.authorization, key)
    headers = [("accept", "application/json")]
    headers += [("authorization", authorization)] if authorization else []
    headers += [("content-type", case.content_type)] if case.content_type else []
    url = base_url.rstrip("/") + _PATHS[case.operation]
    return Request(case.method, url, tuple(headers), body_bytes(case, served_as))


def body_bytes(case: Case, served_as: str | None = None) -> bytes:
    """Return the body that a case sends; equal bodies give equal bytes in any order."""
    if case.raw is not None:
        return _rename_raw(case, served_as)
    if case.body is None:
        return b""
    return canonical_json(_rename(case, served_as)).encode("utf-8")


def canonical_json(body: Mapping[str, Any]) -> str:
    """Return a body as compact JSON: model and prompt first, then by name."""
    # cassettes are found by it (ARCHITECTURE 8), so the order of members must say nothing
    leading = {name: body[name] for name in ("model", "prompt") if name in body}
    ordered = leading | {name: body[name] for name in sorted(body)}
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def curl(
    case: Case, *, base_url: str, key_variable: str = "API_KEY", served_as: str | None = None
) -> str:
    """Return the curl command that sends a case with the key from an environment variable.

    Text of more than 200 characters is cut, and a comment line says how long it really is.
    Raises ConformanceError when ``key_variable`` is no name a shell could expand.
    """
    if not _VARIABLE.fullmatch(key_variable):
        raise ConformanceError(
            f"{key_variable!r} cannot name an environment variable; "
            "use letters, digits and underscores in the provider's key variable"
        )
    request = build_request(case, base_url=base_url, key=f"${key_variable}", served_as=served_as)
    body, notes = _shown_body(case, served_as)
    headers = []
    for name, value in request.headers:
        has_key = name == "authorization" and case.authorization is Authorization.VALID
        # only the header with the variable may be expanded by the shell
        headers.append(bearer(key_variable) if has_key else quoted(f"{name}: {value}"))
    if body and case.content_type is None:
        headers.append("content-type:")  # or curl sends one of its own
    return "\n".join([*notes, curl_line(request.method, request.url, headers, body)])


def _authorization(authorization: Authorization, key: str) -> str | None:
    return {
        Authorization.VALID: f"Bearer {key}",
        Authorization.MISSING: None,
        Authorization.MALFORMED: "Bearer",
        Authorization.WRONG_SCHEME: f"Basic {_BASIC_DUMMY}",
        Authorization.UNKNOWN: f"Bearer {UNKNOWN_KEY}",
    }[authorization]


DUMMIES = frozenset(
    value
    for authorization in Authorization
    if authorization is not Authorization.VALID
    if (value := _authorization(authorization, ""))
)
"""The values of an authorization header that hold no real key."""


def _rename(case: Case, served_as: str | None) -> dict[str, Any]:
    body = dict(case.body or {})
    if served_as is not None and body.get("model") == case.model:
        body["model"] = served_as
    return body


def _rename_raw(case: Case, served_as: str | None) -> bytes:
    """Rename the model in a body that may be malformed, as compact JSON writes it."""
    raw = case.raw or b""
    if served_as is None:
        return raw
    own_name, served_name = (
        f'"model":{json.dumps(name, ensure_ascii=False)}'.encode()
        for name in (case.model, served_as)
    )
    return raw.replace(own_name, served_name)


def _shown_body(case: Case, served_as: str | None) -> tuple[str | bytes, list[str]]:
    """Return the body as a curl line shows it, with notes on what was cut."""
    if case.raw is not None:
        return _rename_raw(case, served_as), []
    if case.body is None:
        return "", []
    body, notes = _rename(case, served_as), []
    for name, value in body.items():
        if isinstance(value, str) and len(value) > _LONGEST_SHOWN:
            body[name] = value[:_LONGEST_SHOWN]
            notes.append(f"# {name} is cut here: the request has {len(value)} characters of it")
    text = canonical_json(body)
    if not text.isprintable():  # nothing invisible, and no change of direction, in a terminal
        text = json.dumps(body, separators=(",", ":"), allow_nan=False)
    return text, notes
