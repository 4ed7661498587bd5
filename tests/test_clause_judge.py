"""What clauses are made of: the registry, the judge, and the subject that they look at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from conformance.cases.documented import all_cases
from conformance.clauses import clauses_of, select
from conformance.clauses.bindings import generation
from conformance.clauses.judge import judge
from conformance.clauses.observations import _OBSERVERS, observe, observer
from conformance.clauses.registry import REGISTRY, Clause, Needs, Shape, cite, clause
from conformance.clauses.subject import (
    NotApplicableError,
    NotTestableError,
    Problem,
    Subject,
    UnavailableError,
)
from conformance.contract import Level, load_edition
from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange, Failure
from conformance.exchange.outcome import Result
from conformance.exchange.source import Live
from conformance.findings import ANOTHER_REASON, OF_WHO_ASKS, Finding, Verdict
from conformance.proof.in_process import BASE_URL, bench_client
from conformance.providers import Provider
from conformance.reference.defects import lying_steps
from conformance.runner.engine import Engine
from tests.miniatures import ACCEPTED, answer, body, error, exchange
from tests.miniatures import MODELS_LIST as LIST_URL
from tests.sentences import reviewed_sentences

EDITION = load_edition()
PLACE = cite("cometapi", "somewhere")


@pytest.fixture
def sample() -> Iterator[Clause]:
    """A clause registered for the time of one test."""

    def state(subject: Subject) -> Iterator[Problem]:
        """Says so.

        And more.
        """
        yield Problem("it is wrong", "right", "wrong")

    function = clause("count.of-a-test", Level.SHOULD, "It is so.", PLACE, binds=generation)(state)
    assert function is state
    yield REGISTRY["count.of-a-test"]
    del REGISTRY["count.of-a-test"]


def test_clause_is_registered_with_all_that_is_said_of_it(sample: Clause) -> None:
    assert (sample.id, sample.level) == ("count.of-a-test", Level.SHOULD)
    assert (sample.statement, sample.citations) == ("It is so.", (PLACE,))
    assert (sample.binds, sample.needs) == (generation, Needs.SUCCESS)
    assert sample.how == "Says so.\n\nAnd more."
    assert sample.judge.__doc__


def test_id_is_used_once_and_begins_with_its_chapter(sample: Clause) -> None:
    with pytest.raises(ValueError, match=r"clause id 'count\.of-a-test' is used twice"):
        clause(sample.id, Level.MUST, "It is.", binds=generation)(sample.judge)
    of_url = replace(sample, id="url.a.b")
    assert (sample.chapter, of_url.chapter) == ("count", "url")


def test_clause_without_a_docstring_has_nothing_to_say() -> None:
    def silent(subject: Subject) -> Iterator[Problem]:
        raise NotApplicableError
        yield Problem("")

    clause("x.silent", Level.MUST, "It is.", binds=generation, needs=Needs.ANSWER)(silent)
    entry = REGISTRY.pop("x.silent")
    assert (entry.how, entry.needs, entry.judge) == ("", Needs.ANSWER, silent)
    assert judge(exchange(), EDITION, [entry]) == [], "it finds nothing to speak of"


def test_row_of_a_shape_is_a_clause_about_one_thing() -> None:
    def say(subject: Subject, about: str) -> Iterator[Problem]:
        yield Problem(f"{subject.exchange.case}: {about}")

    row = Shape(say, Needs.REFUSAL)
    row("x.row", Level.MUST, "It is.", PLACE, binds=generation, about="it", how="  Says it.\n  So.")
    entry = REGISTRY.pop("x.row")
    assert (entry.needs, entry.citations, entry.how) == (Needs.REFUSAL, (PLACE,), "Says it.\nSo.")
    assert (entry.level, entry.statement, entry.binds) == (Level.MUST, "It is.", generation)
    assert list(entry.judge(Subject(exchange(case="a"), EDITION))) == [Problem("a: it")]


def test_observer_is_registered_under_its_id_and_every_one_has_a_case() -> None:
    assert set(_OBSERVERS) == {
        name for names in reviewed_sentences("observations").values() for name in names
    }

    def see(subject: Subject) -> Iterator[str]:
        yield "seen"

    assert observer("of-a-test")(see) is see
    binds, function = _OBSERVERS.pop("of-a-test")
    assert binds(Subject(exchange(status=500), EDITION))
    assert function is see


def test_observation_says_of_what_it_is_and_reads_the_answer_it_is_given() -> None:
    (note,) = (
        observation
        for observation in observe(exchange(), EDITION)
        if observation.id == "url-lifetime"
    )
    assert (note.provider, note.model, note.case) == ("miniature", "dall-e-2", "miniature")
    its_answer = Answer(exchange(answer=answer(body(), cost=1)))
    assert "undocumented-members" in {
        observation.id for observation in observe(exchange(), EDITION, its_answer)
    }


def judge_by(how: Any, of: Exchange | None = None, level: Level = Level.MUST) -> Finding:
    """Judge an exchange by one function, as a clause that is not registered."""
    only = Clause("count.of-a-test", level, "It is so.", (), generation, Needs.ANSWER, how, "")
    (finding,) = judge(of or exchange(), EDITION, [only], ACCEPTED)
    return finding


def test_finding_says_of_what_it_is_and_escapes_what_it_shows() -> None:
    finding = judge_by(lambda _: iter([Problem("a\x1bm", "b\x1bn", "c\x1bo")]), level=Level.SHOULD)
    assert (finding.clause, finding.level) == ("count.of-a-test", "SHOULD")
    assert finding.verdict is Verdict.DEVIATES
    assert (finding.provider, finding.model, finding.case) == ("miniature", "dall-e-2", "miniature")
    assert finding.control == "baseline"
    texts = (finding.message, finding.expected, finding.observed)
    assert texts == (r"a\x1bm", r"b\x1bn", r"c\x1bo")


def test_first_problem_is_told_with_how_many_more_up_to_twenty() -> None:
    for count, message in ((1, "p0"), (2, "p0 (and 1 more)"), (90, "p0 (and 19 more)")):
        problems = [Problem(f"p{at}", f"e{at}", f"o{at}") for at in range(count)]
        finding = judge_by(lambda _, problems=problems: iter(problems))
        assert (finding.message, finding.expected, finding.observed) == (message, "e0", "o0")


OWN_FAULT = (Verdict.HARNESS_ERROR, "the clause itself failed: KeyError: 'b64'")
OUTAGE = UnavailableError("the image host: HTTP 503")


@pytest.mark.parametrize(
    ("count", "reason", "verdict", "message"),
    [
        (0, OUTAGE, Verdict.UNAVAILABLE, "the image host: HTTP 503"),
        (0, UnavailableError(), Verdict.UNAVAILABLE, ""),
        (0, NotTestableError("no more"), Verdict.NOT_TESTABLE, "no more"),
        (0, NotTestableError(), Verdict.NOT_TESTABLE, ""),
        (2, OUTAGE, Verdict.FAIL, "p0 (and 1 more)"),
        (2, NotTestableError("no more"), Verdict.FAIL, "p0 (and 1 more)"),
        (2, NotApplicableError(), Verdict.FAIL, "p0 (and 1 more)"),
        (0, KeyError("b64"), *OWN_FAULT),
        (1, KeyError("b64"), *OWN_FAULT),
    ],
)
def test_problems_stand_whatever_a_clause_raises_but_for_a_fault_of_our_own(
    count: int, reason: Exception, verdict: Verdict, message: str
) -> None:
    def raising(subject: Subject) -> Iterator[Problem]:
        for at in range(count):
            yield Problem(f"p{at}")
        raise reason

    finding = judge_by(raising)
    assert (finding.verdict, finding.message) == (verdict, message)


def test_what_is_odd_in_a_body_that_a_recorder_wrote_anew_is_not_the_providers() -> None:
    rewritten = replace(exchange(), rewritten="100 bytes for 90")
    finding = judge_by(lambda _: iter([Problem("it is wrong", "right", "wrong")]), rewritten)
    members = (finding.verdict, finding.message, finding.expected, finding.observed)
    message = "the recorder altered the body: 100 bytes for 90"
    assert members == (Verdict.NOT_TESTABLE, message, "", "")
    assert judge_by(lambda _: iter(()), rewritten).verdict is Verdict.PASS


def test_no_answer_or_half_of_one_is_unavailable() -> None:
    timeout = exchange(failure=Failure("timeout", "none in 60 s"))
    half = replace(exchange(), failure=Failure("disconnect", "cut off"))
    for unanswered in (timeout, half, replace(exchange(), response=None)):
        assert judge_by(lambda _: iter(()), unanswered).verdict is Verdict.UNAVAILABLE


def test_judge_reads_the_answer_that_it_is_given_and_tells_of_none() -> None:
    its_answer, answers = Answer(exchange()), []

    def see(subject: Subject) -> Iterator[Problem]:
        answers.append(subject.answer)
        yield from ()

    only = Clause("x.y", Level.MUST, "It is.", (), generation, Needs.ANSWER, see, "")
    judge(exchange(), EDITION, [only], answer=its_answer)
    assert answers == [its_answer]
    silent = exchange(failure=Failure("timeout", "none"))
    with pytest.raises(NotTestableError, match=r"^no answer came$"):
        _ = Subject(silent, EDITION).response


def test_either_member_will_do_where_the_model_is_not_known() -> None:
    assert Subject(exchange(body("somebody-s-model")), EDITION).kind == "either"
    assert Subject(exchange(body("dall-e-2")), EDITION).kind == "url"


NAMED_REQUEST = body("gpt-image-1", response_format="b64_json")


@pytest.mark.parametrize(
    ("status", "code"), [(400, "moderation_blocked"), (401, None), (403, None)], ids=str
)
def test_refusal_of_an_open_request_for_another_reason_is_left_undecided(
    status: int, code: str | None
) -> None:
    refusal = exchange(NAMED_REQUEST, status, error("no", code=code))
    why = OF_WHO_ASKS if status == 403 else ANOTHER_REASON
    (of_format,) = select(clauses_of(EDITION), "format.gpt-image-response-format")
    with pytest.raises(NotTestableError, match=rf"^{why}: HTTP {status}: no"):
        list(of_format.judge(Subject(refusal, EDITION, ACCEPTED)))


def test_run_says_of_a_blamed_model_what_its_control_shows() -> None:
    models, loop = ["dall-e-3"], asyncio.new_event_loop()
    client = bench_client(
        EDITION, lying_steps(["errors.model-blamed"], edition=EDITION), models, loop
    )
    provider = Provider("blaming", "Blaming", BASE_URL, {"dall-e-3": "dall-e-3"})
    cases, source = all_cases(EDITION, models), Live(lambda: client)
    engine = Engine(provider, EDITION, clauses_of(EDITION), cases, source, date(2026, 9, 21))
    results = {case.id: engine.judged(case).outcome.result for case in cases}
    loop.close()
    assert results["size-outside-enum"] is results["n-0"] is Result.REFUSED
    assert results["model-unknown"] is Result.NOT_SERVED


def judge_list(status: int, *headers: tuple[str, str]) -> Iterator[Problem]:
    (list_clause,) = select(clauses_of(EDITION), "models.list-answered")
    page = exchange(status=status, raw=b"<h1>No</h1>", method="GET", headers=headers, url=LIST_URL)
    return list_clause.judge(Subject(replace(page, case="models-list"), EDITION))


def test_model_list_that_is_forbidden_is_about_who_asks() -> None:
    why = r"^this account is not let in: HTTP 403: No$"
    with pytest.raises(UnavailableError, match=why):
        list(judge_list(403))


def test_model_list_that_moved_is_said_to_be_elsewhere() -> None:
    (redirect,), (refusal,) = judge_list(308, ("location", "/v2/models")), judge_list(308)
    assert (redirect.message, refusal.message) == (
        "the model list is elsewhere",
        "there is no model list",
    )
    assert ("/v2/models" in redirect.observed, "/v2/models" in refusal.observed) == (True, False)
