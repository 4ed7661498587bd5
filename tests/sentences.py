"""What every clause says of every planted lie, and of its truth when that goes wrong elsewhere.

``tests/sentences/`` holds it as files that people read and review: a sentence that a user sees
changes on purpose or not at all. ``python -m tests.sentences`` writes them anew.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.clauses import clauses_of
from conformance.clauses.derivation import derived
from conformance.clauses.judge import judge
from conformance.contract import load_edition
from conformance.exchange.model import Failure, Provenance, Response
from conformance.findings import Finding
from tests.asked import all_sent, bound
from tests.miniatures import ACCEPTED, HTML, JSON_TYPE, REFUSED, body, error, exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from conformance.clauses.registry import Clause
    from conformance.exchange.model import Exchange
    from conformance.exchange.outcome import Outcome
    from tests.miniatures import Lie

FOLDER = Path(__file__).parent / "sentences"
CHAPTERS = tuple(
    sorted(path.stem.removeprefix("test_clauses_") for path in FOLDER.parent.glob("test_clauses_*"))
)
Said = dict[str, Any]


def answered(status: int, told: object) -> Callable[[Exchange], Exchange]:
    """Let another answer come in the place of the true one."""
    raw = told if isinstance(told, bytes) else json.dumps(told).encode()
    return lambda made: replace(made, response=Response(status, (JSON_TYPE,), raw), downloads=())


def altered(*parts: str) -> Callable[[Exchange], Exchange]:
    """Let a recorder have scrubbed parts of the exchange."""
    return lambda made: replace(made, altered=frozenset(parts))


TURNS: Mapping[str, Callable[[Exchange], Exchange]] = {
    "timeout": lambda made: replace(
        made, response=None, failure=Failure("timeout", "no answer within 60 s")
    ),
    "302": answered(302, b""),
    "401": answered(401, error("Incorrect API key provided.", code="invalid_api_key")),
    "404-model": answered(404, error("No such model.", code="model_not_found")),
    "400": answered(400, error("It cannot be done.")),
    "400-moderated": answered(400, error("Blocked.", code="moderation_blocked")),
    "400-silent": answered(400, error("")),
    "400-html": answered(400, HTML),
    "429": answered(429, error("Slow down.")),
    "500": answered(500, error("The server had an error.")),
    "200-empty": answered(200, b""),
    "200-html": answered(200, HTML),
    "200-list": answered(200, []),
    "200-object": answered(200, {}),
    "200-error": answered(200, error("It cannot be done.")),
    "200-no-data": answered(200, {"created": 1_790_000_002}),
    "200-null-data": answered(200, {"created": 1_790_000_002, "data": None}),
    "200-empty-data": answered(200, {"created": 1_790_000_002, "data": []}),
    "200-empty-item": answered(200, {"created": 1_790_000_002, "data": [{}]}),
    "200-null-item": answered(200, {"created": 1_790_000_002, "data": [None]}),
    "not-fetched": lambda made: replace(made, downloads=()),
    "no-headers": lambda made: (
        replace(made, response=replace(made.response, headers=())) if made.response else made
    ),
    "recorder-cut-request": altered("request"),
    "recorder-cut-request-and-body": altered("request", "body"),
    "recorder-altered-all": altered("payloads", "urls", "created", "headers", "usage"),
    "recorder-altered-text": altered("text"),
    "recorder-altered-payloads": altered("payloads"),
    "foreign": lambda made: replace(made, provenance=Provenance.FOREIGN),
    "time-unknown": lambda made: replace(made, sent_at=0.0),
}


def lies_of(chapter: str) -> Mapping[str, Lie]:
    """Give the planted lies of a chapter."""
    lies: Mapping[str, Lie] = _module(chapter).LIES
    return lies


def truths_of(chapter: str) -> Mapping[str, Callable[[], Exchange]]:
    """Give, for every clause of a chapter, an exchange that it passes."""
    module = _module(chapter)
    truths: Mapping[str, Callable[[], Exchange]] | None = getattr(module, "TRUTHS", None)
    request = getattr(module, "REQUEST", body())
    return truths or dict.fromkeys(module.CLAUSES, lambda: exchange(request))


def _module(chapter: str) -> Any:
    return importlib.import_module(f"tests.test_clauses_{chapter}")


def said_of_lie(chapter: str, name: str, clauses: Iterable[Clause] | None = None) -> Said:
    """Say what the clauses of a chapter, or those given, say of one of its lies."""
    lie = lies_of(chapter)[name]
    found = _findings(lie.exchange(), lie.control, clauses)
    own = [each for each in found if each.clause.startswith(f"{chapter}.")]
    return _grouped({each.clause: _sentence(each) for each in own})


def said_of_truth(chapter: str, clause: str) -> Said:
    """Say what a clause says of its truth when something else about that is not as it was."""
    truth = truths_of(chapter)[clause]()
    found = {name: _one(_findings(turn(truth), ACCEPTED), clause) for name, turn in TURNS.items()}
    for name, control in (("no-control", None), ("control-refused", REFUSED)):
        found[name] = _one(_findings(truth, control), clause)
    return _grouped(found)


def _one(findings: list[Finding], clause: str) -> str:
    return next((_sentence(each) for each in findings if each.clause == clause), "no finding")


def _findings(
    made: Exchange, control: Outcome | None, clauses: Iterable[Clause] | None = None
) -> list[Finding]:
    edition = load_edition()
    return judge(made, edition, clauses_of(edition) if clauses is None else clauses, control)


def _grouped(sentences: Mapping[str, str]) -> Said:
    """Name everything of which the same is said behind what is said."""
    found: dict[str, list[str]] = {}
    for name, sentence in sentences.items():
        found.setdefault(sentence, []).append(name)
    return {sentence: ", ".join(names) for sentence, names in found.items()}


def _sentence(finding: Finding) -> str:
    words = [str(finding.verdict), finding.message, *_beside(finding)]
    return " | ".join(filter(None, words))


def _beside(finding: Finding) -> Iterator[str]:
    yield f"expected {finding.expected}" if finding.expected else ""
    yield f"observed {finding.observed}" if finding.observed else ""


def said_of_requests(chapter: str) -> Said:
    """Say which requests every clause of a chapter binds."""
    sent = all_sent()
    edition = load_edition()
    own = (each for each in clauses_of(edition) if each.chapter == chapter)
    return {each.id: bound(each.binds, sent) for each in own}


def said_of_derived() -> Said:
    """Say what the clauses are that the schemas give."""
    return {
        each.id: [
            f"{each.level}, for {each.needs}",
            each.statement,
            *each.how.splitlines(),
            "; ".join(f"{cited.source}: {cited.section}" for cited in each.citations),
        ]
        for each in derived(load_edition())
    }


@cache
def stored(chapter: str) -> Said:
    """Read what was reviewed of a chapter."""
    text = (FOLDER / f"{chapter}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def main() -> None:
    """Write the files anew."""
    for chapter in CHAPTERS:
        said = {
            "lies": {name: said_of_lie(chapter, name) for name in lies_of(chapter)},
            "truths": {clause: said_of_truth(chapter, clause) for clause in truths_of(chapter)},
            "requests": said_of_requests(chapter),
        }
        _write(chapter, said)
    _write("derived", said_of_derived())


def _write(name: str, said: Said) -> None:
    text = json.dumps(said, indent=1, ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
