"""Things worth knowing of an exchange that no source promises: reported, never judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.clauses.locators import cached_for, expiry_of, host_of
from conformance.clauses.refusals import reply
from conformance.clauses.subject import NotTestableError, Subject
from conformance.contract import Edition
from conformance.exchange.answer import Answer, requested_names
from conformance.exchange.error_text import error_text
from conformance.exchange.model import Exchange
from conformance.exchange.outcome import Result
from conformance.exchange.transport.special_addresses import is_loopback
from conformance.findings import ANOTHER_FAMILY, ANOTHER_PAINTER, Observation
from conformance.output.printing import printable
from conformance.parsing.credentials.records import Painter

Observer = Callable[[Subject], Iterator[str]]
Condition = Callable[[Subject], bool]

_OBSERVERS: dict[str, tuple[Condition, Observer]] = {}
_MOST = 3  # messages of one observer on one exchange
_ECHOES = ("background", "output_format", "quality", "size")


def _painted(subject: Subject) -> bool:
    """Return whether an image came in a JSON body for a request that could be read."""
    plain = not subject.answer.streams
    return subject.outcome.result is Result.ACCEPTED and plain and subject.sent.reading is not None


def _painted_as_named(subject: Subject) -> bool:
    """Return whether an image came for a request that names the model: who else may paint it?"""
    return _painted(subject) and subject.names_model


def observer(
    name: str, condition: Condition = lambda _subject: True
) -> Callable[[Observer], Observer]:
    """Register a function that yields what it sees, in whole sentences, of some exchanges."""

    def register(see: Observer) -> Observer:
        _OBSERVERS[name] = condition, see
        return see

    return register


def observe(
    exchange: Exchange, edition: Edition, answer: Answer | None = None
) -> list[Observation]:
    """Return what is worth knowing of an exchange; never raises for anything a provider sent.

    `answer` is the exchange's, where it was read before: images are then decoded only once.
    """
    if exchange.response is None:
        return []
    subject = Subject(exchange, edition, answer=answer)
    return [
        Observation(name, exchange.provider, exchange.model, exchange.case, printable(message))
        for name, (condition, see) in _OBSERVERS.items()
        if condition(subject)
        for message in _messages(see, subject)
    ]


def _messages(see: Observer, subject: Subject) -> list[str]:
    try:
        return list(dict.fromkeys(see(subject)))[:_MOST]
    except NotTestableError:
        return []


@observer("flat-image", _painted)
def _flat(subject: Subject) -> Iterator[str]:
    for payload, facts in subject.images:
        if facts.flat:
            yield f"{payload.path} is one flat colour"


@observer("bytes-after-image", _painted)
def _trailing(subject: Subject) -> Iterator[str]:
    for payload, facts in subject.images:
        if facts.complete and facts.fault:
            yield f"{payload.path}: the image {facts.fault}"


@observer("content-credentials", _painted)
def _credentials(subject: Subject) -> Iterator[str]:
    for payload, _ in subject.images:
        if payload.credentials:
            yield f"the content credentials (C2PA) of {payload.path} are {payload.credentials}"


@observer(ANOTHER_PAINTER, _painted_as_named)
def _another_painter(subject: Subject) -> Iterator[str]:
    for payload, _ in subject.images:
        if payload.credentials and payload.painter is Painter.ANOTHER:
            name = requested_names(subject.exchange)[0]
            yield f"{payload.path}: asked {name}; its credentials are {payload.credentials}"


@observer("open-size", _painted)
def _open_size(subject: Subject) -> Iterator[str]:
    model = subject.sent.model
    open_sizes = model.open_values("size") if model else ()
    for payload, facts in subject.images if open_sizes and not subject.sent.has("size") else ():
        size = facts.dimensions
        known = "one of" if size in open_sizes else "none of"
        yield f"{payload.path} is {size} when no size was asked: {known} the sizes a source lists"


@observer("empty-prompt")
def _empty_prompt(subject: Subject) -> Iterator[str]:
    reading = subject.sent.reading
    if reading is None or reading.body.get("prompt") != "" or reading.violations:
        return
    accepted = subject.outcome.accepted
    yield "an empty prompt is accepted" if accepted else f"an empty prompt: {reply(subject)}"


@observer("url-lifetime", _painted)
def _lifetime(subject: Subject) -> Iterator[str]:
    for payload in subject.payloads:
        expiry = expiry_of(payload.url) if payload.url else None
        if expiry is not None and subject.exchange.sent_at:
            minutes = (expiry.at - subject.exchange.sent_at) / 60
            yield f"{payload.path}.url says in {expiry.said_in} that it lives {minutes:.0f} minutes"
        elif payload.url:
            yield f"{payload.path}.url does not say how long it lives"


@observer("url-cacheable")
def _cacheable(subject: Subject) -> Iterator[str]:
    for download in subject.exchange.downloads:
        if download.response is not None:
            header = download.response.header
            lasting = cached_for(header("cache-control") or "", header("expires") or "")
            if lasting:
                yield f"the image host lets an image be kept: {lasting}"


@observer("third-party-host", _painted)
def _third_party(subject: Subject) -> Iterator[str]:
    provider_site = _site(host_of(subject.exchange.request.url))
    for payload in subject.payloads:
        host = host_of(payload.url) if payload.url else ""
        if host and _site(host) != provider_site and not is_loopback(host):
            yield f"images lie on another site than the provider's: {host}"


def _site(host: str) -> list[str]:
    return host.split(".")[-2:]


@observer("undocumented-item-members", _painted)
def _item_members(subject: Subject) -> Iterator[str]:
    _, known = subject.edition.response_members(subject.kind)
    for payload in subject.payloads:
        undocumented = sorted(set(payload.item) - known)
        if undocumented:
            yield f"items have members that no source documents: {', '.join(undocumented[:10])}"


@observer("undocumented-members", _painted)
def _members(subject: Subject) -> Iterator[str]:
    known, _ = subject.edition.response_members(subject.kind)
    undocumented = sorted(set(subject.object) - known - {"error"})
    if undocumented:
        yield f"the body has members that no source documents: {', '.join(undocumented[:10])}"


@observer("no-revised-prompt", _painted)
def _no_revised_prompt(subject: Subject) -> Iterator[str]:
    for payload in subject.payloads if subject.exchange.model == "dall-e-3" else ():
        if "revised_prompt" not in payload.item:
            yield f"{payload.path} has no revised_prompt, which dall-e-3 is known to give"


@observer("error-in-stream")
def _error_in_stream(subject: Subject) -> Iterator[str]:
    if subject.answer.streams and subject.outcome.accepted:
        error = error_text(subject.answer)
        if error.said:
            yield f"a stream says an error beside its image: {error.words}"


@observer("null-error", _painted)
def _null_error(subject: Subject) -> Iterator[str]:
    if ("error", None) in subject.object.items():
        yield "a success has the member error, as null"


@observer("null-members", _painted)
def _null_members(subject: Subject) -> Iterator[str]:
    members = subject.object.items()
    names = sorted(name for name, value in members if value is None and name != "error")
    if names:
        yield f"a success has members that are null: {', '.join(names[:10])}"


@observer(ANOTHER_FAMILY, _painted_as_named)
def _another_family(subject: Subject) -> Iterator[str]:
    """An answer in the documented shape of another family may be painted by another model."""
    shape = _shape_of_another(subject)
    if shape is not None:
        yield f"{subject.exchange.model} answers like a {shape}"


def _shape_of_another(subject: Subject) -> str | None:
    """Name the family whose members an answer has, and the members."""
    body, family = subject.object, subject.sent.family
    echoed = sorted(name for name in _ECHOES if isinstance(body.get(name), str))
    if family == "gpt-image":
        urls = [payload.url for payload in subject.payloads if not payload.b64_json]
        bare = not echoed and not isinstance(body.get("usage"), dict)
        return "dall-e model: there are URLs, and no usage" if all(urls) and urls and bare else None
    if family is not None and len(echoed) >= 2:  # one alone may be a gateway's own
        return f"gpt-image model: the body has {', '.join(echoed)}"
    nothing = (None, "", subject.sent.value("prompt"))
    revised = [payload.item.get("revised_prompt") for payload in subject.payloads]
    if subject.exchange.model == "dall-e-2" and all(text not in nothing for text in revised):
        return "dall-e-3 model: the items have revised_prompt"
    return None


@observer("no-request-id")
def _no_request_id(subject: Subject) -> Iterator[str]:
    names = [name.lower().replace("-", "") for name, _ in subject.response.headers]
    if not any(name.endswith(("requestid", "traceid", "cfray")) for name in names):
        yield "the answer has no request id in its headers"


@observer("no-challenge")
def _no_challenge(subject: Subject) -> Iterator[str]:
    if subject.response.status == 401 and subject.response.header("www-authenticate") is None:
        yield "a 401 has no WWW-Authenticate header, which RFC 9110 asks for"


@observer("retry-after-success", _painted)
def _retry_after(subject: Subject) -> Iterator[str]:
    if subject.response.header("retry-after") is not None:
        yield f"a success says Retry-After: {subject.response.header('retry-after')}"


@observer("account-headers")
def _account(subject: Subject) -> Iterator[str]:
    revealing = {"openai-organization", "openai-project", "set-cookie"}
    names = sorted({name.lower() for name, _ in subject.response.headers} & revealing)
    if names:
        yield f"headers tell of the account or open a session: {', '.join(names)}"


@observer("software-headers")
def _software(subject: Subject) -> Iterator[str]:
    for name in ("server", "x-powered-by", "via"):
        value = subject.response.header(name)
        if value:
            yield f"the header {name} says: {value}"
