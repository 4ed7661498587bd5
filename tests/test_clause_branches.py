"""Branches of clauses that few answers reach, of the chapters from models to url.

Each test stands for a change of a clause that nothing else noticed; see docs/mutation.md.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.cases.model import UNKNOWN_MODEL
from conformance.clauses import clauses_of, select
from conformance.clauses.judge import judge
from conformance.clauses.subject import NotTestableError, Subject
from conformance.contract import load_edition
from conformance.exchange.answer import MOST_IMAGES, Answer
from conformance.exchange.model import Download, Failure, Provenance
from conformance.exchange.outcome import Outcome, Result
from conformance.exchange.stream_events import events_of
from conformance.findings import Verdict
from tests.findings import finding
from tests.miniatures import (
    ACCEPTED,
    HTML,
    MODELS_LIST,
    SENT_AT,
    answer,
    body,
    changed,
    encoded,
    error,
    exchange,
    items,
    picture,
    red,
    served,
    verdicts,
)
from tests.streams import REQUEST as STREAM
from tests.streams import completed, event, partial, stream

if TYPE_CHECKING:
    from conformance.exchange.model import Exchange

EDITION = load_edition()
DALL_E = body("dall-e-2")
UNKNOWN = body("dall-e-2", conformance_unknown="lantern")


def raised(clause: str, made: Exchange) -> str:
    """Give the reason for which a clause by itself leaves an exchange undecided."""
    (found,) = select(clauses_of(EDITION), clause)
    with pytest.raises(NotTestableError) as caught:
        list(found.judge(Subject(made, EDITION, ACCEPTED)))
    return str(caught.value)


def listing(raw: bytes) -> Exchange:
    """A model list of these bytes."""
    return exchange(raw=raw, method="GET", url=MODELS_LIST, model="dall-e-3")


def test_model_list_of_broken_utf8_is_shown_as_far_as_it_can_be() -> None:
    assert finding("models.list-schema", listing(b"\xff no")).observed == "� no"


def test_model_list_that_is_null_breaks_the_schema_and_not_the_syntax() -> None:
    found = finding("models.list-schema", listing(b"null"))
    assert found.expected == "as documented"
    assert finding("models.list-schema", listing(b"nul")).expected == "JSON"


def test_models_listed_in_place_of_the_asked_are_told_up_to_eight() -> None:
    known = Outcome("models-list", Result.ACCEPTED, "HTTP 200", 200, frozenset(NINE))
    found = finding("models.listed", exchange(), known)
    assert found.observed == "m0, m1, m2, m3, m4, m5, m6, m7"


NINE = [f"m{at}" for at in range(9)]


@pytest.mark.parametrize(("status", "blamed"), [(401, True), (403, True), (409, False)])
def test_foreign_refusal_may_be_about_a_key_that_nobody_knows(status: int, blamed: bool) -> None:
    made = replace(exchange(status=status, answer=error("no")), provenance=Provenance.FOREIGN)
    expected = Verdict.NOT_TESTABLE if blamed else Verdict.FAIL
    assert verdicts(made)["parameters.valid-accepted"] is expected


def test_403_to_the_smallest_request_is_about_who_asks_and_to_another_about_what_is_asked() -> None:
    for more, expected in (({}, Verdict.UNAVAILABLE), ({"n": 2}, Verdict.FAIL)):
        own = exchange(body("dall-e-2", **more), 403, error("not in your country"))
        assert verdicts(own)["parameters.valid-accepted"] is expected


def test_answer_to_an_unknown_parameter_that_is_neither_accepted_nor_refused() -> None:
    found = finding("parameters.unknown", exchange(UNKNOWN, 302, raw=b""))
    assert found.message == "the request was neither accepted nor refused"
    assert (found.expected, found.observed) == ("2xx or 4xx", "HTTP 302")


@pytest.mark.parametrize("status", [401, 403])
def test_refusal_of_an_unknown_parameter_for_another_reason(status: int) -> None:
    made = exchange(UNKNOWN, status, error("not you"))
    assert raised("parameters.unknown", made) == (
        f"refused for another reason: HTTP {status}: not you"
    )


def test_refusal_names_its_parameter_within_2000_characters() -> None:
    name = "conformance_unknown"
    for before, seen in ((2000 - len("None ") - len(name), True), (1999, False)):
        made = exchange(UNKNOWN, 400, error("." * before + name))
        assert ("parameters.unknown" not in red(made)) is seen
    just_cut = exchange(UNKNOWN, 400, error("." * (2001 - len("None ") - len(name)) + name))
    assert "parameters.unknown" in red(just_cut)


def test_refusal_may_name_any_of_the_open_parameters() -> None:
    request = body("dall-e-2", first_unknown=1, second_unknown=2)
    found = finding("parameters.unknown", exchange(request, 400, error("no")))
    assert found.expected == "first_unknown or second_unknown"
    assert "parameters.unknown" not in red(exchange(request, 400, error("no second_unknown")))


def test_disputed_value_is_named_by_its_parameter_and_no_other() -> None:
    request = body("gpt-image-1", background="transparent", user="somebody")
    for said in ("user", "quality", "prompt"):
        made = exchange(request, 400, error(f"{said} is wrong"))
        assert finding("parameters.disputed-value", made).verdict is Verdict.DEVIATES
    named = exchange(request, 400, error("background is wrong"))
    assert verdicts(named)["parameters.disputed-value"] is Verdict.PASS


def test_refusal_of_a_rule_with_exactly_500_decides_nothing() -> None:
    made = exchange(body("dall-e-2", n=0), 500, error("boom"))
    assert verdicts(made)["count.zero-refused"] is Verdict.UNAVAILABLE
    unserved = exchange(
        body(UNKNOWN_MODEL), 503, error("No available channel", code="model_not_found")
    )
    assert finding("models.unknown-refused", unserved).message == "HTTP 503: No available channel"


def test_message_that_is_no_text_is_not_repeated() -> None:
    unspoken: tuple[object, ...] = (7, [], {}, "")
    for said in unspoken:
        made = exchange(DALL_E, 400, error(said))
        assert finding("parameters.valid-accepted", made).observed == "HTTP 400"
    made = exchange(DALL_E, 400, {"error": "no"})
    assert finding("parameters.valid-accepted", made).observed == "HTTP 400: no"


def test_success_is_asked_of_what_must_be_accepted_and_not_of_what_is_open() -> None:
    refused = exchange(body("dall-e-2", n=2), 400, error("no"))
    assert finding("count.as-asked", refused).message == "the request was not accepted: HTTP 400"
    for status, reason in ((302, Verdict.NOT_TESTABLE), (400, None)):
        unknown = {**UNKNOWN, "n": 2}
        made = exchange(unknown, status, error("no"))
        found = select(clauses_of(EDITION), "count.as-asked")
        judged = judge(made, EDITION, found, ACCEPTED)
        assert judged == [] or judged[0].verdict is reason


def test_events_seen_in_place_of_a_completed_one_are_told_up_to_eight() -> None:
    made = stream(*[event("other", name=f"e{at}") for at in range(9)])
    assert finding("stream.completed", made).observed == "e0, e1, e2, e3, e4, e5, e6, e7"


def unnamed(*events: tuple[str | None, str]) -> Exchange:
    """A stream whose events have no line with their name."""
    text = "".join(f"data: {data}\n\n" for _, data in events)
    made = stream()
    assert made.response is not None
    return replace(made, response=replace(made.response, body=text.encode()))


def test_event_without_a_line_is_called_by_the_type_in_its_data() -> None:
    found = finding("stream.event-name", unnamed(completed()))
    assert (found.expected, found.observed) == ("an event line", "'image_generation.completed'")
    assert verdicts(unnamed(partial(0), completed()))["stream.completed"] is Verdict.PASS


def test_event_of_neither_name_nor_type_is_told_as_unnamed() -> None:
    other = unnamed((None, '{"x": 1}'))
    assert finding("stream.completed", other).observed == "unnamed"
    last = unnamed(completed(), (None, '{"x": 1}'))
    assert finding("stream.completed-last", last).observed == "unnamed"
    broken = unnamed(completed(), (None, "{"))
    assert finding("stream.event-json", broken).observed == ""


def test_name_in_the_data_of_an_event_is_cut() -> None:
    made = stream(event("x" * 200, name="image_generation.completed"))
    assert finding("stream.event-name", made).observed == ("'" + "x" * 200)[:80]


def test_fields_are_read_of_the_events_after_an_unknown_one() -> None:
    made = stream(event("ping"), partial(0), completed(without="created_at"))
    assert finding("stream.event-fields", made).verdict is Verdict.FAIL


def test_partial_images_of_two_images_are_not_numbered_together() -> None:
    told = (partial(0), partial(0), partial(1), partial(1), completed(), completed())
    two = stream(*told, request={**STREAM, "n": 2})
    assert "stream.partial-index" not in red(two)
    one = stream(partial(0), partial(0), completed())
    for request in (STREAM, {**STREAM, "n": None}, {**STREAM, "n": 1}):
        made = replace(one, request=replace(one.request, body=json.dumps(request).encode()))
        assert "stream.partial-index" in red(made)


def test_image_of_an_event_is_told_with_its_fault_and_cut_echoes() -> None:
    cut = encoded(picture("png", (1024, 1536))[:-40])
    found = finding("stream.completed-image", stream(completed(b64_json=cut)))
    assert found.verdict is Verdict.FAIL
    assert "its image" in found.message
    assert found.observed == ""
    echoed = finding("stream.echo-as-asked", stream(completed(quality="x" * 200)))
    assert echoed.observed in ("x" * 80, "")


def test_events_beyond_the_last_image_that_is_read_are_left() -> None:
    small = encoded(picture("png", (8, 8)))
    with_image = '{"b64_json": "' + small + '"}'
    told = [("a", "{}"), *[("b", with_image)] * (MOST_IMAGES + 3)]
    read = events_of(Answer(stream(*told)))
    assert len(read) == 1 + MOST_IMAGES
    assert len(events_of(Answer(stream(*[("a", "{}")] * 200)))) == 200
    done = events_of(Answer(stream(("a", with_image), (None, "[DONE]"))))
    assert [(each.path, each.item["b64_json"] == small) for each in done] == [("event 1", True)]


def test_url_in_an_event_is_looked_up_in_its_exchange() -> None:
    found = Download(URL, response=served(picture()))
    made = replace(stream(completed(url=URL)), downloads=(found,))
    assert [each.download for each in events_of(Answer(made))] == [found]


def test_lone_surrogates_in_an_event_are_read() -> None:
    made = stream(("x", '{"type": "x", "a": "\\ud800"}'))
    assert verdicts(made)["stream.event-json"] in (Verdict.PASS, Verdict.FAIL)


URL = "https://images.provider.example/1.png"


def at(*urls: str, fetched: Any = None, **downloads: Any) -> Exchange:
    """An answer whose images lie there."""
    request = body("dall-e-2", n=len(urls)) if len(urls) > 1 else DALL_E
    told = items(request, *[{"url": each} for each in urls])
    return exchange(request, answer=told, fetched=fetched, downloads=downloads.get("downloads"))


@pytest.mark.parametrize(
    ("expires", "elapsed", "expired"),
    [
        (0, 1.5, False),
        (1, 1.5, False),
        (1_000_000_000, 1.5, True),
        (int(SENT_AT) - 1, 1.5, True),
        (int(SENT_AT) + 1, 1.5, True),
        (int(SENT_AT) + 2, 2.0, False),
        (int(SENT_AT) + 1, 2.0, True),
        (int(SENT_AT), None, False),
        (int(SENT_AT) - 1, None, True),
    ],
)
def test_url_has_expired_when_the_answer_came_after_its_expiry(
    expires: int, elapsed: float | None, expired: bool
) -> None:
    gone = served(b"<Error/>", "application/xml", 403)
    made = replace(at(f"{URL}?expires={expires}", fetched=gone), elapsed=elapsed)
    assert ("url.not-expired" in red(made)) is expired


def test_url_with_a_scheme_and_no_host_is_not_absolute() -> None:
    for url in ("http:///1.png", "https:///1.png"):
        assert "url.absolute" in red(at(url))


def test_data_url_is_shown_cut() -> None:
    url = f"data:image/png;base64,{'A' * 200}"
    assert finding("url.not-data-url", at(url)).observed == url[:60]


def test_every_image_is_compared_with_its_content_type() -> None:
    first, second = f"{URL}?a", f"{URL}?b"
    found = {first: served(b"what", "image/png"), second: served(picture(), "image/webp")}
    made = at(first, second, downloads=found)
    assert {"url.is-image", "url.content-type"} <= red(made)


def test_what_a_url_gives_in_place_of_an_image_is_told() -> None:
    found = finding("url.is-image", at(URL, fetched=served(HTML, "text/html")))
    assert found.observed == "text/html"
    bare = replace(served(picture()), headers=())
    assert finding("url.content-type", at(URL, fetched=bare)).observed == "no content type"


def test_outage_of_an_image_host_is_told() -> None:
    made = at(URL, fetched=served(b"", "text/plain", 503))
    assert finding("url.fetchable", made).message == "the image host: HTTP 503"
    slow = at(URL, fetched=Failure("timeout", "no bytes in 30 s"))
    assert finding("url.fetchable", slow).message == "the image host: no bytes in 30 s"
    gone = at(URL, fetched=Failure("tls", "the certificate is wrong"))
    assert finding("url.fetchable", gone).observed == "the certificate is wrong"


def test_images_of_a_provider_inside_may_lie_inside() -> None:
    made = at("http://10.0.0.2/1.png", fetched=picture())
    inside = replace(
        made, request=replace(made.request, url="http://10.0.0.1/v1/images/generations")
    )
    assert "url.public-host" not in red(inside)
    assert verdicts(inside)["url.fetchable"] is Verdict.PASS
    assert "url.public-host" in red(made)


@pytest.mark.parametrize("model", ["qwen-image", "dall-e-2"])
def test_answer_without_a_url_where_either_may_be_given(model: str) -> None:
    request = body(model)
    made = exchange(request, answer=items(request, {"b64_json": encoded(picture())}))
    found = verdicts(made)
    if model == "qwen-image":
        assert not {name for name in found if name.startswith("url.")}
    else:
        assert raised("url.https", made) == "no item carries a URL"


def test_answer_without_base64_where_either_may_be_given() -> None:
    found = verdicts(exchange(body("qwen-image")))
    assert not {name for name in found if name.startswith("base64.")}
    gpt = body("gpt-image-1")
    assert raised("base64.padding", exchange(gpt, answer=items(gpt, {"url": URL}))) == (
        "no item carries base64"
    )


def test_base64_of_something_else_is_told_by_what_is_wrong_with_it() -> None:
    gpt = body("gpt-image-1")
    found = finding("base64.is-image", exchange(gpt, answer=changed(gpt, b64_json="AAAA")))
    assert found.message.startswith("data[0].b64_json is")
    assert found.observed == repr(b"\0\0\0")


def test_prerequisites_are_told_in_words() -> None:
    made = exchange(DALL_E, answer=items(DALL_E, {"url": "x"}), downloads={})
    assert raised("image.complete", made) == "no image could be read"
    altered = replace(exchange(), altered=frozenset({"payloads"}))
    assert raised("image.complete", altered) == "the recorder altered the images"
    several = replace(exchange(), altered=frozenset({"payloads", "urls"}))
    assert raised("url.https", several) == "the recorder altered the payloads, urls"
    assert raised("envelope.created-near-request", exchange(sent_at=0.0)) == (
        "it is not known for certain when the request was sent"
    )
    for told, reason in (({}, "the body has no data"), ({"data": [1]}, "data holds no object")):
        assert raised("count.one-by-default", exchange(answer=told)) == reason
    assert raised("count.one-by-default", exchange(answer=answer(DALL_E), status=400)) == (
        "the request was not accepted: HTTP 400"
    )


def test_no_answer_at_all_is_told_as_such() -> None:
    silent = exchange(failure=Failure("timeout", "none"))
    with pytest.raises(NotTestableError, match=r"^no answer came$"):
        _ = Subject(silent, EDITION).response


def test_either_member_will_do_where_the_model_is_not_known() -> None:
    made = exchange(body("somebody-s-model"), answer=answer(DALL_E), model="somebody-s-model")
    assert Subject(made, EDITION).kind == "either"
    assert Subject(exchange(body("dall-e-2")), EDITION).kind == "url"


def test_numbers_of_partial_images_are_shown_cut() -> None:
    made = stream(partial(10**60), partial(10**61), completed())
    assert finding("stream.partial-index", made).observed == str([10**60, 10**61])[:80]
