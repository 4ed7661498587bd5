"""Whatever comes, there are verdicts and reports; what fuzzing found keeps its promise."""

from __future__ import annotations

import base64
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.cases.documented import all_cases
from conformance.contract import load_edition
from conformance.exchange.model import Response
from conformance.findings import Verdict
from fuzz.answers import ASKED, Fuzzed, check
from fuzz.mutators import mutate
from fuzz.targets import TARGETS
from tests.extent import examples, sample
from tests.miniatures import answer, error, picture
from tests.streams import completed_event, partial

FAST = settings(
    max_examples=examples(36),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 404, 429, 500, 524]) | (
    st.integers(100, 999)
)
ANY_TEXT = st.text(st.characters(), max_size=30) | st.sampled_from(
    ["\x1b[2J", "\u202egnp", "http://[::1", "http://a.test/?se=9999-12-31T23:59:59Z", "sk-" * 9]
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "x-request-id", "date", "expires", "retry-after", "x"]),
        st.sampled_from(["application/json", "text/event-stream", "image/png", ""]) | ANY_TEXT,
    ),
    max_size=4,
).map(tuple)
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 2**63, 10**40, 10**3000, 1e308, -1e-300])
    | st.floats(allow_nan=False, allow_infinity=False)
    | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
JSON_TYPE = (("content-type", "application/json"),)
ASKED_INDEX = st.integers(0, len(ASKED) - 1)


def truthful(index: int) -> Any:
    """Return the body that a provider without fault answers to a request of `ASKED`."""
    model, case = ASKED[index]
    if case == "models-list":
        return {"object": "list", "data": [{"id": model, "object": "model", "created": 1}]}
    if case == "n-0":
        return error("n is too small", param="n", code="invalid_value")
    body = next(
        candidate.body for candidate in all_cases(load_edition(), [model]) if candidate.id == case
    )
    return answer({**(body or {}), "size": "256x256"})


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in a JSON value: what holds it, and under which name or number."""
    steps: list[Any] = []
    if isinstance(value, dict | list):
        steps = list(value) if isinstance(value, dict) else list(range(len(value)))
    return [
        place for step in steps for place in [(value, step), *places(value[step])]
    ]  # outer places first


def json_bytes(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8")


def as_json(index: int, body: Any) -> Fuzzed:
    """Answer a request of `ASKED` with a body under the status that is due to it."""
    status = 400 if ASKED[index][1] == "n-0" else 200
    return Fuzzed(index, status, JSON_TYPE, json_bytes(body))


@FAST
@given(ASKED_INDEX, STATUSES, HEADERS, st.binary(max_size=400), st.binary(max_size=200))
def test_any_bytes_come_to_verdicts(
    index: int, status: int, headers: Any, body: bytes, image_body: bytes
) -> None:
    image = Response(200, headers, image_body)
    assert check(Fuzzed(index, status, headers, body, (("http://a.test/", image),)))


@FAST
@given(ASKED_INDEX, STATUSES, HEADERS, ANY_JSON)
def test_any_json_comes_to_verdicts(index: int, status: int, headers: Any, body: Any) -> None:
    assert check(Fuzzed(index, status, (*JSON_TYPE, *headers), json_bytes(body)))


@FAST
@given(ASKED_INDEX, st.data(), ANY_JSON)
def test_any_value_at_any_member_comes_to_verdicts(
    index: int, data: st.DataObject, value: Any
) -> None:
    body = copy.deepcopy(truthful(index))
    holder, step = data.draw(st.sampled_from(places(body)))
    holder[step] = value
    assert check(as_json(index, body))


@FAST
@given(ASKED_INDEX, st.data())
def test_damaged_answer_comes_to_verdicts(index: int, data: st.DataObject) -> None:
    intact = json_bytes(truthful(index))
    start = data.draw(st.integers(0, len(intact)))
    end = data.draw(st.integers(start, min(len(intact), start + 40)))
    body = intact[:start] + data.draw(st.binary(max_size=10)) + intact[end:]
    assert check(Fuzzed(index, 200, JSON_TYPE, body))


def test_base64_that_only_looks_compressed_comes_to_verdicts() -> None:
    looks = base64.b64encode(b"x\x9c" + b"no zlib at all " * 4).decode()
    assert check(as_json(0, {**truthful(0), "x": looks}))


@FAST
@given(st.lists(st.tuples(ANY_TEXT, ANY_JSON | st.just(None)), max_size=4), st.binary(max_size=30))
def test_any_events_come_to_verdicts(events: list[tuple[str, Any]], tail: bytes) -> None:
    images = [partial(0, b64_json="QUJD"), completed_event(b64_json="QUJD")]
    every_event = [*images, *((name, json.dumps(value)) for name, value in events)]
    text = "".join(f"event: {name}\ndata: {data}\n\n" for name, data in every_event)
    body = text.encode("utf-8", "replace") + tail
    index = ASKED.index(("gpt-image-1", "stream"))
    assert check(Fuzzed(index, 200, (("content-type", "text/event-stream"),), body))


@FAST
@given(st.data())
def test_damaged_image_comes_to_verdicts(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["png", "jpeg", "webp", "gif", "bmp"]))
    intact = picture(kind, (32, 32))
    place = data.draw(st.integers(0, len(intact)))
    image = intact[:place] + data.draw(st.binary(max_size=8)) + intact[place + 4 :]
    url = "http://a.test/i.png"
    download = Response(200, (("content-type", f"image/{kind}"),), image)
    body = json_bytes({"created": 1, "data": [{"url": url}]})
    assert check(Fuzzed(0, 200, JSON_TYPE, body, ((url, download),)))


def test_truthful_answer_mostly_passes_so_that_the_others_reach_the_clauses() -> None:
    for index, (_, case) in enumerate(ASKED):
        if case != "stream":
            verdicts = [finding.verdict for finding in check(as_json(index, truthful(index)))]
            assert verdicts.count(Verdict.PASS) > len(verdicts) * 0.6, case


CORPUS = Path(__file__).parent.parent / "fuzz" / "corpus"
INPUTS = sorted(path for path in CORPUS.glob("*/*") if path.is_file())


@pytest.mark.parametrize("path", INPUTS, ids=[str(path.relative_to(CORPUS)) for path in INPUTS])
def test_input_keeps_the_promise_of_its_target(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


def test_every_target_has_a_seed_and_every_input_a_target() -> None:
    assert {path.parent.name for path in INPUTS} == set(TARGETS)
    assert all(path.stat().st_size < 64 * 1024 for path in INPUTS)


def test_mutations_keep_json_json_and_stay_within_their_size() -> None:
    seed = (CORPUS / "answers" / "seed-error").read_bytes()
    mutants = {mutate(seed, 4096, number) for number in range(200)}
    assert len(mutants) > 100
    assert all(len(data) <= 4096 for data in mutants)
    assert sum(b'{"error"' in data for data in mutants) > 50


@pytest.mark.parametrize("name", ["answers", "recordings", "run-files", "events", "json"])
def test_mutated_seeds_keep_the_promise_of_their_target(name: str) -> None:
    for path in sorted((CORPUS / name).iterdir()):
        for number in sample(range(6), 6):
            TARGETS[name](mutate(path.read_bytes(), 1 << 15, number))
