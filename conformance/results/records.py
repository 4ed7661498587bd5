"""The records of a run file: each line is one of them, and its ``type`` says which.

``schemas/run.schema.json`` is generated from them (``python -m tests.schema``). Every member is
written, but for those of findings and images that say nothing.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from conformance.cases.request import Headers
from conformance.exchange.model import Amount, Attempt, Failure, Price
from conformance.findings import Finding, Level, Observation
from conformance.parsing.credentials.records import Credentials, Painter
from conformance.results.field_types import Count, Whole, one_of
from conformance.results.reach import ModelReach

SCHEMA: Literal[1] = 1
"""Version of the run file's form."""

NOT_RUN = "not run"
"""The outcome of a request that was planned and not sent."""


class EditionRecord(Struct, frozen=True):
    """The edition of the contract that was judged by."""

    id: str
    title: str
    document: str
    published: str
    families: dict[str, str] = {}
    """The family of every model that is judged."""
    digest: str = ""
    """The SHA-256 of the edition's files, by which a changed folder of the same name is told."""
    read_as: dict[str, str] = {}
    """As what each model is judged that the edition does not have under its name."""


class SelectionRecord(Struct, frozen=True):
    """The options of the suite that narrow a run or widen it."""

    clauses: str = "*"
    models: str = "*"
    cases: str = "*"
    strength: Count | None = None
    depth: str | None = None


class PriceListRecord(Struct, frozen=True):
    """Where the prices of estimates are from, and of which day."""

    source: str
    date: str


class DeviationRecord(Struct, frozen=True):
    """A known disagreement, from the provider's file; globs, as they stand there."""

    clause: str
    models: tuple[str, ...]
    cases: tuple[str, ...]
    reason: str
    link: str
    since: str
    expires: str


class ClaimRecord(Struct, frozen=True):
    """What the provider does not promise, from its file."""

    clause: str
    models: tuple[str, ...]
    reason: str


class LifecycleRecord(Struct, frozen=True, omit_defaults=True):
    """When a model begins and ends at a provider, and the day by which it was judged."""

    judged_on: str
    """The day of the run, or the one on which what was replayed was recorded; as all, in UTC."""
    since: str | None = None
    deprecated: str | None = None
    until: str | None = None
    """The day on which it ends."""
    replaced_by: tuple[str, ...] = ()
    source: str = ""
    retrieved: str = ""


class ProviderRecord(Struct, frozen=True):
    """A provider of the run, as its file has it."""

    id: str
    title: str
    base_url: str
    mode: Annotated[str, one_of("live", "replay", "record", "foreign")]
    models: dict[str, str]
    key_variable: str | None = None
    deviations: tuple[DeviationRecord, ...] = ()
    not_claimed: tuple[ClaimRecord, ...] = ()
    prices: PriceListRecord | None = None
    lifecycle: dict[str, LifecycleRecord] = {}
    """Of its models whose dates are known."""


class CitationRecord(Struct, frozen=True):
    """Where a document promises what a clause judges."""

    source: str
    section: str
    title: str = ""
    url: str = ""
    edition: str = ""
    retrieved: str = ""


class ClauseRecord(Struct, frozen=True, omit_defaults=True):
    """A clause of the run."""

    id: str
    level: Level
    statement: str
    citations: tuple[CitationRecord, ...]
    outside: bool = False
    """Whether it is a plugin's, or of the user's own requests: no edition has or lacks it."""


class BudgetRecord(Struct, frozen=True):
    """What a live run may spend; null is no limit."""

    usd: Amount | None = None
    requests: Count | None = None


class PlannedModel(Struct, frozen=True):
    """What there is to judge of a model if nothing is left out."""

    provider: str
    model: str
    cases: Count
    promises: Count
    """Pairs of a case and a clause."""


class ValueRecord(Struct, frozen=True):
    """A value of a parameter: what the contract says of it, and whether the plan asks for it."""

    model: str
    asks: Headers
    """The parameter and the value: as JSON, but a plain word without its quotes, and of a long text
    its length. Several, where a rule forbids them together."""
    standing: Annotated[str, one_of("documented", "default", "open", "refused")]
    """Whether the contract documents it, has it as the default, leaves it open, or forbids it."""
    depth: Annotated[str, one_of("standard", "thorough")] | None = None
    """At which the plan asks for it; null if no request of the plan does."""


class ContractRecord(Struct, frozen=True, kw_only=True):
    """Another edition, by which a run judged some of its providers."""

    edition: EditionRecord
    providers: tuple[str, ...]
    clauses: tuple[ClauseRecord, ...]
    unknown_models: tuple[str, ...] = ()
    values: tuple[ValueRecord, ...] = ()


class RunHeader(Struct, frozen=True, kw_only=True, tag="run"):
    """The first line: what was run, against whom, by which version, within what bounds."""

    schema: Literal[1]
    id: str
    tool: str
    python: str = ""
    edition: EditionRecord
    started: str
    day: str | None = None
    """The day of the run in UTC, by which models end; null: that of its start."""
    selection: SelectionRecord = SelectionRecord()
    unknown_models: tuple[str, ...] = ()
    """Models that the edition does not know, of recordings."""
    recordings: tuple[str, ...] = ()
    """Names of the files of others that were judged."""
    seed: int | None = None
    """Of what was drawn, where anything was."""
    providers: tuple[ProviderRecord, ...]
    clauses: tuple[ClauseRecord, ...]
    budget: BudgetRecord | None = None
    resumes: tuple[str, ...] = ()
    """Ids of the runs whose findings this one took over."""
    plan: tuple[PlannedModel, ...] = ()
    values: tuple[ValueRecord, ...] = ()
    """The values of parameters that the contract names, and those that the plan asks for."""
    also: tuple[ContractRecord, ...] = ()
    """Other editions than `edition`, of recordings; its members are of the other providers."""


class RequestRecord(Struct, frozen=True):
    """A request as it was sent."""

    method: str
    url: str
    headers: Headers
    body: str
    """Long texts in it are folded to their length and digest."""


class ResponseRecord(Struct, frozen=True):
    """A response as it came."""

    status: Whole
    headers: Headers
    body: str
    """Long texts in it are folded to their length and digest."""
    bytes: Count
    """The length of the whole body."""


class ErrorRecord(Struct, frozen=True):
    """By what the answer's error is told from others."""

    type: str | None = None
    code: str | None = None
    param: str | None = None


class DownloadRecord(Struct, frozen=True):
    """An image that was fetched from a URL of the answer."""

    url: str
    status: Whole | None = None
    headers: Headers = ()
    bytes: Count | None = None
    failure: Failure | None = None
    retried: tuple[Attempt, ...] = ()
    """What came of it before it was asked for once more."""


class ImageRecord(Struct, frozen=True, omit_defaults=True):
    """What is known of an image of the answer, as far as it could be read."""

    index: Count
    member: str
    type: str | None = None
    width: Count | None = None
    height: Count | None = None
    alpha: bool | None = None
    frames: Count | None = None
    complete: bool | None = None
    bytes: Count | None = None
    sha256: str | None = None
    thumbnail: Annotated[str, Meta(pattern="^data:image/")] | None = None
    """A small picture of it, painted anew by the suite, as a data: URL."""
    credentials: Credentials | None = None
    """Its content credentials (C2PA), where it carries any."""
    painter: Painter | None = None
    """Whether they name the model that was asked for."""


class ExchangeRecord(Struct, frozen=True, kw_only=True, tag="exchange"):
    """One request with its answer: all that proves a finding, and no payload."""

    provider: str
    model: str
    case: str
    provenance: Annotated[str, one_of("live", "cassette", "reference", "foreign")]
    sent_at: str | None = None
    elapsed: float | None = None
    """Seconds."""
    cassette: str | None = None
    """Path of the cassette that was played or written."""
    target: str | None = None
    """The base URL that answered, when it was recorded as well."""
    outcome: str
    reason: str = ""
    expected: Annotated[str, one_of("accepted", "refused", "open")] | None = None
    """What the contract says will come of the request; null for no generation."""
    asks: dict[str, str] = {}
    """The values of the parameters that a generation asks for, beside its model."""
    cause: str | None = None
    """Why it was not accepted, where that is no fault of the request."""
    said: str = ""
    """The provider's own words, where the answer is not what was asked for."""
    request: RequestRecord
    response: ResponseRecord | None
    shape: Annotated[tuple[str, ...], Meta(max_length=201)] | None = None
    """What the whole body is made of: sorted paths with their types, such as data[].url:string; of
    a stream, with each event's type in <> before them. Null for neither JSON nor a stream; … after
    the first 200."""
    error: ErrorRecord | None = None
    failure: Failure | None = None
    downloads: tuple[DownloadRecord, ...] = ()
    images: tuple[ImageRecord, ...] = ()
    attempts: Count | None = None
    """Requests that were sent until this answer came; null where a cassette does not say."""
    retried: tuple[Attempt, ...] = ()
    """What came of those before it."""
    price: Price | None = None
    run: str | None = None
    """The run that sent it, where this one took it over."""
    findings: Count | None = None
    """How many findings it gave; a file that holds fewer of them was cut off."""

    @property
    def path(self) -> str:
        """The name of the exchange in a run: provider, model and case."""
        return f"{self.provider}/{self.model}/{self.case}"

    @property
    def column(self) -> tuple[str, str]:
        """Its provider and model."""
        return self.provider, self.model

    @property
    def was_sent(self) -> bool:
        """Return whether the request was sent at all; what was only planned cost nothing."""
        return self.outcome != NOT_RUN


class SpentRecord(Struct, frozen=True):
    """US dollars and requests of the whole run, each dollar counted in one of three."""

    estimate: Amount = 0.0
    """By a known price."""
    actual: Amount | None = None
    """As usage says; null where no answer said."""
    guess: Amount = 0.0
    """What counted against the budget as the dearest, because no price is known."""
    requests: Count = 0


class RunFooter(Struct, frozen=True, kw_only=True, tag="end"):
    """The last line: how the run ended, and what it concludes."""

    finished: str
    complete: bool
    """Whether all was judged that the options of the suite asked for."""
    interrupted: bool | None = None
    """Whether something that the run began with was not judged: it was cut off, or a worker died.
    Null: if it is not complete."""
    whole: bool | None = None
    """Whether of every model that was begun with all of the plan was judged."""
    left_out: Count = 0
    """Pairs of a case and a clause that pytest, or a plugin, left out of what was asked for."""
    conclusion: Annotated[int, Meta(ge=0, le=2)]
    """The exit code."""
    counts: dict[str, Count] = {}
    """Findings by verdict."""
    reach: tuple[ModelReach, ...] = ()
    spent: SpentRecord | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Of foreign recordings: what there was nothing to judge in, and why."""


Record: TypeAlias = ExchangeRecord | Finding | Observation
"""What stands between header and footer."""

Line: TypeAlias = RunHeader | Record | RunFooter
