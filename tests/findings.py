"""One clause's finding, and answers and refusals of which one part is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.clauses import clauses_of, select
from conformance.clauses.judge import judge
from conformance.contract import load_edition
from tests.miniatures import ACCEPTED, answer, body, error, exchange

if TYPE_CHECKING:
    from conformance.exchange.model import Exchange
    from conformance.exchange.outcome import Outcome
    from conformance.findings import Finding

EDITION = load_edition()
GPT = body("gpt-image-1")
WRONG_SIZE = body("dall-e-2", size="wide")


def finding(clause: str, made: Exchange, control: Outcome | None = ACCEPTED) -> Finding:
    """Judge an exchange by one clause."""
    (found,) = judge(made, EDITION, select(clauses_of(EDITION), clause), control)
    return found


def refused(told: object = None, status: int = 400, **given: Any) -> Exchange:
    """A wrong size, refused with these words."""
    return exchange(WRONG_SIZE, status, error() if told is None else told, **given)


def with_members(**members: object) -> Exchange:
    """A truthful answer with members at its top."""
    return exchange(GPT, answer={**answer(GPT), **members})


def counted(**members: object) -> Exchange:
    """A truthful answer with other members in its usage."""
    return with_members(usage={**answer(GPT)["usage"], **members})
