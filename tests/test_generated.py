"""Generated requests find what a lying provider does, and show the smallest that shows it.

What was drawn and recorded replays for ever: as data, whatever the strategies say by then.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import conformance
from conformance.cases.schema_keywords import UnknownKeywordError
from conformance.clauses import clauses_of
from conformance.contract import load_edition
from conformance.exchange.source import Client, Target
from conformance.exchange.transport.addresses import AddressPolicy
from conformance.exchange.transport.limits import Limits
from conformance.exchange.transport.transport import Transport
from conformance.generated import strategies as drawn
from conformance.generated.properties import (
    ALIKE,
    STATELESS,
    UNAVAILABLE,
    BrokenPromise,
    Explorer,
    Falsified,
    conclude,
)
from conformance.generated.search import PROFILES, explore, explore_refusals, explored, profile
from conformance.providers import load_provider
from conformance.reference.errors import Refusal, bad_request
from conformance.reference.server import ReferenceServer
from conformance.reference.steps import TRUTHFUL
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests.contract import changed_edition
from tests.extent import sample
from tests.live import deviation_toml, embedded_toml, error, images, serve_counting, session
from tests.processes import DRAWING, run_pytest

if TYPE_CHECKING:
    from conformance.reference.answers import Job

SUITE = Path(conformance.__file__).with_name("suite")
EDITION = load_edition()
KEY = "sk-reference-that-must-not-be-shown"
GENERATED = str(SUITE / "test_generated.py")
QUICK = settings(PROFILES["ci"], max_examples=8)
ANY = settings(QUICK, phases=[Phase.generate])  # where the smallest example is not looked at


def lying_server(**steps: Any) -> ReferenceServer:
    """A reference provider in which steps are replaced."""
    return ReferenceServer(EDITION, key=KEY, steps=replace(TRUTHFUL, **steps))


def find(
    model: str, drawn_of: Any, check: Callable[..., Any], limits: settings, **lies: Any
) -> list[Falsified]:
    """Explore one model of a lying reference provider; return what is falsified."""
    with lying_server(**lies) as server:
        policy = AddressPolicy.for_provider(server.base_url)
        with Transport(Limits(), policy) as transport:
            client = Client(Target("reference", server.base_url, KEY, {}), transport)
            provider = load_provider("reference").at(server.base_url)
            explorer = Explorer(client, provider, EDITION, model, clauses_of(EDITION))
            examples = drawn_of(EDITION, explorer.documented)
            return explore(examples, partial(check, explorer), limits)


def one_image(request: Any) -> Job:
    """Ignore `n`."""
    return replace(TRUTHFUL.resolve(request), n=1)


def without_created(job: Job, images: Any, place: Any) -> dict[str, Any]:
    body = TRUTHFUL.answer(job, images, place)
    return {name: value for name, value in body.items() if name != "created"}


def test_every_lie_is_told_by_its_smallest_request() -> None:
    lies = {"resolve": one_image, "answer": without_created}
    falsified = find("dall-e-2", drawn.honoured, Explorer.accepts_valid, QUICK, **lies)
    by_id = {item.broken.id: item for item in falsified}
    assert by_id["envelope.created-present"].broken.request.keys() == {"model", "prompt"}
    count = by_id["count.as-asked"]
    assert count.others == ("envelope.created-present",)
    assert count.broken.request == {"model": "dall-e-2", "prompt": "A bicycle", "n": 2}
    assert "curl -sS" in str(count)
    assert "Bearer $REFERENCE_KEY" in str(count)
    assert KEY not in str(count)


def validates_no_n(request: Any, served: Any) -> Refusal | None:
    """Let every number of images pass, and every other mistake be refused."""
    refusal = TRUTHFUL.validate(request, served)
    return None if refusal is not None and refusal.param == "n" else refusal


def test_accepted_n_above_the_limit_is_found() -> None:
    lies = {"validate": validates_no_n, "resolve": one_image}
    (one,) = find("dall-e-3", drawn.too_many, Explorer.refuses_invalid, QUICK, **lies)
    assert one.broken.id == "count.above-maximum-refused"
    assert one.broken.request["n"] == 2
    assert len(one.broken.curls) == 2  # its control as well


def refuses_all(request: Any, served: Any) -> Refusal:
    return bad_request("no", "prompt", "invalid_value")


def test_provider_that_refuses_everything_does_not_pass() -> None:
    falsified = find("dall-e-2", drawn.refused, Explorer.refuses_invalid, ANY, validate=refuses_all)
    assert "parameters.valid-accepted" in {item.broken.id for item in falsified}


def always_urls(request: Any) -> Job:
    """Answer with URLs when a user is named, whatever was asked."""
    job = TRUTHFUL.resolve(request)
    return replace(job, payload="url") if request.value("user") else job


@pytest.mark.long
def test_ignored_response_format_is_found() -> None:
    (one,) = find("dall-e-2", drawn.formats, Explorer.follows_format, QUICK, resolve=always_urls)
    assert one.broken.id == "format.b64-when-asked"
    assert one.broken.request.keys() == {"model", "prompt", "user", "response_format"}


class Sticky:
    """Keeps the size of one request for the next that names none."""

    def __init__(self) -> None:
        self.size: tuple[int, int] | None = None

    def __call__(self, request: Any) -> Job:
        job = TRUTHFUL.resolve(request)
        if request.has("size"):
            self.size = job.width, job.height
        width, height = self.size or (job.width, job.height)
        return replace(job, width=width, height=height)


@pytest.mark.long
def test_state_that_leaks_is_found() -> None:
    # one request in thirty names no size after another that named one
    limits = settings(ANY, max_examples=200)
    falsified = find("dall-e-2", drawn.between, Explorer.is_stateless, limits, resolve=Sticky())
    leak = next(item for item in falsified if item.broken.id == STATELESS)
    assert "pixels" in leak.broken.message
    assert not leak.broken.request.get("size")


def known_unless_last(request: Any, served: Any) -> Refusal | None:
    """Ignore what is not known, unless it comes last."""
    refusal = TRUTHFUL.validate(request, served)
    return refusal if not request.unknown or list(request.body)[-1] in request.unknown else None


def test_unknown_parameter_treated_by_place_is_found() -> None:
    limits = settings(ANY, max_examples=1)
    lie = {"validate": known_unless_last}
    (one,) = find("dall-e-2", drawn.placed, Explorer.treats_unknown_alike, limits, **lie)
    assert one.broken.id == ALIKE
    assert "alone: HTTP 400" in one.broken.message
    assert "first: HTTP 200" in one.broken.message


def fails(request: Any) -> Job:
    if request.value("n") not in (None, 1):
        raise RuntimeError("planted")
    return TRUTHFUL.resolve(request)


def test_server_error_is_neither_passed_nor_failed() -> None:
    falsified = find("dall-e-2", drawn.honoured, Explorer.accepts_valid, ANY, resolve=fails)
    assert [item.broken.id for item in falsified] == [UNAVAILABLE]
    with pytest.raises(pytest.skip.Exception, match=r'(?s)HTTP 500.*"n":'):
        conclude(falsified)


@pytest.mark.parametrize("model", sample(EDITION.models, 3))
def test_placed_parameter_is_unknown_everywhere_and_what_is_refused_asks_for_one_image(
    model: str,
) -> None:
    known = EDITION.models[model]

    @settings(QUICK, max_examples=40)
    @given(drawn.placed(EDITION, known), drawn.refused(EDITION, known))
    def check(placed: Any, refused: Any) -> None:
        assert len(placed.texts) >= 2
        assert placed.name not in EDITION.parameters
        assert refused.control.get("n") in (None, 1)
        assert refused.parameter == "n" or refused.body.get("n") in (None, 1)

    check()


NUMBERS = st.integers(0, 100)


def broken_promise(id_: str, number: int) -> BrokenPromise:
    request = {"model": "m", "prompt": "p", "n": number}
    return BrokenPromise(id_, "MUST", "planted", request, ("curl",))


Check = Callable[[int], list[BrokenPromise]]


def over(*limits: int, numbers: list[int] | None = None) -> Check:
    """A check with one promise for each limit that a number must not be above."""

    def check(number: int) -> list[BrokenPromise]:
        if numbers is not None:
            numbers.append(number)
        return [broken_promise(str(limit), number) for limit in limits if number > limit]

    return check


def test_live_profile_is_bounded_and_does_not_shrink() -> None:
    numbers: list[int] = []
    assert explore(NUMBERS, over(-1, numbers=numbers), PROFILES["live"])
    assert len(numbers) <= 2 * PROFILES["live"].max_examples
    assert Phase.shrink not in PROFILES["live"].phases
    assert Phase.shrink in PROFILES["reference"].phases
    assert PROFILES["reference"].max_examples >= 2000


def test_refusals_are_shrunk_live_within_a_bound() -> None:
    numbers: list[int] = []
    check = over(5, numbers=numbers)
    (lie,) = explore_refusals(st.integers(0, 10**6), check, PROFILES["live"])
    assert lie.broken.request["n"] == min(number for number in numbers if number > 5) < max(numbers)
    assert len(numbers) == len(set(numbers)) <= 5 * PROFILES["live"].max_examples


def test_promise_that_is_not_always_broken_is_told_as_flaky() -> None:
    answers = iter([[broken_promise("sometimes", 1)]])
    (lie,) = explore(NUMBERS, lambda _: next(answers, []), QUICK)
    assert lie.flaky
    assert "not break it every time" in str(lie)


def test_profile_is_chosen_by_cost_and_place(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, free, ci, expected in [
        (None, True, "", "reference"),
        (None, True, "true", "ci"),
        (None, False, "true", "live"),
        ("reference", False, "", "reference"),
    ]:
        monkeypatch.setenv("CI", ci)
        assert profile(name, free) is PROFILES[expected]


# ------------------------------------------------------------------ in the suite


def of_mine(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    if not (folder / "mine.toml").exists():
        (folder / "mine.toml").write_text(embedded_toml("dall-e-2", KEY))
    return run_pytest(folder, "-q", "--provider=./mine.toml", *words)


def test_falsified_property_shows_clause_request_and_curl(tmp_path: Path) -> None:
    arguments = ("--live", "--hypothesis-profile=live", "-k", "valid_request_is_honoured")
    with lying_server(answer=without_created) as server:
        result = of_mine(tmp_path, GENERATED, *DRAWING, *arguments, f"--base-url={server.base_url}")
    assert "1 failed, 5 deselected" in result.stdout, result.stdout + result.stderr
    clause = "envelope.created-present\nMUST: "
    for part in (clause, 'smallest: {"model":"dall-e-2"', "curl -sS", "Bearer $API_KEY"):
        assert part in result.stdout
    assert KEY not in result.stdout + result.stderr


@pytest.mark.parametrize("answer", [None, images(error(500))], ids=["painted", "500"])
def test_paid_exploring_stays_within_its_budget(tmp_path: Path, answer: Any) -> None:
    with serve_counting(answer) as (url, eye), session(tmp_path, url, budget=0.05) as live:
        (engine,) = live.engines
        clauses = clauses_of(EDITION)
        explorer = Explorer(engine.source, engine.provider, EDITION, "dall-e-2", clauses)
        bodies = drawn.honoured(EDITION, explorer.documented, (1,))
        with pytest.raises(pytest.skip.Exception, match=r"not run: .*budget"):
            explore(bodies, explorer.accepts_valid, PROFILES["live"])
    assert eye.asked.count(("POST", "/v1/images/generations")) == 2  # at 0.02 an image


def test_generated_requests_are_no_part_of_replay_nor_of_selected_cases(tmp_path: Path) -> None:
    result = of_mine(tmp_path, GENERATED, "--collect-only", "--record-mode=none")
    assert "generated requests are only sent with" in result.stdout + result.stderr
    assert "6 tests collected" not in result.stdout
    options = ("--collect-only", "--live", "--cases=baseline")
    result = of_mine(tmp_path, str(SUITE), *options)
    assert "test_promises.py" in result.stdout
    assert "test_generated.py" not in result.stdout + result.stderr


def test_generated_requests_go_where_they_are_free() -> None:
    table: list[tuple[str, dict[str, Any], bool, int]] = [
        ("reference", {}, False, 6),
        ("reference", {"models": "dall-e-?"}, False, 2),
        ("reference", {"live": False}, False, 0),
        ("reference", {"cases": "baseline"}, False, 0),
        ("reference", {"base_url": "https://api.example.com/v1"}, False, 0),
        ("reference", {"base_url": "http://127.0.0.1:1/v1"}, False, 6),
        ("litellm", {}, False, 0),
        ("litellm", {"models": "dall-e-3"}, True, 1),
    ]
    for name, options, paid, count in table:
        session = Session(Options(**{"providers": (name,), "live": True, **options}))
        assert len(explored(session, paid)) == count, (name, options)


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

    with pytest.raises(BaseExceptionGroup) as excinfo:
        explore(st.integers(0, 9), check, settings(QUICK, report_multiple_bugs=True))
    assert excinfo.group_contains(KeyError)


# ------------------------------------------------------------------ recorded and replayed

BROKEN_STRATEGIES = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        drawing = ("strategies", "search")
        if name.startswith(("hypothesis", *(f"conformance.generated.{x}" for x in drawing))):
            raise AssertionError(f"{name} was imported in replay")
sys.meta_path.insert(0, Nothing())
"""


def record(folder: Path) -> subprocess.CompletedProcess[str]:
    words = ("--cassettes=cassettes", "--record-mode=rewrite", "--explore", GENERATED)
    with lying_server() as server:
        return of_mine(folder, *words, f"--base-url={server.base_url}")


def replay(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return of_mine(folder, "--cassettes=cassettes", str(SUITE / "test_drawn.py"), *words)


@pytest.fixture(scope="module")
def recorded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with drawn requests and their cassettes."""
    folder = tmp_path_factory.mktemp("drawn")
    result = record(folder)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-2000:]
    return folder


@pytest.fixture
def copy(recorded_folder: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    subprocess.run(["cp", "-r", f"{recorded_folder}/.", str(tmp_path)], check=True)
    return tmp_path


def manifest(folder: Path) -> Path:
    return folder / "cassettes" / "mine" / "dall-e-2" / "drawn.json"


def test_every_property_is_recorded_with_its_examples(recorded_folder: Path) -> None:
    examples = json.loads(manifest(recorded_folder).read_text())["examples"]
    cassettes = [*manifest(recorded_folder).parent.glob("drawn-*.yaml")]
    assert {example["property"] for example in examples} == {
        "valid-request-is-honoured",
        "invalid-request-is-refused",
        "n-above-the-limit-is-refused",
        "response-format-decides",
        "answer-depends-on-the-request",
        "unknown-parameter-is-treated-alike",
    }
    names = {name for example in examples for name in example["cassettes"]}
    assert names == {path.stem for path in cassettes}
    assert KEY not in "".join(path.read_text() for path in cassettes)


def edit_cassettes(folder: Path, old: str, new: str) -> None:
    for path in manifest(folder).parent.glob("drawn-*.yaml"):
        path.write_text(path.read_text().replace(old, new))


def test_replay_draws_and_sends_nothing_whatever_became_of_strategies_and_edition(
    copy: Path,
) -> None:
    edit_cassettes(copy, EDITION.id, "cometapi-2020-01-01")
    (copy / "nothing_drawn.py").write_text(BROKEN_STRATEGIES)
    result = replay(copy, "--block-network", "-p", "nothing_drawn")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    assert "6 passed" in result.stdout


def test_broken_property_shows_its_own_assertion_unless_a_deviation_excuses_it(copy: Path) -> None:
    edit_cassettes(copy, '"created":', '"creatd":')
    provider = copy / "mine.toml"
    provider.write_text(provider.read_text() + deviation_toml("count.as-asked", "generated"))
    result = replay(copy)
    assert result.returncode == 1
    for part in ("envelope.created-present", "smallest: {", "curl -sS"):
        assert part in result.stdout
    assert "cassette" not in result.stdout.split("short test summary")[0].lower()
    assert "mine.toml: deviation count.as-asked in generated no longer occurs" in result.stdout
    provider.write_text(provider.read_text().replace("count.as-asked", "envelope.created-present"))
    result = replay(copy)
    assert "test_deviation_still_occurs" not in result.stdout
    assert "envelope.created-present" not in result.stdout


def test_missing_cassette_and_damaged_manifest_are_a_sentence(copy: Path) -> None:
    next(iter(manifest(copy).parent.glob("drawn-*.yaml"))).unlink()
    result = replay(copy, "-x")
    assert result.returncode == 1
    assert "has no cassette" in result.stdout
    assert "--record-mode rewrite --explore" in result.stdout
    assert "Traceback" not in result.stdout
    manifest(copy).write_text('{"schema": 1, "examples": [{"check": "rm"}]}')
    result = replay(copy, "--collect-only")
    assert result.returncode != 0
    assert "is no manifest of drawn requests" in result.stdout + result.stderr


def test_cassettes_of_drawn_requests_are_not_unused(copy: Path) -> None:
    session = Session(Options((str(copy / "mine.toml"),), cassettes=copy / "cassettes"))
    assert not [path for path in session.unused_cassettes() if "drawn-" in path]
    manifest(copy).with_name("drawn-0.yaml").write_text("x: 1\n")
    assert [path for path in session.unused_cassettes() if "drawn-0.yaml" in path]


@pytest.mark.long
def test_recording_again_leaves_no_old_cassette(copy: Path) -> None:
    assert record(copy).returncode == 0
    examples = json.loads(manifest(copy).read_text())["examples"]
    names = {name for example in examples for name in example["cassettes"]}
    assert names == {path.stem for path in manifest(copy).parent.glob("drawn-*.yaml")}
