"""Generated requests find what a lying provider does, and show the smallest that shows it."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import conformance
from conformance.cases.schema_keywords import UnknownKeywordError
from conformance.clauses import clauses_of
from conformance.contract import load_edition
from conformance.exchange.client import Client, Target
from conformance.exchange.transport.transport import AddressPolicy, Limits, Transport
from conformance.generated import inputs as drawn
from conformance.generated.failures import UNAVAILABLE, BrokenPromise, conclude
from conformance.generated.properties import ALIKE, STATELESS, Explorer
from conformance.generated.search import (
    PROFILES,
    explore,
    explore_refusals,
    explored,
    profile,
)
from conformance.providers import load_provider
from conformance.reference.errors import Refusal, bad_request
from conformance.reference.server import ReferenceServer
from conformance.reference.steps import TRUTHFUL
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests.contract import changed_edition
from tests.live import session, watched
from tests.processes import run_pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.reference.answers import Job

GENERATED = Path(conformance.__file__).with_name("suite").joinpath("test_generated.py")
EDITION = load_edition()
KEY = "sk-reference-that-must-not-be-shown"
QUICK = settings(PROFILES["ci"], max_examples=15)
ANY = settings(QUICK, phases=[Phase.generate])  # where the smallest example is not looked at
MINE = """
title = "A provider with one model"
base_url = "http://127.0.0.1:1/v1"
default_key = "{key}"
embedded = true
[models]
"dall-e-2" = "dall-e-2"
"""


@contextmanager
def lying(**changed: Any) -> Iterator[ReferenceServer]:
    """A reference provider in which steps are replaced."""
    with ReferenceServer(EDITION, key=KEY, steps=replace(TRUTHFUL, **changed)) as server:
        yield server


@contextmanager
def exploring(model: str, **changed: Any) -> Iterator[Explorer]:
    """Something that explores one model of a lying reference provider."""
    with lying(**changed) as server:
        policy = AddressPolicy.for_provider(server.base_url)
        with Transport(Limits(), policy) as transport:
            target = Target("reference", server.base_url, KEY, {})
            provider = load_provider("reference").at(server.base_url)
            client = Client(target, transport)
            yield Explorer(client, provider, EDITION, model, clauses_of(EDITION))


def one_image(asked: Any) -> Job:
    """Ignore `n`."""
    return replace(TRUTHFUL.resolve(asked), n=1)


def test_ignored_n_is_told_by_its_smallest_request() -> None:
    with exploring("dall-e-2", resolve=one_image) as explorer:
        found = explore(drawn.honoured(EDITION, explorer.documented), explorer.accepts_valid, QUICK)
    (told,) = [each for each in found if each.broken.id == "count.as-asked"]
    assert told.broken.request == {"model": "dall-e-2", "prompt": "A bicycle", "n": 2}
    assert "curl -sS" in str(told)
    assert "Bearer $REFERENCE_KEY" in str(told)
    assert KEY not in str(told)


def without_created(job: Job, images: Any, place: Any) -> dict[str, Any]:
    body = TRUTHFUL.answer(job, images, place)
    return {name: value for name, value in body.items() if name != "created"}


def test_lie_in_every_answer_does_not_hide_another() -> None:
    with exploring("dall-e-2", resolve=one_image, answer=without_created) as explorer:
        found = explore(drawn.honoured(EDITION, explorer.documented), explorer.accepts_valid, QUICK)
    requests = {each.broken.id: each.broken.request for each in found}
    assert requests["envelope.created-present"].keys() == {"model", "prompt"}
    assert requests["count.as-asked"]["n"] == 2


def validates_no_n(asked: Any, served: Any) -> Refusal | None:
    """Let every number of images pass, and every other mistake be refused."""
    refusal = TRUTHFUL.validate(asked, served)
    return None if refusal is not None and refusal.param == "n" else refusal


def test_accepted_n_above_the_limit_is_found() -> None:
    with exploring("dall-e-3", validate=validates_no_n, resolve=one_image) as explorer:
        found = explore(
            drawn.too_many(EDITION, explorer.documented), explorer.refuses_invalid, QUICK
        )
    (told,) = found
    assert told.broken.id == "count.above-maximum-refused"
    assert told.broken.request["n"] == 2
    assert len(told.broken.curls) == 2  # its control as well


def refuses_all(asked: Any, served: Any) -> Refusal:
    return bad_request("no", "prompt", "invalid_value")


def test_provider_that_refuses_everything_does_not_pass() -> None:
    with exploring("dall-e-2", validate=refuses_all) as explorer:
        found = explore(drawn.refused(EDITION, explorer.documented), explorer.refuses_invalid, ANY)
    assert "parameters.valid-accepted" in {each.broken.id for each in found}


def always_urls(asked: Any) -> Job:
    """Answer with URLs when a user is named, whatever was asked."""
    job = TRUTHFUL.resolve(asked)
    return replace(job, payload="url") if asked.value("user") else job


@pytest.mark.long
def test_ignored_response_format_is_found() -> None:
    with exploring("dall-e-2", resolve=always_urls) as explorer:
        found = explore(drawn.formats(EDITION, explorer.documented), explorer.follows_format, QUICK)
    (told,) = found
    assert told.broken.id == "format.b64-when-asked"
    assert told.broken.request.keys() == {"model", "prompt", "user", "response_format"}


class Sticky:
    """Keeps the size of one request for the next that names none."""

    def __init__(self) -> None:
        self.size: tuple[int, int] | None = None

    def __call__(self, asked: Any) -> Job:
        job = TRUTHFUL.resolve(asked)
        if asked.has("size"):
            self.size = job.width, job.height
        width, height = self.size or (job.width, job.height)
        return replace(job, width=width, height=height)


@pytest.mark.long
def test_state_that_leaks_is_found() -> None:
    with exploring("dall-e-2", resolve=Sticky()) as explorer:
        found = explore(drawn.between(EDITION, explorer.documented), explorer.is_stateless, ANY)
    told = next(each for each in found if each.broken.id == STATELESS)
    assert "pixels" in told.broken.message
    assert not told.broken.request.get("size")


class LastOnly:
    """Ignores what it does not know, unless that comes last."""

    def __call__(self, asked: Any, served: Any) -> Refusal | None:
        refusal = TRUTHFUL.validate(asked, served)
        return refusal if not asked.unknown or list(asked.body)[-1] in asked.unknown else None


def test_unknown_parameter_treated_by_place_is_found() -> None:
    with exploring("dall-e-2", validate=LastOnly()) as explorer:
        found = explore(
            drawn.placed(EDITION, explorer.documented), explorer.treats_unknown_alike, ANY
        )
    assert [each.broken.id for each in found] == [ALIKE]
    assert "alone: HTTP 400" in found[0].broken.message
    assert "first: HTTP 200" in found[0].broken.message


def fails(asked: Any) -> Job:
    if asked.value("n") not in (None, 1):
        raise RuntimeError("planted")
    return TRUTHFUL.resolve(asked)


def test_server_error_is_neither_passed_nor_failed() -> None:
    with exploring("dall-e-2", resolve=fails) as explorer:
        found = explore(drawn.honoured(EDITION, explorer.documented), explorer.accepts_valid, QUICK)
    assert [each.broken.id for each in found] == [UNAVAILABLE]
    with pytest.raises(pytest.skip.Exception, match=r'(?s)HTTP 500.*"n":2'):
        conclude(found)


@pytest.mark.parametrize("model", EDITION.models)
def test_placed_parameter_is_unknown_everywhere(model: str) -> None:
    @QUICK
    @given(drawn.placed(EDITION, EDITION.models[model]))
    def check(each: Any) -> None:
        assert len(each.texts) >= 2
        assert each.name not in EDITION.parameters

    check()


def broken(id_: str, number: int) -> BrokenPromise:
    return BrokenPromise(
        id_, "MUST", "planted", {"model": "m", "prompt": "p", "n": number}, ("curl",)
    )


def over(*limits: int) -> Callable[[int], list[BrokenPromise]]:
    """A check with one promise for each limit that a number must not be above."""
    return lambda number: [broken(str(each), number) for each in limits if number > each]


def test_each_promise_has_a_smallest_example_of_its_own() -> None:
    found = explore(st.integers(0, 100), over(5, 20), QUICK)
    assert {each.broken.id: each.broken.request["n"] for each in found} == {"5": 6, "20": 21}
    assert [each.others for each in found if each.broken.id == "20"] == [("5",)]


def test_live_profile_is_bounded_and_does_not_shrink() -> None:
    sent: list[int] = []

    def check(number: int) -> list[BrokenPromise]:
        sent.append(number)
        return over(-1)(number)

    assert explore(st.integers(0, 100), check, PROFILES["live"])
    assert Phase.shrink not in PROFILES["live"].phases
    assert len(sent) <= 2 * PROFILES["live"].max_examples


def test_refusals_are_shrunk_live_within_a_bound() -> None:
    sent: list[int] = []

    def check(number: int) -> list[BrokenPromise]:
        sent.append(number)
        return over(5)(number)

    (found,) = explore_refusals(st.integers(0, 10**6), check, PROFILES["live"])
    assert found.broken.request["n"] == min(each for each in sent if each > 5) < max(sent)
    assert len(sent) == len(set(sent)) <= 5 * PROFILES["live"].max_examples


def test_reference_profile_tries_thousands_and_shrinks() -> None:
    assert PROFILES["reference"].max_examples >= 2000
    assert Phase.shrink in PROFILES["reference"].phases


def test_promise_that_is_not_always_broken_is_told_as_flaky() -> None:
    seen: list[int] = []

    def check(number: int) -> list[BrokenPromise]:
        seen.append(number)
        return [broken("sometimes", number)] if len(seen) == 1 else []

    (found,) = explore(st.integers(0, 100), check, QUICK)
    assert found.flaky
    assert "not break it every time" in str(found)


def test_fault_of_ours_is_not_a_finding() -> None:
    with pytest.raises(ZeroDivisionError):
        explore(st.integers(0, 9), lambda number: [number // 0], QUICK)


@pytest.mark.parametrize(
    ("name", "free", "ci", "expected"),
    [
        (None, True, "", "reference"),
        (None, True, "true", "ci"),
        (None, False, "true", "live"),
        ("reference", False, "", "reference"),
    ],
)
def test_profile_is_chosen_by_cost_and_place(
    monkeypatch: pytest.MonkeyPatch, name: str | None, free: bool, ci: str, expected: str
) -> None:
    monkeypatch.setenv("CI", ci)
    assert profile(name, free) is PROFILES[expected]


def of_mine(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "mine.toml").write_text(MINE.format(key=KEY))
    return run_pytest(folder, "-q", "--provider=./mine.toml", *arguments)


def test_falsified_property_shows_clause_request_and_curl(tmp_path: Path) -> None:
    arguments = ("--live", "--hypothesis-profile=ci", "-k", "valid_request_is_honoured")
    with lying(resolve=one_image) as server:
        done = of_mine(tmp_path, str(GENERATED), *arguments, f"--base-url={server.base_url}")
    assert done.returncode == 1, done.stdout + done.stderr
    smallest = 'smallest: {"model":"dall-e-2","prompt":"A bicycle","n":2}'
    for part in ("count.as-asked\nMUST: ", smallest, "curl -sS", "Bearer $API_KEY"):
        assert part in done.stdout
    assert KEY not in done.stdout + done.stderr


def test_paid_exploring_stays_within_its_budget(tmp_path: Path) -> None:
    with watched() as (url, eye), session(tmp_path, url, budget=0.05) as paid:
        (engine,) = paid.engines
        clauses = clauses_of(EDITION)
        explorer = Explorer(engine.source, engine.provider, EDITION, "dall-e-2", clauses)
        bodies = drawn.honoured(EDITION, explorer.documented, (1,))
        with pytest.raises(pytest.skip.Exception, match=r"not run: .*budget"):
            explore(bodies, explorer.accepts_valid, PROFILES["live"])
    assert eye.asked.count(("POST", "/v1/images/generations")) == 2  # at 0.02 an image


@pytest.mark.parametrize(("mode", "collected"), [("--live", True), ("--record-mode=none", False)])
def test_generated_requests_are_collected_live(tmp_path: Path, mode: str, collected: bool) -> None:
    done = of_mine(tmp_path, str(GENERATED), "--collect-only", mode)
    assert ("6 tests collected" in done.stdout) is collected, done.stdout + done.stderr
    assert ("generated requests are only sent with" in done.stdout + done.stderr) is not collected


@pytest.mark.parametrize(
    ("name", "chosen", "paid", "count"),
    [
        ("reference", {}, False, 6),
        ("reference", {"models": "dall-e-?"}, False, 2),
        ("reference", {"live": False}, False, 0),
        ("reference", {"cases": "baseline"}, False, 0),
        ("reference", {"base_url": "https://api.example.com/v1"}, False, 0),
        ("reference", {"base_url": "http://127.0.0.1:1/v1"}, False, 6),
        ("litellm", {}, False, 0),
        ("litellm", {"models": "dall-e-3"}, True, 1),
    ],
)
def test_generated_requests_go_where_they_are_free(
    name: str, chosen: dict[str, Any], paid: bool, count: int
) -> None:
    session = Session(Options(**{"providers": (name,), "live": True, **chosen}))
    assert len(explored(session, paid)) == count


def test_unknown_keyword_is_an_error_at_collection(tmp_path: Path) -> None:
    session = Session(Options(providers=("reference",), live=True, models="dall-e-2"))
    session.edition = changed_edition(
        tmp_path, "dall-e-2", lambda each: each["properties"]["n"].update(multipleOf=2)
    )
    with pytest.raises(UnknownKeywordError, match="multipleOf"):
        explored(session, False)


def test_selected_cases_leave_generated_requests_out(tmp_path: Path) -> None:
    done = of_mine(tmp_path, str(GENERATED.parent), "--collect-only", "--live", "--cases=baseline")
    assert "test_promises.py" in done.stdout
    assert "test_generated.py" not in done.stdout + done.stderr


def test_error_of_the_suite_is_not_hidden_by_a_request_that_was_not_judged() -> None:
    unavailable = BrokenPromise(UNAVAILABLE, "", "HTTP 503", {}, ())

    def check(number: int) -> list[BrokenPromise]:
        if number > 5:
            raise KeyError(number)
        return [unavailable] if number < 3 else []

    with pytest.raises(BaseExceptionGroup) as caught:
        explore(st.integers(0, 9), check, settings(QUICK, report_multiple_bugs=True))
    assert caught.group_contains(KeyError)
