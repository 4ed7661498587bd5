"""URLs: what they look like, where they lead, and what is found there without the key."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.clauses.bindings import SUCCESS, all_of, answered_with
from conformance.clauses.locators import Locator, expiry_of, host_of, is_internal, read_locator
from conformance.clauses.registry import cite, clause
from conformance.clauses.subject import (
    NotApplicableError,
    NotTestableError,
    Problem,
    Subject,
    UnavailableError,
)
from conformance.contract import Level
from conformance.exchange.answer import Payload
from conformance.exchange.model import Download, Response
from conformance.exchange.outcome import undecided
from conformance.exchange.transport.special_addresses import is_loopback
from conformance.parsing.images.facts import ImageFacts
from conformance.parsing.images.media_types import media_type, sniff, type_of_media_type

MAY_CARRY_URL = all_of(SUCCESS, answered_with("url", "either"))
_OUTAGES = frozenset({"timeout", "connect", "disconnect"})


def _urls(subject: Subject) -> list[tuple[Payload, str]]:
    """Return every URL; where base64 would do as well, none leaves nothing to judge."""
    subject.require_unaltered("payloads", "urls")
    pairs = [(payload, payload.url) for payload in subject.payloads]
    urls = [(payload, url) for payload, url in pairs if url is not None]
    if not urls and subject.kind == "either":
        raise NotApplicableError
    if not urls:
        raise NotTestableError("no item carries a URL")
    return urls


def _locators(subject: Subject, *schemes: str) -> list[tuple[Payload, Locator]]:
    """Return every URL that could be read, of these schemes if any are given."""
    read = [(payload, read_locator(text)) for payload, text in _urls(subject)]
    locators = [
        (payload, locator)
        for payload, locator in read
        if locator is not None and (not schemes or (locator.scheme in schemes and locator.host))
    ]
    if not locators:
        raise NotTestableError("no URL is of a form that can be judged")
    return locators


@clause(
    "url.well-formed",
    Level.MUST,
    "An image URL is a URL: it has only the characters that one may have.",
    cite("openai", "Image.url"),
    cite("rfc3986", "2"),
    binds=MAY_CARRY_URL,
)
def well_formed(subject: Subject) -> Iterator[Problem]:
    """Fails on blanks, backslashes, control characters, text that is not ASCII, a stray `%`,
    and on brackets or ports that cannot be read.
    """
    for payload, text in _urls(subject):
        if read_locator(text) is None:
            yield Problem(f"{payload.path}.url is not well-formed", "a URL by RFC 3986", text)


@clause(
    "url.absolute",
    Level.MUST,
    "An image URL is absolute.",
    cite("openai", "Image.url"),
    cite("cometapi", "200: example"),
    cite("rfc3986", "4.3"),
    binds=MAY_CARRY_URL,
)
def absolute(subject: Subject) -> Iterator[Problem]:
    """It has a scheme, and a host when that is http or https."""
    for payload, locator in _locators(subject):
        hosted = locator.scheme not in ("http", "https") or locator.host
        if not locator.scheme or not hosted:
            yield Problem(f"{payload.path}.url is not absolute", "https://…", locator.text)


@clause(
    "url.not-data-url",
    Level.MUST,
    "An image URL leads to a download, and does not hold the image itself.",
    cite("cometapi", "A safe first request"),
    cite("openai", "CreateImageRequest.response_format"),
    binds=MAY_CARRY_URL,
)
def not_data_url(subject: Subject) -> Iterator[Problem]:
    """Fails on `data:` URLs, which are base64 under another name."""
    for payload, locator in _locators(subject):
        if locator.scheme == "data":
            yield Problem(f"{payload.path}.url is a data URL", "https://…", locator.text[:60])


@clause(
    "url.https",
    Level.SHOULD,
    "An image URL is https; http is for this machine alone.",
    cite("cometapi", "200: example"),
    cite("rfc9110", "4.2.2"),
    binds=MAY_CARRY_URL,
)
def https(subject: Subject) -> Iterator[Problem]:
    """Fails on http unless the host is loopback, and on any other scheme but `data:`, which has
    a clause of its own.
    """
    for payload, locator in _locators(subject):
        local = locator.scheme == "http" and is_loopback(locator.host)
        if locator.scheme not in ("", "data", "https") and not local:
            yield Problem(f"{payload.path}.url is {locator.scheme}", "https", locator.text)


@clause(
    "url.no-credentials",
    Level.SHOULD,
    "An image URL has no user name and no password in it.",
    cite("rfc9110", "4.2.4"),
    cite("rfc3986", "3.2.1"),
    binds=MAY_CARRY_URL,
)
def no_credentials(subject: Subject) -> Iterator[Problem]:
    """Fails on an `@` in the authority; signatures in the query are fine."""
    for payload, locator in _locators(subject):
        if locator.credentials:
            yield Problem(f"{payload.path}.url has credentials", "none", f"for {locator.host}")


@clause(
    "url.public-host",
    Level.MUST,
    "An image URL of a public provider leads to a host that its clients can reach.",
    cite("cometapi", "A safe first request"),
    cite("openai", "CreateImageRequest.response_format"),
    binds=MAY_CARRY_URL,
)
def public_host(subject: Subject) -> Iterator[Problem]:
    """Fails on private, loopback and other special addresses in any notation, on names such
    as `localhost`, `minio` or `cdn.internal`, and on public names that resolve to such an
    address. Where the provider itself is inside a network, its images may be too.
    """
    inside = is_internal(host_of(subject.exchange.request.url))
    for payload, locator in _locators(subject, "http", "https"):
        if not inside and _leads_inside(payload, locator):
            yield Problem(f"{payload.path}.url leads inside", "a public host", locator.host)


def _leads_inside(payload: Payload, locator: Locator) -> bool:
    failure = payload.download.failure if payload.download else None
    blocked = failure is not None and failure.kind == "blocked-address"
    return blocked or is_internal(locator.host)


@clause(
    "url.not-expired",
    Level.MUST,
    "An image URL is still valid when it arrives.",
    cite("openai", "CreateImageRequest.response_format"),
    cite("cometapi", "A safe first request"),
    cite("alibaba", "output.results"),
    binds=MAY_CARRY_URL,
)
def not_expired(subject: Subject) -> Iterator[Problem]:
    """Reads the expiry that signed URLs state, where they state one, and compares it with the
    time of the answer. A URL that still gives an image is valid, whatever it states. How long
    it lives is an observation: the sources say 60 minutes, 24 hours, and "temporary".
    """
    _ = subject.sent_at  # raises where it is not known
    for payload, text in _urls(subject):
        if _expired(subject, payload, text):
            yield Problem(f"{payload.path}.url has expired", "a later expiry", text)


def _expired(subject: Subject, payload: Payload, text: str) -> bool:
    expiry, sent_at = expiry_of(text), subject.exchange.sent_at
    file = payload.download.response if payload.download else None
    if expiry is None or (file and file.status == 200 and sniff(file.body)):
        return False
    return expiry.at < sent_at + (subject.exchange.elapsed or 0)


def _downloads(subject: Subject) -> list[tuple[Payload, Download]]:
    """Return what was found at the URLs that nothing else speaks against."""
    # A URL that another clause finds fault with is not blamed again for what it gives.
    inside = is_internal(host_of(subject.exchange.request.url))
    downloads = [
        (payload, payload.download)
        for payload, locator in _locators(subject, "http", "https")
        if payload.download is not None
        and not payload.download.is_recorded_failure
        and not locator.credentials
        and not _expired(subject, payload, locator.text)
        and (inside or not _leads_inside(payload, locator))
    ]
    if not downloads:
        subject.require_recorded_downloads()
        raise NotTestableError("no URL was fetched")
    return downloads


@clause(
    "url.fetchable",
    Level.MUST,
    "An image URL can be fetched without the API key.",
    cite("cometapi", "A safe first request"),
    cite("openai", "CreateImageRequest.response_format"),
    binds=MAY_CARRY_URL,
)
def fetchable(subject: Subject) -> Iterator[Problem]:
    """A GET without any key gives 200, after redirects. Outages of the image host, 408, 429 and 5xx
    say nothing about the promise.
    """
    problems, outages = [], []
    for payload, download in _downloads(subject):
        failure, response = download.failure, download.response
        status = response.status if response else None
        reason = failure.message if failure else f"HTTP {status}"
        if (failure and failure.kind in _OUTAGES) or (status and undecided(status)):
            tries = f", {len(download.retried) + 1} times" if download.retried else ""
            outages.append(reason + tries)
        elif status != 200:
            problems.append(Problem(f"{payload.path}.url cannot be fetched", "HTTP 200", reason))
    if outages and not problems:
        raise UnavailableError(f"the image host: {outages[0]}")
    yield from problems


def _fetched_responses(subject: Subject) -> list[tuple[Payload, Response]]:
    """Return the image responses with status 200."""
    responses = [
        (payload, download.response)
        for payload, download in _downloads(subject)
        if download.response is not None and download.response.status == 200
    ]
    if not responses:
        raise NotTestableError("no URL could be fetched")
    return responses


@clause(
    "url.not-empty",
    Level.MUST,
    "What an image URL gives is not empty.",
    cite("cometapi", "A safe first request"),
    binds=MAY_CARRY_URL,
)
def not_empty(subject: Subject) -> Iterator[Problem]:
    """Fails on a 200 without a single byte."""
    for payload, response in _fetched_responses(subject):
        if not response.body:
            yield Problem(f"{payload.path}.url gives nothing", "an image", "0 bytes")


@clause(
    "url.is-image",
    Level.MUST,
    "What an image URL gives is an image.",
    cite("cometapi", "A safe first request"),
    cite("openai", "Image.url"),
    binds=MAY_CARRY_URL,
)
def is_image(subject: Subject) -> Iterator[Problem]:
    """Looks at the first bytes: they are those of an image of any known type. Whether it is
    whole is another clause, and so is what the host says that it is.
    """
    for payload, response, facts in _fetched_images(subject):
        if facts.type is None:
            declared = _declared_type(response)
            yield Problem(f"what {payload.path}.url gives {facts.fault}", "an image", declared)


def _fetched_images(subject: Subject) -> list[tuple[Payload, Response, ImageFacts]]:
    """Return the image responses that have a body, where base64 does not stand beside the URL."""
    images = [
        (payload, response, payload.image)
        for payload, response in _fetched_responses(subject)
        if payload.image is not None and payload.base64 is None
    ]
    if not images:
        raise NotTestableError("nothing was fetched")
    return images


def _declared_type(response: Response) -> str:
    return response.header("content-type") or "no content type"


@clause(
    "url.content-type",
    Level.SHOULD,
    "The host of an image says of it what it is.",
    cite("rfc9110", "8.3"),
    binds=MAY_CARRY_URL,
)
def content_type(subject: Subject) -> Iterator[Problem]:
    """The Content-Type of the download names the type that the bytes have; an absent header
    and `application/octet-stream` name none.
    """
    for payload, response, facts in _fetched_images(subject):
        declared = _declared_type(response)
        if facts.type is not None and type_of_media_type(response.media_type) != facts.type:
            yield Problem(
                f"{payload.path}.url is served as {declared}", media_type(facts.type), declared
            )
