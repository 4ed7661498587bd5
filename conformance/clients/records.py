"""What breaks in which client, as reports show it: records, and nothing that reads anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from msgspec import Struct


class Effect(Enum):
    """What a client makes of an answer; the gravest first."""

    RAISED = "raised"
    WRONG = "wrong value"
    LOST = "lost a member"
    NO_MORE = "nothing more"
    PARSED = "parsed as meant"
    UNABLE = "cannot be asked"
    NOT_TRIED = "not tried"

    @property
    def breaks(self) -> bool:
        """Return whether the client is worse off than with an answer as documented."""
        return self in (Effect.LOST, Effect.WRONG, Effect.RAISED)


MEANINGS = {
    Effect.RAISED: "the client raises, where it does not for the documented answer",
    Effect.WRONG: "a member has another type, number or status, or holds no image",
    Effect.LOST: "a member is missing that the documented answer has",
    Effect.NO_MORE: "the same happens with an answer that keeps this promise: it is not the reason",
    Effect.PARSED: "the client gives what it gives for the documented answer",
    Effect.UNABLE: "the client sends no such request, or reads no documented answer to it",
    Effect.NOT_TRIED: "nobody recorded what it makes of these answers; `clients RUN` tries them",
}
GRAVITY = {kind: rank for rank, kind in enumerate(Effect)}


class ClientOutcome(Struct, frozen=True):
    """What a client made of one answer, and its own line or the members that it is about."""

    kind: Effect
    said: str = ""


NOT_TRIED = ClientOutcome(Effect.NOT_TRIED)


def gravest(outcomes: Iterable[ClientOutcome]) -> ClientOutcome:
    """Return the gravest; what was not tried counts only where nothing was."""
    return min(outcomes, key=lambda outcome: GRAVITY[outcome.kind], default=NOT_TRIED)


class ClientColumn(Struct, frozen=True):
    """A client, in the version that was tried; empty if it never was."""

    id: str
    title: str
    version: str


class Breaks(Struct, frozen=True):
    """Promises that one provider breaks with the same outcome in every client.

    None are named where clients break on an answer that keeps all.
    """

    provider: str
    clauses: tuple[str, ...]
    outcomes: Mapping[str, ClientOutcome]
    """By client."""

    @property
    def gravest(self) -> ClientOutcome:
        """The gravest of its outcomes."""
        return gravest(self.outcomes.values())


class DefaultRequest(Struct, frozen=True):
    """What a client sends of itself to a model, where the edition does not plainly allow it."""

    client: str
    model: str
    edition: str
    tried: bool
    """Whether it was recorded at all."""
    not_allowed: tuple[str, ...] = ()
    left_open: tuple[str, ...] = ()
    """Names of the open questions that it touches."""


class Impact(Struct, frozen=True):
    """What breaks in which client."""

    clients: tuple[ClientColumn, ...]
    breaks: tuple[Breaks, ...]
    default_requests: tuple[DefaultRequest, ...]
