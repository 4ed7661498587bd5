"""What a request asks, read from its bytes and the edition; nobody tells a clause."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from conformance.cases.model import Authorization, Operation
from conformance.contract import Edition, Model, RequestBody
from conformance.exchange.model import (
    UNKNOWN_KEY,
    UNKNOWN_MODEL,
    Exchange,
    Provenance,
    Request,
)
from conformance.parsing import read_json

Expectation = Literal["accepted", "refused", "open"]


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as the contract reads it."""

    operation: Operation | None
    authorization: Authorization
    faults: frozenset[str]  # "method", "content-type", "json", "not-object", "model-unknown"
    asked: RequestBody | None
    model: Model | None

    @property
    def expectation(self) -> Expectation:
        """What the contract says will come of the request."""
        if self.operation is None:
            return "open"
        if self.authorization is not Authorization.VALID or self.faults:
            return "refused"
        return self.asked.expectation if self.asked else "accepted"

    @property
    def family(self) -> str | None:
        """The family of the model that was asked."""
        return self.model.family if self.model else None

    def violates(self, parameter: str | None, keyword: str | None = None) -> bool:
        """Whether the body breaks a documented constraint of a parameter."""
        return self.asked is not None and any(
            each.parameter == parameter and keyword in (None, each.keyword)
            for each in self.asked.violations
        )

    def value(self, parameter: str) -> Any:
        """What was asked, or the documented default of what was not."""
        return self.asked.value(parameter) if self.asked else None

    def has(self, parameter: str) -> bool:
        """Whether a parameter was sent, and not as null."""
        return self.asked is not None and self.asked.has(parameter)


def read_request(exchange: Exchange, edition: Edition) -> Sent:
    """Read what an exchange's request asks under an edition."""
    request = exchange.request
    operation = _operation(request)
    authorization = _authorization(exchange)
    model = edition.find(exchange.model)
    if operation is not Operation.GENERATE:
        return Sent(operation, authorization, _method_fault(request, "GET"), None, model)
    faults, asked = _read_body(exchange, edition)
    faults |= _method_fault(request, "POST") | _content_type_fault(request)
    return Sent(operation, authorization, faults, asked, _model(exchange, asked, model))


def _model(exchange: Exchange, asked: RequestBody | None, told: Model | None) -> Model | None:
    """The model that was asked; where a request leaves it out, the provider chooses.

    What an unnamed request of a foreign recording stands for, its user may have said.
    """
    if asked is None or asked.model is not None:
        return asked.model if asked else told
    chosen = not asked.has("model") and exchange.provenance is not Provenance.FOREIGN
    return None if chosen else told


def _operation(request: Request) -> Operation | None:
    path = urlsplit(request.url).path.rstrip("/")
    if path.endswith("/images/generations"):
        return Operation.GENERATE
    return Operation.LIST_MODELS if path.endswith("/models") else None


def _authorization(exchange: Exchange) -> Authorization:
    request = exchange.request
    if exchange.provenance is Provenance.FOREIGN:
        # recorders leave the header out or put a word in its place; what was sent is not known
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


def _method_fault(request: Request, method: str) -> frozenset[str]:
    return frozenset() if request.method.upper() == method else frozenset({"method"})


def _content_type_fault(request: Request) -> frozenset[str]:
    value = request.header("content-type")
    if value is None or value.split(";", 1)[0].strip().lower() == "application/json":
        return frozenset()
    return frozenset({"content-type"})


_DEPLOYMENT = re.compile(r"/deployments/([^/]{1,200})/images/generations/?$")


def deployment_of(request: Request) -> str | None:
    """Give the deployment that a URL names, as Azure has it in place of `model`."""
    found = _DEPLOYMENT.search(urlsplit(request.url).path)
    return found[1] if found else None


def _read_body(exchange: Exchange, edition: Edition) -> tuple[frozenset[str], RequestBody | None]:
    reading = read_json(exchange.request.body)
    if reading.fault is not None:
        return frozenset({"json"}), None
    if not isinstance(reading.value, dict):
        return frozenset({"not-object"}), None
    body = dict(reading.value)
    if exchange.served_as is not None and body.get("model") == exchange.served_as:
        body["model"] = exchange.model
    deployment = deployment_of(exchange.request)
    if deployment is not None and edition.find(deployment) is not None:
        body["model"] = deployment
    if "model" not in body and _was_told(exchange, edition):
        body["model"] = exchange.model
    asked = edition.read(body)
    if body.get("model") == UNKNOWN_MODEL:
        return frozenset({"model-unknown"}), replace(asked, left_open=())
    return frozenset(), asked


def _was_told(exchange: Exchange, edition: Edition) -> bool:
    """Return whether somebody said which model a recorded request without one stands for."""
    return exchange.provenance is Provenance.FOREIGN and edition.find(exchange.model) is not None
