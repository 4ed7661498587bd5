"""Who tests the tests: every clause sees a lie, every lie is seen, and a hole would be named.

Lies add up, and a lie about one model leaves the others true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from conformance.clauses import clauses_of
from conformance.clauses.stamps import load_stamps
from conformance.cli import app
from conformance.contract import load_edition, schemas_directory
from conformance.errors import ConformanceError
from conformance.findings import BROKEN, Verdict
from conformance.proof.extra_cases import Answered
from conformance.proof.in_process import LOOPBACK_URL
from conformance.proof.matrix import ClauseRow, DefectColumn, Matrix, holes
from conformance.proof.processes import prove
from conformance.proof.proving import Proof
from conformance.proof.writing import WRITERS
from conformance.reference.defects import defects, lying_steps
from conformance.reference.server import ReferenceServer
from conformance.reference.steps import Steps
from tests.extent import LONG, sample

EDITION = load_edition()
MODES = {f"D{number}" for number in range(1, 13)} | {
    *("429 for everything", "HTML 524", "URL needing the key", "accept-all", "doubled images"),
    *("answers of another request", "fractional tokens", "key echoed", "moderation as 500"),
    *("off-by-one sizes", "quality echoed wrong", "reject-all", "truncated PNG"),
    "usage that does not add up",
}
KEY = {"Authorization": "Bearer sk-reference-conformance"}


def of_every_chapter(step: int) -> list[str]:
    """Return a sample of each chapter, which a new defect of another one does not shift."""
    names: dict[str, list[str]] = {}
    for name, defect in defects(EDITION).items():
        names.setdefault(defect.chapter, []).append(name)
    return [name for chapter in names.values() for name in sample(chapter, step)]


SAMPLE = of_every_chapter(30)


@pytest.fixture(scope="session")
def matrix(proof: Proof) -> Matrix:
    """Return a proof by some defects of every chapter; in `make long`, by all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conformance.proof.processes.Proof", lambda _: nullcontext(proof))
        return prove(EDITION, SAMPLE)


def test_proof_has_no_hole_and_the_stamps_say_so(matrix: Matrix) -> None:
    assert [f"{hole.kind}: {hole.clause} {hole.defect}" for hole in holes(matrix)] == []
    assert [clause.id for clause in matrix.clauses] == [clause.id for clause in clauses_of(EDITION)]
    assert [defect.id for defect in matrix.defects] == SAMPLE
    assert matrix.whole is LONG
    assert len(defects(EDITION)) >= 120
    for name, proven in load_stamps(EDITION.id).items():
        killers = {defect for defect in proven.failed_by if defect in SAMPLE}
        assert killers == set(matrix.killers(name)), name


@pytest.mark.parametrize("suffix", WRITERS)
def test_proof_document_names_every_clause_and_defect(matrix: Matrix, suffix: str) -> None:
    text = WRITERS[suffix](matrix)
    names = [*(clause.id for clause in matrix.clauses), *(defect.id for defect in matrix.defects)]
    assert [name for name in names if name not in text] == []
    if suffix == ".json":
        schema = json.loads((schemas_directory() / "proof.schema.json").read_text())
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema).validate(json.loads(text))


def test_every_failure_mode_has_a_defect_and_every_defect_a_lie_in_a_sentence() -> None:
    all_defects = defects(EDITION).values()
    assert MODES - {mode for defect in all_defects for mode in defect.modes} == set()
    lies = [defect.lie for defect in all_defects]
    assert [lie for lie in lies if not (lie.endswith(".") and 10 < len(lie) < 200)] == []


CLAUSE = ClauseRow("count.as-asked", "MUST", "As many as asked.")
OTHER = ClauseRow("count.one-by-default", "MUST", "One.")
LIE = DefectColumn(
    id="count.n-ignored",
    lie="<script>alert(1)</script> is painted once.",
    claims=("count.as-asked",),
    modes=("D6",),
    silent=False,
    models=("dall-e-2",),
    exchanges=1,
    verdicts={"count.as-asked": Verdict.FAIL, "count.one-by-default": Verdict.PASS},
    witnesses={"count.as-asked": "dall-e-2/n-2: one"},
)
TRUTH = {"count.as-asked": Verdict.PASS, "count.one-by-default": Verdict.PASS}


SMALL = Matrix("an-edition", (CLAUSE,), TRUTH, (LIE,), 1, 0.0)
SPREAD = ("cascade", OTHER.id, LIE.id)
UNSEEN = ("open survivor", CLAUSE.id, LIE.id)
CLAIMED = replace(LIE, open_claims=LIE.claims)
SEEN = replace(CLAIMED, open_witnesses={CLAUSE.id: "dall-e-2/open-n-2: one"})
TWO = replace(SMALL, clauses=(CLAUSE, OTHER))


def of(lie: DefectColumn = LIE, **changes: Any) -> Matrix:
    """Return the small proof with another lie."""
    return replace(SMALL, defects=(replace(lie, **changes),))


HOLES: dict[str, tuple[Matrix, list[tuple[str, str, str]]]] = {
    "none": (SMALL, []),
    "clause-that-sees-nothing": (TWO, [("blind clause", OTHER.id, "")]),
    "the-same-in-a-part": (replace(TWO, whole=False), []),
    "clause-that-nobody-asked": (replace(SMALL, truth={}), [("not asked", CLAUSE.id, "")]),
    **{
        f"truth-that-comes-to-{verdict}":
            (replace(SMALL, truth={CLAUSE.id: verdict}), [("false alarm", CLAUSE.id, "")])
        for verdict in (Verdict.FAIL, Verdict.NOT_TESTABLE, Verdict.HARNESS_ERROR)
    },
    "lie-that-nobody-sees": (
        of(verdicts={CLAUSE.id: Verdict.NOT_TESTABLE}),
        [("blind clause", CLAUSE.id, ""), ("survivor", "", LIE.id),
         ("missed claim", CLAUSE.id, LIE.id)]),
    **{
        f"lie-that-another-clause-sees-as-{verdict}":
            (of(verdicts={**LIE.verdicts, OTHER.id: verdict}), [SPREAD])
        for verdict in (Verdict.FAIL, Verdict.DEVIATES, Verdict.HARNESS_ERROR)
    },
    "open-requests-are-told-a-lie": (of(CLAIMED), [UNSEEN]),
    "open-requests-show-it": (of(SEEN), []),
    "no-recording-shows-it": (of(SEEN, blind_to_recordings=LIE.claims), [UNSEEN]),
    "open-requests-show-it-to-another-clause":
        (of(SEEN, open_witnesses={**SEEN.open_witnesses, OTHER.id: "x"}), [SPREAD]),
    **{
        f"{count}-of-10-promises-judged": (
            replace(SMALL, answered=(Answered("dall-e-2/open-baseline", 10, count),)),
            [("hardly judged", "", "")] if count < 9 else [])
        for count in (8, 9, 10)
    },
    "outage": (
        of(silent=True, verdicts={CLAUSE.id: Verdict.UNAVAILABLE}),
        [("blind clause", CLAUSE.id, "")]),
    "outage-that-is-green": (
        of(silent=True, verdicts={CLAUSE.id: Verdict.PASS}),
        [("blind clause", CLAUSE.id, ""), ("survivor", "", LIE.id)]),
}  # fmt: skip


@pytest.mark.parametrize(("matrix", "expected"), HOLES.values(), ids=HOLES)
def test_hole_is_what_a_proof_demands_and_does_not_get(
    matrix: Matrix, expected: list[tuple[str, str, str]]
) -> None:
    assert [(hole.kind, hole.clause, hole.defect) for hole in holes(matrix)] == expected
    assert len(json.loads(WRITERS[".json"](matrix))["holes"]) == len(expected)


def test_answers_to_open_requests_are_judged_as_their_documented_twins(matrix: Matrix) -> None:
    assert len(matrix.answered) >= 60
    assert min(answer.promised for answer in matrix.answered) >= 15
    open_defects = [defect for defect in matrix.defects if defect.open_claims]
    assert len(open_defects) >= len(matrix.defects) / 3
    chapters = {defect.id.partition(".")[0] for defect in open_defects}
    assert chapters >= {"envelope", "format", "base64", "url", "image", "stream", "count"}


def test_proof_page_shows_text_as_text() -> None:
    page = WRITERS[".html"](SMALL)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_page_of_a_part_claims_no_more_than_the_part() -> None:
    part = WRITERS[".html"](replace(TWO, whole=False))
    assert "1 of 2 clauses red on at least one lie; 1 defect, each seen" in " ".join(part.split())


def test_served_defect_lies_over_http() -> None:
    body = {"model": "dall-e-2", "prompt": "a boat", "n": 3, "response_format": "url"}
    steps = lying_steps(["count.n-ignored"], edition=EDITION)
    with ReferenceServer(EDITION, steps=steps) as server:
        answer = httpx.post(f"{server.base_url}/images/generations", json=body, headers=KEY)
    assert len(answer.json()["data"]) == 1


def test_prove_command_writes_what_it_found(
    proof: Proof, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.proof.processes.Proof", lambda _: nullcontext(proof))
    words = ["prove", "--defect", "count.n-*", "-o", str(tmp_path / "proof.md"), "-n", "1"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "1 defects, 185 clauses" in result.stdout
    assert "count.n-ignored" in (tmp_path / "proof.md").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("prove --defect cuont.*", "unknown defect"),
        ("prove --defect cuont.n-ignored", "did you mean 'count.n-ignored'"),
        ("prove -o proof.txt", "end its name in .json, .md, .html"),
        ("serve --defect count.n-ignord", "did you mean 'count.n-ignored'"),
        ("serve --defect count.n-ignored --defect-model dall-e-20", "did you mean 'dall-e-2'"),
    ],
)
def test_mistake_is_an_error_with_a_remedy(words: str, message: str) -> None:
    with pytest.raises(ConformanceError, match=re.escape(message)):
        CliRunner().invoke(app, words.split(), catch_exceptions=False)


MODELS = ("dall-e-2", "dall-e-3", "gpt-image-1-mini")
PAIRS = [
    ("count.one-more", "extras.usage-total-off"),
    ("image.size-off-by-one", "errors.code-number"),
    ("url.octet-stream", "envelope.created-milliseconds"),
    ("format.unused-null", "models.list-empty"),
    ("base64.trailing-newline", "errors.no-type"),
    ("stream.partial-after-completed", "count.negative-taken"),
    ("authentication.unknown-key-in-error", "parameters.style-enum-broken"),
    ("extras.quality-other", "image.animated"),
    ("defaults.partial-images-unasked", "url.credentials"),
    ("envelope.status-201", "errors.status-422"),
]


def red(proof: Proof, steps: Steps, models: Sequence[str] = MODELS) -> set[str]:
    """Name the clauses that are broken when all cases of some models are sent."""
    results = proof.judged_cases(steps, models).values()
    findings = (finding for result in results for finding in result.findings)
    return {finding.clause for finding in findings if finding.verdict in BROKEN}


@pytest.mark.parametrize("pair", sample(PAIRS, 5), ids=" and ".join)
def test_two_lies_turn_the_clauses_of_both_red(pair: tuple[str, str], proof: Proof) -> None:
    claims = {claim for name in pair for claim in defects()[name].claims}
    assert red(proof, lying_steps(pair)) == claims


def test_order_in_which_lies_are_planted_is_of_no_matter(proof: Proof) -> None:
    one, other = PAIRS[0]
    claims = {*defects()[one].claims, *defects()[other].claims}
    assert red(proof, lying_steps([other, one]), ["gpt-image-1-mini"]) == claims


@pytest.mark.parametrize(
    ("names", "model"),
    sample(
        [
            (["count.one-more", "errors.no-type"], "dall-e-2"),
            (["envelope.created-milliseconds"], "gpt-image-1-mini"),
            (["parameters.style-enum-broken"], "dall-e-3"),
            (["stream.never-completed"], "gpt-image-1-mini"),
            (["envelope.web-page"], "dall-e-2"),
        ],
        2,
    ),
    ids=lambda value: value if isinstance(value, str) else " and ".join(value),
)
def test_lies_about_one_model_leave_the_others_true(
    names: list[str], model: str, proof: Proof
) -> None:
    steps = lying_steps(names, model)
    others = [other for other in MODELS if other != model]
    assert red(proof, steps, [model]) == {c for name in names for c in defects()[name].claims}
    assert red(proof, steps, others) == set()


def test_lie_about_keys_holds_for_the_model_that_the_body_names() -> None:
    steps = lying_steps(["authentication.missing-key-painted"], "dall-e-3")
    with ReferenceServer(load_edition(), steps=steps) as server:
        generations, models = f"{server.base_url}/images/generations", f"{server.base_url}/models"
        statuses = [
            httpx.post(generations, json={"model": name, "prompt": "a boat"}).status_code
            for name in ("dall-e-3", "dall-e-2")
        ]
        assert [*statuses, httpx.get(models).status_code] == [200, 401, 401]
        body = {"model": "dall-e-3", "prompt": "a boat"}
        unknown = httpx.post(generations, json=body, headers={"Authorization": "Bearer unknown"})
        assert unknown.status_code == 401  # the lie is about none


@pytest.mark.parametrize(
    ("name", "about"),
    [("models.list-empty", "the list of models"), ("url.octet-stream", "image files")],
)
def test_lie_of_no_model_is_refused_for_one(name: str, about: str) -> None:
    with pytest.raises(ConformanceError, match=f"{name} is a lie about {about}, .*leave --defect"):
        lying_steps([name], "dall-e-2")


def test_lies_that_only_a_public_address_can_tell_are_marked_so(proof: Proof) -> None:
    lies = [defect for defect in defects().values() if defect.chapter == "url"]
    clauses = {clause.id: clause for clause in proof.clauses}
    unseen = {
        defect.id
        for defect in lies
        if not all(proof.sighting(defect, clauses[claim], LOOPBACK_URL) for claim in defect.claims)
    }
    assert unseen == {defect.id for defect in defects().values() if defect.public}
