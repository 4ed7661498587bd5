"""What a request asks for, read from its bytes by an edition (ARCHITECTURE 2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from conformance.cases.model import UNKNOWN_KEY, UNKNOWN_MODEL, Authorization, Operation
from conformance.cases.request import Request
from conformance.contract import Edition, Expectation, Model, RequestBody
from conformance.exchange.model import Exchange, Provenance
from conformance.parsing import read_json

_DEPLOYMENT = re.compile(r"/deployments/([^/]{1,200})/images/generations/?$")


@dataclass(frozen=True)
class SentRequest:
    """One request as the contract reads it."""

    operation: Operation | None
    authorization: Authorization
    faults: frozenset[str]  # "method", "content-type", "json", "not-object", "model-unknown"
    reading: RequestBody | None  # the body by the edition
    model: Model | None
    painted: bool = False
    """Whether an image came: then more is promised than what the request itself binds."""
    streamed_back: bool = True
    """Whether events came, where it is not documented whether the model has streams."""

    @cached_property  # nearly every clause asks for it
    def expectation(self) -> Expectation:
        """The expectation of the contract."""
        if self.operation is None:
            return "open"
        if self.authorization is not Authorization.VALID or self.faults:
            return "refused"
        return self.reading.expectation if self.reading else "accepted"

    @property
    def body(self) -> Mapping[str, Any]:
        """The JSON object that was sent; empty where none can be read."""
        return self.reading.body if self.reading else {}

    @property
    def family(self) -> str | None:
        """The family of the requested model."""
        return self.model.family if self.model else None

    def violates(self, parameter: str) -> bool:
        """Return whether the body breaks a documented constraint of a parameter."""
        violations = self.reading.violations if self.reading else ()
        return any(violation.parameter == parameter for violation in violations)

    def value(self, parameter: str) -> Any:
        """The value of a parameter that was sent, or else its documented default."""
        return self.reading.value(parameter) if self.reading else None

    def has(self, parameter: str) -> bool:
        """Return whether a parameter was sent, and not as null."""
        return self.reading is not None and self.reading.has(parameter)


def read_request(exchange: Exchange, edition: Edition) -> SentRequest:
    """Read what an exchange's request asks under an edition."""
    request = exchange.request
    path = urlsplit(request.url).path.rstrip("/")
    generates = path.endswith("/images/generations")
    operation = Operation.GENERATE if generates else None
    if path.endswith("/models") and edition.models_path:
        operation = Operation.LIST_MODELS
    faults, reading, model = set(), None, edition.find(exchange.model)
    if request.method.upper() != ("POST" if generates else "GET"):
        faults.add("method")
    if generates:
        fault, reading = _read_body(exchange, edition)
        media_type = request.header("content-type")
        media_type = "application/json" if media_type is None else media_type.partition(";")[0]
        faults |= {fault} if fault else set()
        faults |= {"content-type"} if media_type.strip().lower() != "application/json" else set()
        if reading is not None and reading.model is not None:
            model = reading.model
        elif reading is not None and not reading.has("model"):
            # The provider chooses; the user of a foreign recording may have named the model.
            model = model if exchange.provenance is Provenance.FOREIGN else None
    return SentRequest(operation, _authorization(exchange), frozenset(faults), reading, model)


def _authorization(exchange: Exchange) -> Authorization:
    request = exchange.request
    if exchange.provenance is Provenance.FOREIGN:
        # Recorders leave the header out or put a word in its place; what was sent is not known.
        return Authorization.VALID
    value = request.header("authorization")
    if value is None:
        other_scheme = request.header("api-key") or request.header("x-api-key")
        return Authorization.VALID if other_scheme else Authorization.MISSING
    scheme, _, key = value.partition(" ")
    if scheme.startswith("[") or "REDACTED" in value.upper().split():
        return Authorization.VALID  # a recorder's redaction; what was sent is not known
    if scheme.lower() != "bearer":
        return Authorization.WRONG_SCHEME if key else Authorization.MALFORMED
    if not key.strip():
        return Authorization.MALFORMED
    return Authorization.UNKNOWN if key.strip() == UNKNOWN_KEY else Authorization.VALID


def deployment_of(request: Request) -> str | None:
    """Return the deployment that a URL names, as Azure has it in place of `model`."""
    match = _DEPLOYMENT.search(urlsplit(request.url).path)
    return match[1] if match else None


def _read_body(exchange: Exchange, edition: Edition) -> tuple[str | None, RequestBody | None]:
    """Return the fault of a body, if clauses judge it, and the contract's reading of the body."""
    json_body = read_json(exchange.request.body)
    if json_body.fault is not None:
        return "json", None
    if not isinstance(json_body.value, dict):
        return "not-object", None
    body = dict(json_body.value)
    known = edition.find(exchange.model) is not None
    deployment = deployment_of(exchange.request)
    # The provider has another name for the model; clauses read the edition's.
    if exchange.served_as is not None and body.get("model") == exchange.served_as:
        body["model"] = exchange.model
    if deployment is not None and edition.find(deployment) is not None:
        body["model"] = deployment
    if "model" not in body and known and exchange.provenance is Provenance.FOREIGN:
        body["model"] = exchange.model  # its user said which model it stands for
    reading = edition.read(body)
    # The model is the mistake: what the rest would leave open decides nothing.
    if body.get("model") == UNKNOWN_MODEL:
        return "model-unknown", replace(reading, left_open=())
    return None, reading
