"""The comparison with Schemathesis: what is counted, without Schemathesis itself."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from benchmarks import schemathesis
from benchmarks.opponents import free_port
from benchmarks.recorder import Recorder, Seen
from benchmarks.schemathesis import DEFECTS, MODEL, Hunt, Server, document, pairs_in, read_report
from conformance.cases.covering import space_of
from conformance.contract import load_edition
from conformance.proof.matrix import DefectColumn
from conformance.providers import load_provider
from conformance.reference.defects import defects
from conformance.reference.server import ReferenceServer

EDITION = load_edition()
SPACE = space_of(EDITION, EDITION.models[MODEL])
PATH = "/v1/images/generations"


def seen(status: int = 200, **fragment: Any) -> Seen:
    body = {"model": MODEL, "prompt": "A kite", **fragment}
    return Seen(0.0, PATH, json.dumps(body).encode(), status)


def test_only_honoured_requests_cover_pairs() -> None:
    pairs = len(list(SPACE.combinations_in({}, 2)))
    assert len(pairs_in([seen()], SPACE)) == pairs
    assert (
        pairs_in([seen(400), Seen(0.0, PATH, b"[1]", 200), Seen(0.0, PATH, b"{", 200)], SPACE)
        == set()
    )


@pytest.mark.parametrize(
    ("name", "value", "like"),
    [
        ("output_compression", 37, 50),
        ("n", 9, 2),
        ("user", "anybody", "lantern"),
        ("size", None, None),
    ],
)
def test_values_that_are_not_documented_one_by_one_count_as_the_nearest(
    name: str, value: Any, like: Any
) -> None:
    fields: dict[str, Any] = {"output_format": "webp"} if name == "output_compression" else {}
    nearest: dict[str, Any] = {name: like} if like is not None else {}
    assert pairs_in([seen(**fields, **{name: value})], SPACE) == pairs_in(
        [seen(**fields, **nearest)], SPACE
    )


def test_proxy_counts_what_passes_and_changes_nothing() -> None:
    with ReferenceServer(EDITION, key="sk-x") as server, Recorder(server.origin) as recorder:
        headers = {"authorization": "Bearer sk-x"}
        body = {"model": "dall-e-2", "prompt": "A kite", "response_format": "b64_json"}
        good = httpx.post(f"{recorder.origin}{PATH}", json=body, headers=headers)
        bad = httpx.post(f"{recorder.origin}{PATH}", json=body)
    assert (good.status_code, bad.status_code) == (200, 401)
    assert good.json()["data"][0]["b64_json"]
    assert [(post.status, post.fields) for post in recorder.seen] == [
        (200, body),
        (401, body),
    ]
    assert recorder.rate > 0


def test_document_pins_the_model_and_says_what_the_edition_says() -> None:
    schemas = document(EDITION, MODEL)["components"]["schemas"]
    schema = schemas[f"request-{MODEL}"]
    assert schema["properties"]["model"]["enum"] == [MODEL]
    assert schema["properties"].keys() == EDITION.models[MODEL].parameters.keys()
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert "citations" not in json.dumps(schemas)


def check(status: str, title: str) -> dict[str, Any]:
    failure = {"title": title, "message": f"{title}\nin detail"}
    return {"name": "some_check", "status": status, "failure_info": {"failure": failure}}


def test_report_is_read_in_the_order_of_time() -> None:
    interactions = {"b": {"timestamp": 2.0}, "a": {"timestamp": 1.0}}
    checks = {"a": [check("success", "fine")], "b": [check("failure", "broken")]}
    event = {"recorder": {"interactions": interactions, "checks": checks}}
    (hunt,) = read_report(json.dumps({"ScenarioFinished": event}) + '\n{"EngineFinished": {}}\n')
    assert hunt == Hunt(((2, "some_check broken broken"),), 2)
    assert hunt.first(frozenset()) == 2
    assert hunt.first(hunt.kinds) is None


def test_defects_are_ten_that_there_are() -> None:
    assert len(DEFECTS) == 10
    assert DEFECTS.keys() <= defects(EDITION).keys()


@pytest.fixture(scope="module")
def server() -> Server:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    return Server("reference", load_provider("reference"), "sk-benchmark", port, origin)


@pytest.fixture(scope="module")
def honest(server: Server) -> Hunt:
    with server.serve(None) as recorder:
        return schemathesis.send_plan(server, recorder, EDITION, MODEL)


def test_planned_requests_find_nothing_in_the_truth(honest: Hunt) -> None:
    assert honest.kinds == frozenset()


@pytest.mark.parametrize("defect", DEFECTS)
def test_planned_requests_find_every_defect(server: Server, honest: Hunt, defect: str) -> None:
    with server.serve(defect) as recorder:
        first = schemathesis.send_plan(server, recorder, EDITION, MODEL).first(honest.kinds)
    assert first is not None
    assert first <= schemathesis.FIRST


def test_rates_count_what_was_missed_as_a_hundred_requests() -> None:
    server = Server("any", load_provider("reference"), "sk", 0, "")
    count, rate = schemathesis.rows_of(server, {"one": (2, None), "other": (8, 50)})
    assert (count.ours, count.ratio) == ("2", 2.0)
    assert rate.ratio == pytest.approx((200 / 10) / (100 / 150))


def test_hunt_names_what_only_the_other_side_found(capsys: pytest.CaptureFixture[str]) -> None:
    server = Server("any", load_provider("reference"), "sk", 0, "")
    schemathesis.rows_of(server, {"one": (2, None), "other": (None, 7), "third": (None, None)})
    said = capsys.readouterr().err
    assert "only Schemathesis found: other\n" in said
    assert "neither found: third\n" in said


def test_defect_is_told_to_a_model_that_shows_it() -> None:
    column = DefectColumn(
        id="url.expired",
        lie="A URL has expired.",
        claims=("url.fetchable",),
        modes=(),
        silent=False,
        models=("qwen-image-future", "dall-e-3"),
        exchanges=1,
        verdicts={},
        witnesses={"url.fetchable": "dall-e-3/baseline: it is gone"},
    )
    assert schemathesis._model_for(column, EDITION) == "dall-e-3"
    assert schemathesis._model_for(replace(column, models=(), witnesses={}), EDITION) == MODEL
