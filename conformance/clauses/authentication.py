"""Authentication: which keys are accepted, which are refused, and that none comes back."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.cases.model import UNKNOWN_KEY, Authorization
from conformance.clauses.bindings import accepted, any_of, generation, model_list, presents
from conformance.clauses.refusals import reply, require_fault
from conformance.clauses.registry import Needs, Shape, cite, clause
from conformance.clauses.subject import (
    NotApplicableError,
    NotTestableError,
    Problem,
    Subject,
    UnavailableError,
)
from conformance.contract import Level
from conformance.exchange.model import REDACTED_KEY, Provenance
from conformance.exchange.outcome import Result
from conformance.exchange.redaction.key_spellings import echo_forms


@clause(
    "authentication.valid-key-accepted",
    Level.MUST,
    "A request that presents its API key as a bearer token is let in.",
    cite("cometapi", "Authorization"),
    cite("openai", "securitySchemes.ApiKeyAuth"),
    binds=any_of(accepted, model_list),
    needs=Needs.DECISION,
)
def valid_key_accepted(subject: Subject) -> Iterator[Problem]:
    """Fails on 401, and on a 403 whose error speaks of the key; other refusals are not about it.

    Of a recording that somebody else made it is not known whether the key was valid.
    """
    if subject.exchange.provenance is Provenance.FOREIGN:
        raise NotApplicableError
    if blames_key(subject):
        yield Problem(
            "the key was not accepted", "anything but an authentication error", reply(subject)
        )


def blames_key(subject: Subject) -> bool:
    """Return whether an answer says that the key is not let in."""
    challenged = subject.response.header("www-authenticate") and subject.answer.error is None
    refused = subject.response.status == 403 and challenged
    return subject.outcome.cause == "key" or bool(refused)


def _is_401(subject: Subject, request: str) -> Iterator[Problem]:
    if subject.response.status == 401:
        return
    if _was_refused(subject):
        yield Problem(f"{request} was refused as something else", "401", reply(subject))
    else:
        yield Problem(f"{request} was let in", "401", f"HTTP {subject.response.status}")


def _was_refused(subject: Subject) -> bool:
    """Return whether a request was refused for its key, or let in; raises if it was neither.

    A success without an image and a redirect let nobody in, and break `errors.not-2xx`.
    """
    if subject.outcome.accepted:
        return False
    if subject.outcome.result is Result.UNCLEAR:
        raise NotTestableError(f"it was not refused with a 4xx: {reply(subject)}")
    require_fault(subject)
    return True


answers_401 = Shape(_is_401, Needs.REFUSAL)

answers_401(
    "authentication.missing-key-refused",
    Level.MUST,
    "A request without an Authorization header is answered 401.",
    cite("cometapi", "Authorization"),
    cite("cometapi-errors", "401"),
    cite("openai-errors", "401"),
    binds=presents(Authorization.MISSING),
    about="a request without a key",
    how="The status is exactly 401; the control is the same request with the key.",
)

answers_401(
    "authentication.wrong-scheme-refused",
    Level.MUST,
    "Credentials in another scheme than Bearer are answered 401.",
    cite("cometapi", "Authorization"),
    cite("cometapi-errors", "401"),
    cite("rfc9110", "11.4"),
    binds=presents(Authorization.WRONG_SCHEME),
    about="a request with Basic credentials",
    how="The status is exactly 401 when an `Authorization: Basic …` stands in place of the key.",
)

answers_401(
    "authentication.unknown-key-refused",
    Level.MUST,
    "A key that the provider never issued is answered 401.",
    cite("cometapi-errors", "401"),
    cite("openai-errors", "401"),
    binds=presents(Authorization.UNKNOWN),
    about="a request with an unknown key",
    how="The status is exactly 401 for a well-formed key of nobody.",
)


@clause(
    "authentication.malformed-refused",
    Level.MUST,
    "A bearer scheme without a key is refused.",
    cite("cometapi", "Authorization"),
    cite("rfc6750", "3.1"),
    binds=presents(Authorization.MALFORMED),
    needs=Needs.REFUSAL,
)
def malformed_refused(subject: Subject) -> Iterator[Problem]:
    """Any 4xx will do: RFC 6750 names 400 for a malformed header; 401 is a clause of its own.
    Not testable on a success without an image and on a redirect, as to a page to log in.
    """
    if not _was_refused(subject):
        yield Problem("a bearer token without a key was let in", "401", reply(subject))


@clause(
    "authentication.malformed-401",
    Level.SHOULD,
    "A bearer scheme without a key is answered 401, as any other bad key.",
    cite("cometapi-errors", "401"),
    cite("openai-errors", "401"),
    binds=presents(Authorization.MALFORMED),
    needs=Needs.REFUSAL,
)
def malformed_401(subject: Subject) -> Iterator[Problem]:
    """The status is exactly 401; not testable when the request was not refused at all."""
    if not _was_refused(subject):
        raise NotTestableError("the request was let in")
    yield from _is_401(subject, "a request with a malformed Authorization header")


@clause(
    "authentication.key-not-echoed",
    Level.MUST,
    "The API key does not come back: in no header, no body and no image.",
    cite("rfc6750", "5.3"),
    cite("openai-observed", "401: the key in the message is masked"),
    binds=any_of(generation, model_list),
    needs=Needs.BYTES,
)
def key_not_echoed(subject: Subject) -> Iterator[Problem]:
    """Looks for the whole key, as text and as base64, in the answer and in what its URLs gave.

    The sender replaces the key by a placeholder before anything else sees the answer; the
    clause looks for the placeholder. Of a recording that others made it is not known which key
    was used. A key that is refused comes back most often: a 401 that decides nothing else is
    looked at too.
    """
    if subject.exchange.provenance is Provenance.FOREIGN:
        raise NotApplicableError
    yield from _echoes(subject, REDACTED_KEY)
    if subject.exchange.failure is not None:
        raise UnavailableError(subject.outcome.reason)


@clause(
    "authentication.unknown-key-not-echoed",
    Level.SHOULD,
    "A refused key is not repeated whole; it may be a real one that was mistyped.",
    cite("openai-observed", "401: the key in the message is masked"),
    binds=presents(Authorization.UNKNOWN),
    needs=Needs.ANSWER,
)
def unknown_key_not_echoed(subject: Subject) -> Iterator[Problem]:
    """Looks for the whole unknown key in the headers and the body of the answer."""
    yield from _echoes(subject, UNKNOWN_KEY)


def _echoes(subject: Subject, key: str) -> Iterator[Problem]:
    forms = echo_forms(key)
    downloads = [download.response for download in subject.exchange.downloads]
    files = [("image's download", response) for response in downloads if response is not None]
    for part, response in [("answer", subject.response), *files]:
        for name, value in response.headers:
            if any(form.decode() in f"{name} {value}" for form in forms):
                yield Problem(f"the {part} repeats the key in the header {name}", "no key")
        if any(form in response.body for form in forms):
            yield Problem(f"the {part} repeats the key in its body", "no key")
