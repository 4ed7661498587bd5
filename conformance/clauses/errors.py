"""The body of a refusal: JSON with an ``error`` object that says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance.clauses.bindings import (
    all_of,
    broken_keyword,
    broken_parameters,
    fault,
    not_,
    refused,
)
from conformance.clauses.envelope_json import is_html, other_content_type
from conformance.clauses.parameters import WRONG_METHOD
from conformance.clauses.refusals import refused_alike, reply, require_control, require_fault
from conformance.clauses.registry import Bound, Needs, Shape, cite, clause
from conformance.clauses.subject import NotTestableError, Problem, Subject
from conformance.contract import Level
from conformance.exchange.error_text import error_text
from conformance.parsing import write_json

REFUSED = all_of(refused, not_(fault("method")))
"""Mistakes of the documented operation; what another method is answered, no document says."""


@clause(
    "errors.json",
    Level.MUST,
    "The body of a refusal is JSON, and no web page.",
    cite("cometapi-errors", "Error envelope"),
    cite("openai", "ErrorResponse"),
    cite("rfc8259", "8.1"),
    binds=REFUSED,
    needs=Needs.ERROR,
)
def json(subject: Subject) -> Iterator[Problem]:
    """Fails on HTML, on plain text, on an empty body, on JSON that cannot be read, and on other
    encodings than UTF-8, which most clients cannot read.
    """
    reading, is_text_known = subject.answer.json, "text" not in subject.exchange.altered
    if is_html(subject):
        yield Problem("the error is an HTML page", "JSON", subject.body_start)
    elif reading.is_unreadable or (reading.kind == "encoding" and is_text_known):
        yield Problem(f"the body of the error {reading.fault}", "JSON", subject.body_start)


@clause(
    "errors.content-type",
    Level.SHOULD,
    "A refusal says that it is `application/json`.",
    cite("rfc9110", "8.3"),
    cite("openai", "ErrorResponse"),
    binds=REFUSED,
    needs=Needs.ERROR,
)
def content_type(subject: Subject) -> Iterator[Problem]:
    """Compares the media type without its parameters; not testable when the body is no JSON. The
    documents show JSON, and none says how a refusal is declared.
    """
    subject.require_unaltered("headers")
    _json(subject)
    yield from other_content_type(subject)


def _json(subject: Subject) -> Any:
    reading = subject.answer.json
    if is_html(subject) or reading.is_unreadable:
        raise NotTestableError("the body is not JSON")
    return reading.value


@clause(
    "errors.object",
    Level.MUST,
    "The body of a refusal is a JSON object.",
    cite("cometapi-errors", "Error envelope"),
    cite("openai", "ErrorResponse"),
    binds=REFUSED,
    needs=Needs.ERROR,
)
def body_object(subject: Subject) -> Iterator[Problem]:
    """Fails on an array, a string, a number, true, false and null."""
    value = _json(subject)
    if not isinstance(value, dict):
        yield Problem("the body of the error is no object", "an object", type(value).__name__)


@clause(
    "errors.error-object",
    Level.MUST,
    "A refusal keeps its error in an object called `error`.",
    cite("cometapi-errors", "Error envelope"),
    cite("openai", "ErrorResponse.error"),
    binds=REFUSED,
    needs=Needs.ERROR,
)
def error_object(subject: Subject) -> Iterator[Problem]:
    """Fails when `error` is missing, as in a flat body, and when it is a string or null."""
    body = subject.object
    if "error" not in body:
        names = ", ".join(sorted(body)[:10]) or "no member at all"
        yield Problem("the body has no error", "an error object", names)
    elif not isinstance(body["error"], dict):
        yield Problem("error is no object", "an object", write_json(body["error"]))


_ABSENT = object()  # in place of a member that is not there, as None is null


def _member(subject: Subject, name: str) -> Any:
    subject.require_unaltered(f"error.{name}")
    return subject.error.get(name, _ABSENT)


def _describe(value: Any) -> str:
    return "absent" if value is _ABSENT else write_json(value)


@clause(
    "errors.message-string",
    Level.MUST,
    "An error has a `message`, and it is a string.",
    cite("cometapi-errors", "Error envelope"),
    cite("openai", "Error.message"),
    binds=REFUSED,
    needs=Needs.ERROR,
)
def message_string(subject: Subject) -> Iterator[Problem]:
    """Fails when `message` is missing, a number, an array or an object; null and the empty
    string have clauses of their own.
    """
    value = _member(subject, "message")
    if value is not None and not isinstance(value, str):
        yield Problem("the message is no string", "a string", _describe(value))


@clause(
    "errors.message-not-null",
    Level.MUST,
    "The `message` of an error is not null.",
    cite("cometapi-errors", "Error envelope"),
    cite("openai", "Error.message"),
    binds=REFUSED,
    needs=Needs.ERROR,
)
def message_not_null(subject: Subject) -> Iterator[Problem]:
    """Fails on null alone."""
    if _member(subject, "message") is None:
        yield Problem("the message is null", "a string", "null")


@clause(
    "errors.message-not-empty",
    Level.SHOULD,
    "The `message` of an error says something.",
    cite("cometapi-errors", "Error envelope"),
    cite("openai", "Error.message"),
    binds=REFUSED,
    needs=Needs.ERROR,
)
def message_not_empty(subject: Subject) -> Iterator[Problem]:
    """Deviates on the empty string and on white space; the documents want a string, and no length
    of it.
    """
    value = _member(subject, "message")
    if isinstance(value, str) and not value.strip():
        yield Problem("the message is empty", "a text", repr(value[:40]))


@clause(
    "errors.type-string",
    Level.SHOULD,
    "An error has a `type`, and it is a string.",
    cite("cometapi-errors", "Error envelope"),
    cite("openai", "Error.type"),
    binds=REFUSED,
    needs=Needs.ERROR,
)
def type_string(subject: Subject) -> Iterator[Problem]:
    """Deviates when `type` is missing, null or no string; both documents have it, but a real
    first party leaves it out of some answers.
    """
    value = _member(subject, "type")
    if not isinstance(value, str):
        yield Problem("the type of the error is no string", "a string", _describe(value))


def _lacks_member(subject: Subject, name: str) -> Iterator[Problem]:
    if _member(subject, name) is _ABSENT:
        yield Problem(f"the error has no {name}", "a string or null", "absent")


def _neither_text_nor_null(subject: Subject, name: str) -> Iterator[Problem]:
    value = _member(subject, name)
    if value is not _ABSENT and value is not None and not isinstance(value, str):
        yield Problem(f"{name} is neither string nor null", "a string or null", _describe(value))


has_member = Shape(_lacks_member, Needs.ERROR, REFUSED)
has_text_or_null = Shape(_neither_text_nor_null, Needs.ERROR, REFUSED)

has_member(
    "errors.param-present",
    Level.SHOULD,
    "An error has the member `param`, if only as null.",
    cite("openai", "Error"),
    cite("cometapi-errors-2", "Error envelope"),
    about="param",
    how="Deviates when `param` is missing; what it is, other clauses judge.",
)

has_text_or_null(
    "errors.param-type",
    Level.SHOULD,
    "The `param` of an error is a string or null.",
    cite("openai", "Error.param"),
    about="param",
    how="Deviates on numbers, booleans, arrays and objects; an absent member has its own clause.",
)

has_member(
    "errors.code-present",
    Level.SHOULD,
    "An error has the member `code`, if only as null.",
    cite("cometapi-errors", "Error envelope"),
    cite("openai", "Error"),
    about="code",
    how="Deviates when `code` is missing; what it is, other clauses judge.",
)

has_text_or_null(
    "errors.code-type",
    Level.SHOULD,
    "The `code` of an error is a string or null.",
    cite("cometapi-errors", "Error envelope"),
    cite("openai", "Error.code"),
    about="code",
    how="Deviates on numbers, such as the status repeated; an absent member has its own clause.",
)


@clause(
    "errors.documented-members",
    Level.SHOULD,
    "The body of a refusal has the members that are documented beside its error.",
    cite("openai", "ErrorResponse"),
    binds=Bound(REFUSED, lambda edition: bool(edition.error_members)),
    needs=Needs.ERROR,
)
def documented_members(subject: Subject) -> Iterator[Problem]:
    """Validates these members, such as an id of the request. Not testable without an error object,
    which other clauses demand.
    """
    _ = subject.error  # raises where there is none
    for mismatch in subject.edition.error_errors(subject.object):
        if mismatch.path.partition(".")[0] in subject.edition.error_members:
            yield Problem.of(mismatch)


@clause(
    "errors.param-names",
    Level.SHOULD,
    "Where an error names a parameter in `param`, it is the one at fault.",
    cite("openai", "Error.param"),
    cite("openai-observed", "400: param"),
    binds=all_of(
        REFUSED, lambda sent: broken_keyword(sent) is not None or "model-unknown" in sent.faults
    ),
    needs=Needs.ERROR,
)
def param_names(subject: Subject) -> Iterator[Problem]:
    """Compares `param` with the parameter whose documented rule the request breaks, or with any
    that takes part in a rule across parameters. Null, the empty string and an absent member
    name nothing, and pass; a path such as `body.size` names its parts. Not testable where the
    refusal is for another reason, such as a quota.
    """
    require_control(subject)
    # "No such model" may be this very lie, so unlike elsewhere it hides nothing by itself.
    if subject.outcome.cause not in (None, "not served") or refused_alike(subject) is not None:
        require_fault(subject)
    value = _member(subject, "param")
    faulty = broken_parameters(subject.sent)
    if isinstance(value, str) and value and not faulty & set(re.split(r"[^A-Za-z0-9_-]+", value)):
        expected = " or ".join(sorted(faulty))
        yield Problem("param names another parameter", expected, value[:80])


@clause(
    "errors.no-data",
    Level.SHOULD,
    "A refusal carries no images beside its error.",
    cite("openai", "ErrorResponse"),
    cite("cometapi-errors", "Error envelope"),
    binds=REFUSED,
    needs=Needs.ERROR,
)
def no_data(subject: Subject) -> Iterator[Problem]:
    """Deviates when `data` is there and holds something."""
    if subject.object.get("data"):
        yield Problem("the refusal carries data", "no data", "data")


@clause(
    "errors.method-explained",
    Level.SHOULD,
    "The refusal of another method says what is wrong.",
    cite("rfc9110", "15.5"),
    binds=WRONG_METHOD,
    needs=Needs.ERROR,
)
def method_explained(subject: Subject) -> Iterator[Problem]:
    """Deviates on a body without any words. The documents give the form of errors for POST
    alone, so any form will do.
    """
    if not error_text(subject.answer).said:
        yield Problem("the refusal says nothing", "an explanation", reply(subject))
