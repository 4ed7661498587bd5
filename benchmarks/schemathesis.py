"""The suite and Schemathesis on the same server: speed, pairs of parameters, planted defects.

Schemathesis lives in an environment of its own, which is made when it is missing. It gets a
document made from the same edition, with the model pinned. What both send passes one proxy.
Both servers tell ten defects; `benchmarks.defect_hunt` has the reference provider tell all.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measuring import BenchmarkError, Row, run
from benchmarks.opponents import START, free_port, install_schemathesis, litellm
from benchmarks.recorder import Recorder, Seen
from conformance.cases.covering import Combination, Space, space_of
from conformance.cases.model import Case
from conformance.clauses import clauses_of
from conformance.contract import Edition, load_edition
from conformance.exchange.source import Client, Live, Target
from conformance.exchange.transport.addresses import AddressPolicy
from conformance.exchange.transport.limits import Limits
from conformance.exchange.transport.transport import Transport
from conformance.findings import BROKEN
from conformance.live.plan import plan
from conformance.proof.matrix import DefectColumn
from conformance.proof.processes import prove
from conformance.providers import Provider, load_provider
from conformance.reference.defects import lying_steps
from conformance.reference.server import ReferenceServer
from conformance.reference.steps import TRUTHFUL
from conformance.runner.engine import Engine
from counterparts import prism_document

MODEL = "gpt-image-1.5"
FIRST = 100
"""Requests after which pairs and defects are counted."""

DEFECTS = {
    "format.gpt-image-refuses-unnamed": "D1: a gateway refuses response_format",
    "format.gpt-image-url": "D2: base64 promised, a URL sent",
    "format.unused-empty": "D3: empty members, as new-api writes them",
    "extras.usage-fractions": "D4: fractional token counts",
    "image.size-ignored": "D5: size not honoured",
    "image.webp-labelled-png": "D5: the declared type is not that of the bytes",
    "count.n-ignored": "D6: n ignored",
    "image.alpha-lost": "D7: transparency lost",
    "envelope.data-empty": "D8: success without an image",
    "errors.flat": "D9: a flat error body",
}
"""One failure of each section of what real gateways were seen to do, and one more of images."""

ModelsByDefect = Mapping[str, str]
"""On which model each defect is looked for."""

KEY = "sk-benchmark"


class Hunt(NamedTuple):
    """What one side saw of one model on one server: signs of trouble by number of the request."""

    signs: tuple[tuple[int, str], ...]
    sent: int

    def first(self, known: frozenset[str]) -> int | None:
        """Return the number of the first request with a sign that is not known."""
        return min((at for at, sign in self.signs if sign not in known), default=None)

    @property
    def kinds(self) -> frozenset[str]:
        """Every sign there was."""
        return frozenset(sign for _, sign in self.signs)


@dataclass(frozen=True, slots=True)
class Server:
    """Where requests go, and how the upstream behind it is made to lie."""

    name: str
    provider: Provider
    key: str
    port: int  # of the reference provider
    origin: str

    @contextmanager
    def serve(self, defect: str | None) -> Iterator[Recorder]:
        """Serve, with one defect or none, behind a proxy that counts."""
        steps = lying_steps([defect]) if defect else TRUTHFUL
        upstream = ReferenceServer(load_edition(), key=KEY, port=self.port, steps=steps)
        with upstream, Recorder(self.origin) as recorder:
            yield recorder


def measure() -> list[Row]:
    """Compare both on the reference provider, then on LiteLLM in front of it."""
    tool, edition = install_schemathesis(), load_edition()
    port = free_port()
    alone = Server("reference", load_provider("reference"), KEY, port, f"http://127.0.0.1:{port}")
    rows = compare(alone, tool, edition, dict.fromkeys(DEFECTS, MODEL))
    with litellm(port, KEY) as origin:
        between = Server(
            "LiteLLM", load_provider("litellm"), "sk-litellm-conformance", port, origin
        )
        rows += compare(between, tool, edition, dict.fromkeys(DEFECTS, MODEL))
    return rows


def models_for(edition: Edition, names: Sequence[str]) -> ModelsByDefect:
    """Return for each defect a documented model on which the proof saw it."""
    matrix = prove(edition, names, workers=2)
    return {defect.id: _model_for(defect, edition) for defect in matrix.defects}


def _model_for(defect: DefectColumn, edition: Edition) -> str:
    """Choose the model whose requests can show a defect to either side.

    A member of a family that the edition does not name has no document to hand to Schemathesis.
    """
    of_proof = [witness.partition("/")[0] for witness in defect.witnesses.values()]
    models = [model for model in (*of_proof, *defect.models) if model in edition.models]
    return MODEL if MODEL in models or not models else models[0]


def compare(server: Server, tool: Path, edition: Edition, models: ModelsByDefect) -> list[Row]:
    """Measure the three things on one server; speed and pairs are those of `MODEL`."""
    space = space_of(edition, edition.models[MODEL])
    bout = Bout(server, tool, edition)
    with server.serve(None) as recorder:
        _explore(server, recorder)
        ours = recorder.rate
    with server.serve(None) as recorder:
        bout.honest[MODEL] = send_plan(server, recorder, edition, MODEL)
        mine = pairs_in(recorder.seen[:FIRST], space)
    with server.serve(None) as recorder:
        hunts = bout.truth[MODEL] = _schemathesis(server, recorder, tool, edition, MODEL)
        theirs = recorder.rate
        best = max(len(pairs_in(window, space)) for window in _windows(recorder, hunts))
    firsts = {defect: bout.found(defect, model) for defect, model in models.items()}
    feasible = len(space.feasible(2))
    return [
        _row(server, "generated requests a second", ours, theirs, 1),
        _row(server, f"pairs of {feasible} in {FIRST} requests", len(mine), best, 3),
        *rows_of(server, firsts),
    ]


class Bout:
    """Both sides on one server; what each says of the truth is asked once a model."""

    def __init__(self, server: Server, tool: Path, edition: Edition) -> None:
        """Prepare for the truth to be asked where it is first needed."""
        self.server, self.tool, self.edition = server, tool, edition
        self.honest: dict[str, Hunt] = {}
        self.truth: dict[str, tuple[Hunt, ...]] = {}

    def found(self, defect: str, model: str) -> Found:
        """Return with which request each side first saw a defect; None where not within `FIRST`."""
        self._ask_truth(model)
        with self.server.serve(defect) as recorder:
            honest = self.honest[model].kinds
            hunt = send_plan(self.server, recorder, self.edition, model, honest)
        mine = hunt.first(honest)
        with self.server.serve(defect) as recorder:
            hunts = _schemathesis(self.server, recorder, self.tool, self.edition, model)
        kinds_of_truth = frozenset().union(*(hunt.kinds for hunt in self.truth[model]))
        theirs = min((at for hunt in hunts if (at := hunt.first(kinds_of_truth))), default=None)
        return mine, theirs

    def _ask_truth(self, model: str) -> None:
        if model not in self.honest:
            with self.server.serve(None) as recorder:
                self.honest[model] = send_plan(self.server, recorder, self.edition, model)
        if model not in self.truth:
            with self.server.serve(None) as recorder:
                self.truth[model] = _schemathesis(
                    self.server, recorder, self.tool, self.edition, model
                )


def _row(server: Server, what: str, ours: float, theirs: float, bound: float) -> Row:
    ratio = ours / theirs if theirs else float("inf")
    label = f"{server.name}: {what}"
    return Row(label, f"{ours:.4g}", f"Schemathesis: {theirs:.4g}", ratio, bound, at_least=True)


Found = tuple[int | None, int | None]


def rows_of(server: Server, firsts: Mapping[str, Found]) -> list[Row]:
    """Count the defects seen, and the requests that it took; what is missed took all of them."""
    counts = [sum(pair[side] is not None for pair in firsts.values()) for side in (0, 1)]
    spent = [sum(pair[side] or FIRST for pair in firsts.values()) for side in (0, 1)]
    rates = [FIRST * count / cost for count, cost in zip(counts, spent, strict=True)]
    theirs_alone = [name for name, (ours, theirs) in firsts.items() if theirs and not ours]
    nobody = [name for name, pair in firsts.items() if pair == (None, None)]
    sys.stderr.write(f"{server.name}: only Schemathesis found: {', '.join(theirs_alone) or '-'}\n")
    sys.stderr.write(f"{server.name}: neither found: {', '.join(nobody) or '-'}\n")
    defects = f"of {len(firsts)} defects found in {FIRST} requests each"
    return [
        _row(server, defects, counts[0], counts[1], 3),
        _row(server, f"defects found per {FIRST} requests sent for them", rates[0], rates[1], 3),
    ]


def _explore(server: Server, recorder: Recorder) -> None:
    """Run the properties as a user would, on one model."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--live"]
    command += [f"--provider={server.provider.id}", f"--base-url={recorder.origin}/v1"]
    command += [f"--models={MODEL}", "--explore", "--hypothesis-profile=ci"]
    command += ["conformance/suite/test_generated.py", "-p", "conformance.plugin"]
    keys = {str(server.provider.key_variable): server.key}
    try:
        run(command, keys)
    except BenchmarkError:
        if len(recorder.seen) < FIRST:  # what it found is not asked here, only that it sent
            raise


def send_plan(
    server: Server,
    recorder: Recorder,
    edition: Edition,
    model: str,
    known: frozenset[str] | None = None,
) -> Hunt:
    """Send what the plan has for a model, and judge it; stop at a sign that is not `known`."""
    base_url = f"{recorder.origin}/v1"
    target = Target(server.provider.id, base_url, server.key, server.provider.models)
    signs: list[tuple[int, str]] = []
    with Transport(Limits(), AddressPolicy.for_provider(base_url)) as transport:
        client = Client(target, transport)
        cases = _cases(edition, model)
        source = Live(lambda: client)
        plain = load_provider("reference")  # known deviations are signs as well
        engine = Engine(plain, edition, clauses_of(edition), cases, source, date.today())
        for case in cases:
            is_seen = known is not None and any(sign not in known for _, sign in signs)
            if is_seen or len(recorder.seen) >= FIRST:
                break
            findings = engine.judged(case).findings.values()
            broken_clauses = [finding.clause for finding in findings if finding.verdict in BROKEN]
            signs += [(len(recorder.seen), f"{case.id} {sign}") for sign in broken_clauses]
    return Hunt(tuple(signs), len(recorder.seen))


@cache
def _cases(edition: Edition, model: str) -> list[Case]:
    provider = load_provider("reference")
    alone = replace(provider, models={model: provider.models[model]})
    requests = plan(edition, alone).chosen
    return [
        request.case for request in requests
    ]  # the first model of a provider has the cases of all


def _schemathesis(
    server: Server, recorder: Recorder, tool: Path, edition: Edition, model: str
) -> tuple[Hunt, ...]:
    """Run all its phases with all its checks, and read the report of each phase."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "document.json")
        path.write_text(json.dumps(document(edition, model)), encoding="utf-8")
        command = [str(tool), "run", str(path), "--url", recorder.origin, "--seed", "1"]
        command += ["-H", f"Authorization: Bearer {server.key}", "--continue-on-failure"]
        command += ["--report", "ndjson", "--report-dir", folder, "--no-color"]
        subprocess.run(  # noqa: S603 - a command line made here, and no shell
            command, cwd=folder, capture_output=True, timeout=START, check=False
        )
        reports = list(Path(folder).glob("*.ndjson"))
        if not reports:
            raise BenchmarkError("Schemathesis wrote no report")
        return read_report(reports[0].read_text(encoding="utf-8"))


def read_report(text: str) -> tuple[Hunt, ...]:
    """Read the signs in the first requests of every phase from Schemathesis' own report."""
    finished = (json.loads(line).get("ScenarioFinished") for line in text.splitlines())
    recorders = [event["recorder"] for event in finished if event]
    return tuple(_hunt(recorder) for recorder in recorders if recorder.get("interactions"))


def _hunt(recorder: Mapping[str, Any]) -> Hunt:
    order = sorted(recorder["interactions"].items(), key=lambda pair: pair[1]["timestamp"])
    signs = [
        (at, _sign(check))
        for at, (name, _) in enumerate(order[:FIRST], 1)
        for check in recorder["checks"].get(name, ())
        if check["status"] != "success"
    ]
    return Hunt(tuple(signs), len(order))


def _sign(check: Mapping[str, Any]) -> str:
    """Tell failures apart as generously as can be: by check, title and first line."""
    failure = check["failure_info"]["failure"]
    first = str(failure.get("message", "")).splitlines()[:1]
    return f"{check['name']} {failure.get('title')} {''.join(first)[:60]}"


def _windows(recorder: Recorder, hunts: Sequence[Hunt]) -> Iterator[Sequence[Seen]]:
    """Return the first requests of every phase, as the proxy saw them."""
    posted = [request for request in recorder.seen if request.path.endswith("/images/generations")]
    start = len(posted) - sum(hunt.sent for hunt in hunts)
    for hunt in hunts:
        yield posted[max(start, 0) :][:FIRST]
        start += hunt.sent


def pairs_in(requests: Sequence[Seen], space: Space) -> set[Combination]:
    """Collect the pairs of values in requests that were honoured."""
    bodies = [request.fields for request in requests if request.status == 200]
    return {
        pair for body in bodies if body for pair in space.combinations_in(_classify(body, space), 2)
    }


def _classify(body: Mapping[str, Any], space: Space) -> dict[str, Any]:
    """Take any number for the nearest that is documented, any user for one, null for left out."""
    return {
        name: _nearest(value, space.levels[name])
        for name, value in body.items()
        if name in space.levels and value is not None
    }


def _nearest(value: Any, levels: Sequence[Any]) -> Any:
    numbers = [level for level in levels if type(level) is int]
    if type(value) is int and numbers:
        return min(numbers, key=lambda number: abs(number - value))
    texts = [level for level in levels if isinstance(level, str)]
    return texts[0] if isinstance(value, str) and len(texts) == 1 else value


def document(edition: Edition, model: str) -> dict[str, Any]:
    """Make an OpenAPI document of one model: its name pinned, no parameter that no source knows."""
    index = json.loads((edition.folder / "edition.json").read_text(encoding="utf-8"))
    files = [
        Path(index["models"][model]["request"]),
        Path(index["responses"]["b64_json"]),
        Path(index["error"]),
    ]
    schemas = prism_document.bundle(edition.folder, [str(file) for file in files])
    request, answer, error = map(prism_document.pointer, files)
    request_schema = schemas[prism_document.component(files[0])]
    request_schema |= {"required": ["model", "prompt"], "additionalProperties": False}
    content = {"application/json": {"schema": answer}, "text/event-stream": {}}
    refusals = ("400", "401", "404", "405", "415")
    operation = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": request}}},
        "responses": {
            "200": {"description": "images", "content": content},
            **{
                refusal: prism_document.error_answer("refused", None, error) for refusal in refusals
            },
        },
    }
    path = "/v1" + index["endpoint"]["path"]
    plain = prism_document.document(index["title"], index["id"], path, operation, schemas)
    cleaned: dict[str, Any] = _without_sources(plain)
    return cleaned


def _without_sources(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_sources(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _without_sources(member)
        for name, member in schema.items()
        if name not in ("citations", "open", "unsupported")
    }
