"""Generated requests find what a lying provider does, and show the smallest that shows it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
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
from conformance.generated.search import PROFILES, explore, explore_refusals, explored, profile
from conformance.providers import load_provider
from conformance.reference.errors import Refusal, bad_request
from conformance.reference.server import ReferenceServer
from conformance.reference.steps import TRUTHFUL
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests.contract import changed_edition
from tests.extent import sample
from tests.live import session, watched
from tests.processes import run_pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

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
            client = Client(Target("reference", server.base_url, KEY, {}), transport)
            provider = load_provider("reference").at(server.base_url)
            yield Explorer(client, provider, EDITION, model, clauses_of(EDITION))


def one_image(asked: Any) -> Job:
    """Ignore `n`."""
    return replace(TRUTHFUL.resolve(asked), n=1)


def without_created(job: Job, images: Any, place: Any) -> dict[str, Any]:
    body = TRUTHFUL.answer(job, images, place)
    return {name: value for name, value in body.items() if name != "created"}


def test_every_lie_is_told_by_its_smallest_request() -> None:
    with exploring("dall-e-2", resolve=one_image, answer=without_created) as explorer:
        told = explore(drawn.honoured(EDITION, explorer.documented), explorer.accepts_valid, QUICK)
    by_id = {falsified.broken.id: falsified for falsified in told}
    assert by_id["envelope.created-present"].broken.request.keys() == {"model", "prompt"}
    ignored = by_id["count.as-asked"]
    assert ignored.broken.request == {"model": "dall-e-2", "prompt": "A bicycle", "n": 2}
    assert "curl -sS" in str(ignored)
    assert "Bearer $REFERENCE_KEY" in str(ignored)
    assert KEY not in str(ignored)


def validates_no_n(asked: Any, served: Any) -> Refusal | None:
    """Let every number of images pass, and every other mistake be refused."""
    refusal = TRUTHFUL.validate(asked, served)
    return None if refusal is not None and refusal.param == "n" else refusal


def test_accepted_n_above_the_limit_is_found() -> None:
    with exploring("dall-e-3", validate=validates_no_n, resolve=one_image) as explorer:
        bodies = drawn.too_many(EDITION, explorer.documented)
        (told,) = explore(bodies, explorer.refuses_invalid, QUICK)
    assert told.broken.id == "count.above-maximum-refused"
    assert told.broken.request["n"] == 2
    assert len(told.broken.curls) == 2  # its control as well


def refuses_all(asked: Any, served: Any) -> Refusal:
    return bad_request("no", "prompt", "invalid_value")


def test_provider_that_refuses_everything_does_not_pass() -> None:
    with exploring("dall-e-2", validate=refuses_all) as explorer:
        told = explore(drawn.refused(EDITION, explorer.documented), explorer.refuses_invalid, ANY)
    assert "parameters.valid-accepted" in {falsified.broken.id for falsified in told}


def always_urls(asked: Any) -> Job:
    """Answer with URLs when a user is named, whatever was asked."""
    job = TRUTHFUL.resolve(asked)
    return replace(job, payload="url") if asked.value("user") else job


@pytest.mark.long
def test_ignored_response_format_is_found() -> None:
    with exploring("dall-e-2", resolve=always_urls) as explorer:
        formats = drawn.formats(EDITION, explorer.documented)
        (told,) = explore(formats, explorer.follows_format, QUICK)
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
        leaks = explore(drawn.between(EDITION, explorer.documented), explorer.is_stateless, ANY)
    told = next(falsified for falsified in leaks if falsified.broken.id == STATELESS)
    assert "pixels" in told.broken.message
    assert not told.broken.request.get("size")


class LastOnly:
    """Ignores what it does not know, unless that comes last."""

    def __call__(self, asked: Any, served: Any) -> Refusal | None:
        refusal = TRUTHFUL.validate(asked, served)
        return refusal if not asked.unknown or list(asked.body)[-1] in asked.unknown else None


def test_unknown_parameter_treated_by_place_is_found() -> None:
    with exploring("dall-e-2", validate=LastOnly()) as explorer:
        placed = drawn.placed(EDITION, explorer.documented)
        one = settings(ANY, max_examples=1)
        (told,) = explore(placed, explorer.treats_unknown_alike, one)
    assert told.broken.id == ALIKE
    assert "alone: HTTP 400" in told.broken.message
    assert "first: HTTP 200" in told.broken.message


def fails(asked: Any) -> Job:
    if asked.value("n") not in (None, 1):
        raise RuntimeError("planted")
    return TRUTHFUL.resolve(asked)


def test_server_error_is_neither_passed_nor_failed() -> None:
    with exploring("dall-e-2", resolve=fails) as explorer:
        told = explore(drawn.honoured(EDITION, explorer.documented), explorer.accepts_valid, ANY)
    assert [falsified.broken.id for falsified in told] == [UNAVAILABLE]
    with pytest.raises(pytest.skip.Exception, match=r'(?s)HTTP 500.*"n":'):
        conclude(told)


@pytest.mark.parametrize("model", sample(EDITION.models, 3))
def test_placed_parameter_is_unknown_everywhere(model: str) -> None:
    @QUICK
    @given(drawn.placed(EDITION, EDITION.models[model]))
    def check(placed: Any) -> None:
        assert len(placed.texts) >= 2
        assert placed.name not in EDITION.parameters

    check()


NUMBERS = st.integers(0, 100)


def broken(id_: str, number: int) -> BrokenPromise:
    request = {"model": "m", "prompt": "p", "n": number}
    return BrokenPromise(id_, "MUST", "planted", request, ("curl",))


Check = Callable[[int], list[BrokenPromise]]


def over(*limits: int, sent: list[int] | None = None) -> Check:
    """A check with one promise for each limit that a number must not be above."""

    def check(number: int) -> list[BrokenPromise]:
        if sent is not None:
            sent.append(number)
        return [broken(str(limit), number) for limit in limits if number > limit]

    return check


def test_each_promise_has_a_smallest_example_of_its_own() -> None:
    told = {falsified.broken.id: falsified for falsified in explore(NUMBERS, over(5, 20), QUICK)}
    assert {id_: falsified.broken.request["n"] for id_, falsified in told.items()} == {
        "5": 6,
        "20": 21,
    }
    assert told["20"].others == ("5",)


def test_live_profile_is_bounded_and_does_not_shrink() -> None:
    sent: list[int] = []
    assert explore(NUMBERS, over(-1, sent=sent), PROFILES["live"])
    assert len(sent) <= 2 * PROFILES["live"].max_examples
    assert Phase.shrink not in PROFILES["live"].phases
    assert Phase.shrink in PROFILES["reference"].phases
    assert PROFILES["reference"].max_examples >= 2000


def test_refusals_are_shrunk_live_within_a_bound() -> None:
    sent: list[int] = []
    check = over(5, sent=sent)
    (told,) = explore_refusals(st.integers(0, 10**6), check, PROFILES["live"])
    assert told.broken.request["n"] == min(number for number in sent if number > 5) < max(sent)
    assert len(sent) == len(set(sent)) <= 5 * PROFILES["live"].max_examples


def test_promise_that_is_not_always_broken_is_told_as_flaky() -> None:
    once = iter([[broken("sometimes", 1)]])
    (told,) = explore(NUMBERS, lambda _: next(once, []), QUICK)
    assert told.flaky
    assert "not break it every time" in str(told)


def test_fault_of_ours_is_not_a_finding() -> None:
    with pytest.raises(ZeroDivisionError):
        explore(st.integers(0, 9), lambda number: [number // 0], QUICK)


def test_profile_is_chosen_by_cost_and_place(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, free, ci, chosen in [
        (None, True, "", "reference"),
        (None, True, "true", "ci"),
        (None, False, "true", "live"),
        ("reference", False, "", "reference"),
    ]:
        monkeypatch.setenv("CI", ci)
        assert profile(name, free) is PROFILES[chosen]


def of_mine(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "mine.toml").write_text(MINE.format(key=KEY))
    return run_pytest(folder, "-q", "--provider=./mine.toml", *arguments)


def test_falsified_property_shows_clause_request_and_curl(tmp_path: Path) -> None:
    arguments = ("--live", "--hypothesis-profile=live", "-k", "valid_request_is_honoured")
    with lying(answer=without_created) as server:
        done = of_mine(tmp_path, str(GENERATED), *arguments, f"--base-url={server.base_url}")
    assert "1 failed, 5 deselected" in done.stdout, done.stdout + done.stderr
    clause = "envelope.created-present\nMUST: "
    for part in (clause, 'smallest: {"model":"dall-e-2"', "curl -sS", "Bearer $API_KEY"):
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


def test_generated_requests_are_no_part_of_replay_nor_of_selected_cases(tmp_path: Path) -> None:
    done = of_mine(tmp_path, str(GENERATED), "--collect-only", "--record-mode=none")
    assert "generated requests are only sent with" in done.stdout + done.stderr
    assert "6 tests collected" not in done.stdout
    chosen = ("--collect-only", "--live", "--cases=baseline")
    done = of_mine(tmp_path, str(GENERATED.parent), *chosen)
    assert "test_promises.py" in done.stdout
    assert "test_generated.py" not in done.stdout + done.stderr


def test_generated_requests_go_where_they_are_free() -> None:
    chosen: list[tuple[str, dict[str, Any], bool, int]] = [
        ("reference", {}, False, 6),
        ("reference", {"models": "dall-e-?"}, False, 2),
        ("reference", {"live": False}, False, 0),
        ("reference", {"cases": "baseline"}, False, 0),
        ("reference", {"base_url": "https://api.example.com/v1"}, False, 0),
        ("reference", {"base_url": "http://127.0.0.1:1/v1"}, False, 6),
        ("litellm", {}, False, 0),
        ("litellm", {"models": "dall-e-3"}, True, 1),
    ]
    for name, more, paid, count in chosen:
        session = Session(Options(**{"providers": (name,), "live": True, **more}))
        assert len(explored(session, paid)) == count, (name, more)


def test_unknown_keyword_is_an_error_at_collection(tmp_path: Path) -> None:
    session = Session(Options(providers=("reference",), live=True, models="dall-e-2"))
    session.edition = changed_edition(
        tmp_path, "dall-e-2", lambda schema: schema["properties"]["n"].update(multipleOf=2)
    )
    with pytest.raises(UnknownKeywordError, match="multipleOf"):
        explored(session, False)


def test_error_of_the_suite_is_not_hidden_by_a_request_that_was_not_judged() -> None:
    unavailable = BrokenPromise(UNAVAILABLE, "", "HTTP 503", {}, ())

    def check(number: int) -> list[BrokenPromise]:
        if number > 5:
            raise KeyError(number)
        return [unavailable] if number < 3 else []

    with pytest.raises(BaseExceptionGroup) as caught:
        explore(st.integers(0, 9), check, settings(QUICK, report_multiple_bugs=True))
    assert caught.group_contains(KeyError)
