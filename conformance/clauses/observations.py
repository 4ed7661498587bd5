"""Things worth knowing of an exchange that no source promises: reported, never judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from conformance.clauses.locators import cached_for, expiry_of, host_of, is_loopback
from conformance.clauses.refusals import reply
from conformance.clauses.subject import NotTestableError, Subject
from conformance.exchange.answer import asked_names
from conformance.exchange.outcome import Result
from conformance.findings import ANOTHER_FAMILY, ANOTHER_PAINTER, Observation
from conformance.parsing import printable
from conformance.parsing.credentials import Painter

if TYPE_CHECKING:
    from conformance.contract import Edition
    from conformance.exchange.answer import Answer
    from conformance.exchange.model import Exchange
    from conformance.parsing.images import ImageFacts

Observer = Callable[[Subject], Iterator[str]]

_OBSERVERS: dict[str, Observer] = {}
_MOST = 3  # messages of one observer on one exchange
_ECHOES = ("background", "output_format", "quality", "size")


def observer(name: str) -> Callable[[Observer], Observer]:
    """Register a function that says, in whole sentences, what it sees."""

    def register(see: Observer) -> Observer:
        _OBSERVERS[name] = see
        return see

    return register


def observe(
    exchange: Exchange, edition: Edition, answer: Answer | None = None
) -> list[Observation]:
    """Say what is worth knowing of an exchange; never raises for anything a provider sent.

    `answer` is the exchange's, where it was read before: images are then decoded only once.
    """
    if exchange.response is None:
        return []
    subject = Subject(exchange, edition, answer=answer)
    return [
        Observation(name, exchange.provider, exchange.model, exchange.case, printable(message))
        for name, see in _OBSERVERS.items()
        for message in _messages(see, subject)
    ]


def _messages(see: Observer, subject: Subject) -> list[str]:
    try:
        return list(dict.fromkeys(see(subject)))[:_MOST]
    except NotTestableError:
        return []


def _succeeded(subject: Subject) -> bool:
    plain = not subject.answer.streams
    return subject.outcome.result is Result.ACCEPTED and plain and subject.sent.asked is not None


def _painted_as_named(subject: Subject) -> bool:
    """Return whether an image came for a request that names the model: who else may paint it?"""
    return _succeeded(subject) and subject.names_model


def _images(subject: Subject) -> Iterator[tuple[str, ImageFacts]]:
    if _succeeded(subject):
        for payload, facts in subject.images:
            yield payload.path, facts


@observer("flat-image")
def _flat(subject: Subject) -> Iterator[str]:
    for path, facts in _images(subject):
        if facts.flat:
            yield f"{path} is one flat colour"


@observer("bytes-after-image")
def _trailing(subject: Subject) -> Iterator[str]:
    for path, facts in _images(subject):
        if facts.complete and facts.fault:
            yield f"{path}: the image {facts.fault}"


@observer("content-credentials")
def _credentials(subject: Subject) -> Iterator[str]:
    for payload, _ in subject.images if _succeeded(subject) else ():
        if payload.credentials:
            yield f"the content credentials (C2PA) of {payload.path} are {payload.credentials}"


@observer(ANOTHER_PAINTER)
def _another_painter(subject: Subject) -> Iterator[str]:
    for payload, _ in subject.images if _painted_as_named(subject) else ():
        if payload.credentials and payload.painter is Painter.ANOTHER:
            asked = asked_names(subject.exchange)[0]
            yield f"{payload.path}: asked {asked}; its credentials are {payload.credentials}"


@observer("open-size")
def _open_size(subject: Subject) -> Iterator[str]:
    model = subject.sent.model
    listed = model.open_values("size") if model else ()
    for path, facts in _images(subject) if listed and not subject.sent.has("size") else ():
        size = f"{facts.width}x{facts.height}"
        known = "one" if size in listed else "none"
        yield f"{path} is {size} when no size was asked: {known} of the sizes a source lists"


@observer("empty-prompt")
def _empty_prompt(subject: Subject) -> Iterator[str]:
    asked = subject.sent.asked
    if asked is None or asked.body.get("prompt") != "" or asked.violations:
        return
    accepted = subject.outcome.accepted
    yield "an empty prompt is accepted" if accepted else f"an empty prompt: {reply(subject)}"


@observer("url-lifetime")
def _lifetime(subject: Subject) -> Iterator[str]:
    for payload in subject.payloads if _succeeded(subject) else ():
        expiry = expiry_of(payload.url) if payload.url else None
        if expiry is not None and subject.exchange.sent_at:
            minutes = (expiry.at - subject.exchange.sent_at) / 60
            yield f"{payload.path}.url says in {expiry.said_in} that it lives {minutes:.0f} minutes"
        elif payload.url:
            yield f"{payload.path}.url does not say how long it lives"


@observer("url-cacheable")
def _cacheable(subject: Subject) -> Iterator[str]:
    for each in subject.exchange.downloads:
        if each.response is not None:
            header = each.response.header
            lasting = cached_for(header("cache-control"), header("expires"))
            if lasting:
                yield f"the image host lets an image be kept: {lasting}"


@observer("third-party-host")
def _third_party(subject: Subject) -> Iterator[str]:
    own = host_of(subject.exchange.request.url)
    for payload in subject.payloads if _succeeded(subject) else ():
        host = host_of(payload.url) if payload.url else ""
        if host and _site(host) != _site(own) and not is_loopback(host):
            yield f"images lie on another site than the provider's: {host}"


def _site(host: str) -> str:
    return ".".join(host.split(".")[-2:])


@observer("undocumented-item-members")
def _item_members(subject: Subject) -> Iterator[str]:
    _, known = subject.edition.response_members(subject.kind)
    for payload in subject.payloads if _succeeded(subject) else ():
        more = sorted(set(payload.item) - known)
        if more:
            yield f"items have members that no source documents: {', '.join(more[:10])}"


@observer("undocumented-members")
def _members(subject: Subject) -> Iterator[str]:
    known, _ = subject.edition.response_members(subject.kind)
    more = sorted(set(subject.object) - known - {"error"}) if _succeeded(subject) else []
    if more:
        yield f"the body has members that no source documents: {', '.join(more[:10])}"


@observer("no-revised-prompt")
def _no_revised_prompt(subject: Subject) -> Iterator[str]:
    if _succeeded(subject) and subject.exchange.model == "dall-e-3":
        for payload in subject.payloads:
            if "revised_prompt" not in payload.item:
                yield f"{payload.path} has no revised_prompt, which dall-e-3 is known to give"


@observer("null-error")
def _null_error(subject: Subject) -> Iterator[str]:
    if _succeeded(subject) and subject.object.get("error", "absent") is None:
        yield "a success has the member error, as null"


@observer("null-members")
def _null_members(subject: Subject) -> Iterator[str]:
    body = subject.object if _succeeded(subject) else {}
    named = sorted(name for name, value in body.items() if value is None and name != "error")
    if named:
        yield f"a success has members that are null: {', '.join(named[:10])}"


@observer(ANOTHER_FAMILY)
def _another_family(subject: Subject) -> Iterator[str]:
    """An answer in the documented shape of another family may be painted by another model."""
    shape = _shape_of_another(subject) if _painted_as_named(subject) else None
    if shape is not None:
        yield f"{subject.exchange.model} answers like a {shape}"


def _shape_of_another(subject: Subject) -> str | None:
    """Name the family whose members an answer has, and the members."""
    body, family = subject.object, subject.sent.family
    echoed = sorted(name for name in _ECHOES if isinstance(body.get(name), str))
    if family == "gpt-image":
        urls = [each.url for each in subject.payloads if not each.b64_json]
        bare = not echoed and not isinstance(body.get("usage"), dict)
        return "dall-e model: there are URLs, and no usage" if all(urls) and urls and bare else None
    if family is not None and len(echoed) >= 2:  # one alone may be a gateway's own
        return f"gpt-image model: the body has {', '.join(echoed)}"
    prompt = subject.sent.value("prompt")
    revised = [each.item.get("revised_prompt") for each in subject.payloads]
    if subject.exchange.model == "dall-e-2" and all(
        each not in (None, "", prompt) for each in revised
    ):
        return "dall-e-3 model: the items have revised_prompt"
    return None


@observer("no-request-id")
def _no_request_id(subject: Subject) -> Iterator[str]:
    if not any(_is_request_id(name) for name, _ in subject.response.headers):
        yield "the answer has no request id in its headers"


def _is_request_id(name: str) -> bool:
    return name.lower().replace("-", "").endswith(("requestid", "traceid", "cfray"))


@observer("no-challenge")
def _no_challenge(subject: Subject) -> Iterator[str]:
    if subject.response.status == 401 and subject.response.header("www-authenticate") is None:
        yield "a 401 has no WWW-Authenticate header, which RFC 9110 asks for"


@observer("retry-after-success")
def _retry_after(subject: Subject) -> Iterator[str]:
    if _succeeded(subject) and subject.response.header("retry-after") is not None:
        yield f"a success says Retry-After: {subject.response.header('retry-after')}"


@observer("account-headers")
def _account(subject: Subject) -> Iterator[str]:
    revealing = {"openai-organization", "openai-project", "set-cookie"}
    told = sorted({name.lower() for name, _ in subject.response.headers} & revealing)
    if told:
        yield f"headers tell of the account or open a session: {', '.join(told)}"


@observer("software-headers")
def _software(subject: Subject) -> Iterator[str]:
    for name in ("server", "x-powered-by", "via"):
        value = subject.response.header(name)
        if value:
            yield f"the header {name} says: {value}"
