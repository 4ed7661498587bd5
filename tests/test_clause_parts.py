"""What clauses are made of: the registry, the judge, and the reading of URLs and headers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.clauses.bindings import generation
from conformance.clauses.judge import judge
from conformance.clauses.locators import (
    Locator,
    cached_for,
    expiry_of,
    host_of,
    is_internal,
    is_loopback,
    read_locator,
)
from conformance.clauses.observations import _OBSERVERS, observer
from conformance.clauses.registry import REGISTRY, Clause, Needs, chapters, cite, clause
from conformance.clauses.subject import (
    NotApplicableError,
    NotTestableError,
    Problem,
    Subject,
    UnavailableError,
)
from conformance.contract import Level, load_edition
from conformance.exchange.answer import Answer
from conformance.exchange.model import Failure, Provenance
from conformance.findings import Verdict
from tests.miniatures import ACCEPTED, answer, body, error, exchange, verdicts

if TYPE_CHECKING:
    from conformance.exchange.model import Exchange
    from conformance.findings import Finding

EDITION = load_edition()
CITED = cite("cometapi", "somewhere")


@pytest.fixture
def registered() -> Iterator[Clause]:
    """A clause registered for the time of one test."""

    def told(subject: Subject) -> Iterator[Problem]:
        """Says so.

        And more.
        """
        yield Problem("it is wrong", "right", "wrong")

    made = clause("count.of-a-test", Level.SHOULD, "It is so.", CITED, binds=generation)(told)
    assert made is told
    yield REGISTRY["count.of-a-test"]
    del REGISTRY["count.of-a-test"]


def test_clause_is_registered_with_all_that_is_said_of_it(registered: Clause) -> None:
    assert (registered.id, registered.level) == ("count.of-a-test", Level.SHOULD)
    assert (registered.statement, registered.citations) == ("It is so.", (CITED,))
    assert (registered.binds, registered.needs) == (generation, Needs.SUCCESS)
    assert registered.how == "Says so.\n\nAnd more."
    assert registered.judge.__doc__


def test_clause_without_a_docstring_has_nothing_to_say() -> None:
    def silent(subject: Subject) -> Iterator[Problem]:
        yield Problem("no")

    clause("x.silent", Level.MUST, "It is.", binds=generation, needs=Needs.ANSWER)(silent)
    found = REGISTRY.pop("x.silent")
    assert (found.how, found.needs, found.judge) == ("", Needs.ANSWER, silent)


def test_id_is_used_once(registered: Clause) -> None:
    with pytest.raises(ValueError, match=r"clause id 'count\.of-a-test' is used twice"):
        clause(registered.id, Level.MUST, "It is.", binds=generation)(registered.judge)


def test_chapter_is_what_stands_before_the_first_point(registered: Clause) -> None:
    odd = replace(registered, id="url.a.b")
    assert (registered.chapter, odd.chapter) == ("count", "url")
    assert chapters([odd, registered, odd]) == {"url": [odd, odd], "count": [registered]}


def test_observer_is_registered_under_its_id() -> None:
    def see(subject: Subject) -> Iterator[str]:
        yield "seen"

    assert observer("of-a-test")(see) is see
    assert _OBSERVERS.pop("of-a-test") is see


def made_of(told: Any, level: Level = Level.MUST, needs: Needs = Needs.ANSWER) -> Clause:
    """Make a clause of a function, without registering it."""
    return Clause("count.of-a-test", level, "It is so.", (), generation, needs, told, "")


def judged(told: Any, made: Exchange | None = None, **given: Any) -> Finding:
    """Judge an exchange by one function."""
    (found,) = judge(made or exchange(), EDITION, [made_of(told, **given)], ACCEPTED)
    return found


def test_finding_says_of_what_it_is_and_escapes_what_it_shows() -> None:
    found = judged(lambda _: iter([Problem("a\x1bm", "b\x1bn", "c\x1bo")]), level=Level.SHOULD)
    assert (found.clause, found.level, found.verdict) == (
        "count.of-a-test",
        "SHOULD",
        Verdict.DEVIATES,
    )
    assert (found.provider, found.model, found.case) == ("miniature", "dall-e-2", "miniature")
    assert found.control == "baseline"
    assert [text[0] + text[-1] for text in (found.message, found.expected, found.observed)] == [
        "am",
        "bn",
        "co",
    ]
    assert "\x1b" not in found.message + found.expected + found.observed


def test_first_problem_is_told_with_how_many_more_up_to_twenty() -> None:
    for many, message in ((1, "p0"), (2, "p0 (and 1 more)"), (90, "p0 (and 19 more)")):
        problems = [Problem(f"p{at}", f"e{at}", f"o{at}") for at in range(many)]
        found = judged(lambda _, problems=problems: iter(problems))
        assert (found.message, found.expected, found.observed) == (message, "e0", "o0")


def test_clause_that_fails_itself_is_our_own_fault() -> None:
    def broken(subject: Subject) -> Iterator[Problem]:
        raise KeyError("b64")

    found = judged(broken)
    assert found.verdict is Verdict.HARNESS_ERROR
    assert found.message == "the clause itself failed: KeyError: 'b64'"


def test_clause_that_finds_an_outage_is_unavailable() -> None:
    def outage(subject: Subject) -> Iterator[Problem]:
        raise UnavailableError("the image host: HTTP 503")

    found = judged(outage)
    assert (found.verdict, found.message) == (Verdict.UNAVAILABLE, "the image host: HTTP 503")


@pytest.mark.parametrize(
    "reason",
    [NotApplicableError(), NotTestableError("no more"), UnavailableError("HTTP 503")],
    ids=lambda reason: type(reason).__name__,
)
def test_what_a_clause_has_told_stands_whatever_it_raises_afterwards(reason: Exception) -> None:
    def told(subject: Subject) -> Iterator[Problem]:
        yield Problem("p0")
        yield Problem("p1")
        raise reason

    found = judged(told)
    assert (found.verdict, found.message) == (Verdict.FAIL, "p0 (and 1 more)")


def test_clause_that_fails_itself_after_a_problem_is_our_own_fault_all_the_same() -> None:
    def broken(subject: Subject) -> Iterator[Problem]:
        yield Problem("p0")
        raise KeyError("b64")

    assert judged(broken).verdict is Verdict.HARNESS_ERROR


def test_no_answer_or_half_of_one_is_unavailable() -> None:
    failed = exchange(failure=Failure("timeout", "none in 60 s"))
    half = replace(exchange(), failure=Failure("disconnect", "cut off"))
    for made in (failed, half, replace(exchange(), response=None)):
        assert judged(lambda _: iter(()), made).verdict is Verdict.UNAVAILABLE


def test_judge_reads_the_answer_that_it_is_given() -> None:
    given = Answer(exchange())
    seen: list[object] = []

    def see(subject: Subject) -> Iterator[Problem]:
        seen.append(subject.answer)
        yield from ()

    judge(exchange(), EDITION, [made_of(see)], answer=given)
    assert seen == [given]


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (error("no", param="n"), Verdict.PASS),
        (error("no", param="size"), Verdict.NOT_TESTABLE),
        (error("no"), Verdict.NOT_TESTABLE),
        (error("no", param=["body", "n"]), Verdict.PASS),
        ({"error": "n must be 1"}, Verdict.PASS),
        ({"error": "no"}, Verdict.NOT_TESTABLE),
    ],
    ids=["names-it", "names-another", "names-none", "names-a-path", "in-a-text", "text-alone"],
)
def test_foreign_refusal_is_its_own_control_when_it_names_the_fault(
    told: dict[str, Any], verdict: Verdict
) -> None:
    made = exchange(body(n=0), 400, told)
    foreign = replace(made, provenance=Provenance.FOREIGN)
    assert verdicts(foreign, None)["count.zero-refused"] is verdict
    assert verdicts(made, None)["count.zero-refused"] is Verdict.NOT_TESTABLE


def test_model_that_is_not_served_is_unavailable_only_when_it_is_the_one_under_test() -> None:
    gone = error("no such model", code="model_not_found")
    missing = exchange(body("dall-e-2"), 404, gone)
    assert verdicts(missing)["count.one-by-default"] is Verdict.UNAVAILABLE
    unnamed = exchange(body(None), 404, gone, model="dall-e-2")
    assert verdicts(unnamed)["defaults.model"] is Verdict.PASS
    refused = exchange({"user": "somebody"}, 404, gone, model="dall-e-2")
    assert verdicts(refused)["errors.json"] is Verdict.PASS


@pytest.mark.parametrize(
    ("text", "locator"),
    [
        ("https://A.example/x", Locator("https", "a.example", False)),
        ("HTTPS://a.example./x", Locator("https", "a.example", False)),
        ("https://u:p@a.example:8/x", Locator("https", "a.example", True)),
        ("https://a.example/x@y", Locator("https", "a.example", False)),
        ("https://[2606:4700::1]/x", Locator("https", "2606:4700::1", False)),
        ("/relative", Locator("", "", False)),
        ("data:image/png;base64,AA==", Locator("data", "", False)),
        ("https://a.example/b c", None),
        ("https://a.example:x/", None),
        ("http://[::1", None),
        ("https://a.example/%zz", None),
    ],
)
def test_url_is_taken_apart(text: str, locator: Locator | None) -> None:
    assert read_locator(text) == locator
    assert host_of(text) == (locator.host if locator else "")


@pytest.mark.parametrize(
    ("host", "internal", "loopback"),
    [
        ("localhost", True, True),
        ("a.localhost", True, True),
        ("notlocalhost.example", False, False),
        ("127.1", True, True),
        ("0x7f000001", True, True),
        ("2130706433", True, True),
        ("::1", True, True),
        ("::ffff:127.0.0.1", True, True),
        ("::ffff:1.1.1.1", False, False),
        ("10.0.0.1", True, False),
        ("169.254.169.254", True, False),
        ("224.0.0.1", True, False),
        ("ff0e::1", True, False),
        ("fd00::1", True, False),
        ("1.1.1.1", False, False),
        ("999.1.1.1", False, False),
        ("printer", True, False),
        ("db.internal", True, False),
        ("x.home.arpa", True, False),
        ("a.example", False, False),
    ],
)
def test_host_leads_inside(host: str, internal: bool, loopback: bool) -> None:
    assert (is_internal(host), is_loopback(host)) == (internal, loopback)


DAY = 1_790_000_000
WIDE = {digit: digit - ord("0") + 0xFF10 for digit in range(ord("0"), ord("9") + 1)}
AT = "20260921T141320Z"  # the same moment


@pytest.mark.parametrize(
    ("query", "expiry"),
    [
        ("se=2026-09-21T14:13:20Z", (DAY, "se")),
        ("se=2026-09-21T14:13:20", (DAY, "se")),
        ("se=2026-09-21T16:13:20%2B02:00", (DAY, "se")),
        (f"X-Amz-Date={AT}&X-Amz-Expires=60", (DAY + 60, "x-amz-expires")),
        (f"X-Goog-Date={AT}&X-Goog-Expires=60", (DAY + 60, "x-goog-expires")),
        (f"x-oss-date={AT}&x-oss-expires=60", (DAY + 60, "x-oss-expires")),
        (f"X-Amz-Date={AT}", None),
        ("X-Amz-Expires=60", None),
        (f"Expires={DAY}", (DAY, "expires")),
        (f"exp={DAY}", (DAY, "exp")),
        (f"expiry={DAY}", (DAY, "expiry")),
        ("exp=9999999999", (9_999_999_999, "exp")),
        ("exp=1000000000", (1_000_000_000, "exp")),
        ("exp=0999999999", None),
        ("exp=999999999", None),
        ("exp=10000000000", None),
        ("expiry=20271231", None),
        ("expires=3600", None),
        (f"exp={str(DAY).translate(WIDE)}", None),
        (f"expires=3600&expiry={DAY}", (DAY, "expiry")),
        ("exp=soon", None),
        ("exp=", None),
        ("se=tomorrow", None),
        (f"X-Amz-Date=yesterday&X-Amz-Expires=60&exp={DAY}", None),
        ("x=1", None),
        (f"sp=r&exp={DAY}", (DAY, "exp")),
    ],
)
def test_expiry_is_read_from_what_signed_urls_say(
    query: str, expiry: tuple[float, str] | None
) -> None:
    found = expiry_of(f"https://a.example/1.png?{query}")
    assert (found and (found.at, found.said_in)) == expiry


def test_expiry_is_read_as_utc_wherever_the_suite_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    for query, after in ((f"X-Amz-Date={AT}&X-Amz-Expires=60", 60), ("se=2026-09-21T14:13:20", 0)):
        found = expiry_of(f"https://a.example/1.png?{query}")
        assert found is not None
        assert found.at == DAY + after
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("cache_control", "expires", "said"),
    [
        ("max-age=60", None, "60 seconds (Cache-Control)"),
        ("public, max-age=007", "0", "7 seconds (Cache-Control)"),
        ("s-max-age=60", None, None),
        ("no-store", None, None),
        (None, None, None),
        (None, "", None),
        (None, "soon", None),
        ("no-cache", "Mon, 21 Sep 2026 14:13:20 GMT", "until 2026-09-21T14:13:20+00:00 (Expires)"),
    ],
)
def test_headers_say_how_long_an_image_may_be_kept(
    cache_control: str | None, expires: str | None, said: str | None
) -> None:
    assert cached_for(cache_control, expires) == said


def test_truth_of_an_edition_is_judged_without_a_control() -> None:
    made = exchange(body("gpt-image-1"), answer=answer(body("gpt-image-1")))
    assert verdicts(made, None)["count.one-by-default"] is Verdict.PASS
