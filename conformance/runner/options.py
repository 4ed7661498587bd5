"""What a user chooses of a run: declared once, for the command `run` and for pytest."""

# Without postponed annotations: the options are read from them. A command declares its options
# whenever it starts, so what is large is imported for type checkers, and where a value is read.

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from conformance.cases.model import Depth
from conformance.errors import ConformanceError, UnknownNameError

if TYPE_CHECKING:
    from conformance.exchange.source import RecordMode
    from conformance.exchange.transport.limits import Limits
    from conformance.providers import Provider


@dataclass(frozen=True, slots=True)
class Option:
    """How one option is written, and how what is written is read."""

    metavar: str | None  # None for a flag
    help: str  # in ASCII: pytest escapes the line breaks too where a terminal has no more
    read: Callable[[Any], Any] = str
    names: tuple[str, ...] = ()  # of the command, the long one last; else made from the field's
    repeatable: bool = False
    in_pytest: str = ""  # where its long name there is another
    least: int | None = None
    most: int | None = None
    default: Any = None  # that of the field

    def value(self, text: Any) -> Any:
        """Return the value of what was written; raises `ConformanceError` where it has none."""
        value = self.read(text)
        if self.least is not None and not self.least <= value <= (self.most or value):
            up_to = f"from {self.least} to {self.most}" if self.most else f"of {self.least} or more"
            raise ConformanceError(f"{self.names[-1]} {value}: write a number {up_to}")
        return value


def _read_usd(text: str) -> float:
    from conformance.live.budget import read_budget

    return read_budget(text)


def _read_limits(texts: Iterable[str] = ()) -> "Limits":
    from conformance.exchange.transport.limits import read_limits

    return read_limits(texts)


def _read_mode(text: str) -> "RecordMode":
    from conformance.exchange.source import RecordMode

    if text not in list(RecordMode):
        raise UnknownNameError("record mode", text, [mode.value for mode in RecordMode])
    return RecordMode(text)


@dataclass(frozen=True, slots=True)
class Options:
    """What was chosen; the same for pytest and for the command."""

    providers: Annotated[
        tuple[str, ...],
        Option(
            "NAME",
            "A provider by name, or a TOML file by path. Repeatable.",
            read=tuple,
            names=("-p", "--provider"),
            repeatable=True,
        ),
    ] = ()
    live: Annotated[bool, Option(None, "Send real requests; may be billed.", bool)] = False
    record_mode: Annotated[
        "RecordMode | None", Option("MODE", "none, once, new_episodes, all or rewrite.", _read_mode)
    ] = None
    edition: Annotated[
        str | None, Option("ID", "Edition of the contract by its id, or the path of its folder.")
    ] = None
    """None leaves it to the providers."""
    clauses: Annotated[str, Option("GLOB", "Only these clauses; commas between several.")] = "*"
    plugins: Annotated[
        tuple[str, ...],
        Option(
            "MODULE",
            "A module, or a .py file by path, with clauses of your own. Repeatable.",
            read=tuple,
            names=("--plugin",),
            repeatable=True,
        ),
    ] = ()
    requests: Annotated[
        Path | None, Option("FILE", "Requests of your own, in TOML or JSON.", Path)
    ] = None
    models: Annotated[str, Option("GLOB", "Only these models; commas between several.")] = "*"
    cases: Annotated[str, Option("GLOB", "Only these cases; commas between several.")] = "*"
    strength: Annotated[
        int | None,
        Option("N", "Send combinations of 1, 2 or 3 parameters as well.", int, least=1, most=3),
    ] = None
    depth: Annotated[
        Depth | None,
        Option(
            "DEPTH",
            "Which cases are sent: standard, or thorough with all legal edges, which costs more; "
            "by default thorough where nothing is billed.",
            Depth,
        ),
    ] = None
    base_url: Annotated[str | None, Option("URL", "Another address of the provider.")] = None
    cassettes: Annotated[Path, Option("FOLDER", "Where cassettes are.", Path)] = Path("cassettes")
    limits: Annotated[
        "Limits",
        Option(
            "NAME=VALUE",
            "Limits of an answer: body=64MiB, header=64KiB, seconds=180, connect-seconds=10, "
            "redirects=5, pixels=64M, images-seconds=300, images-bytes=256MiB, images-pixels=256M; "
            "these are the defaults. Repeatable.",
            read=_read_limits,
            names=("--limit",),
            repeatable=True,
        ),
    ] = field(default_factory=_read_limits)
    output: Annotated[
        Path | None,
        Option("FILE", "The run file to write.", Path, ("-o", "--output"), in_pytest="--run-file"),
    ] = None
    concurrency: Annotated[
        int | None, Option("N", "Requests at once with --live; 8.", int, least=1, most=100)
    ] = None
    """None leaves it to the provider."""
    budget: Annotated[
        float | None,
        Option("USD", "Spend no more; or unlimited. A paid provider needs it.", _read_usd),
    ] = None
    """US dollars; infinity where there is no limit."""
    max_requests: Annotated[
        int | None, Option("N", "Send no more requests, free ones included.", int, least=0)
    ] = None
    partial: Annotated[
        bool, Option(None, "Start a plan over budget, and stop at the budget.", bool)
    ] = False
    resume: Annotated[Path | None, Option("RUN", "Resume the run of this run file.", Path)] = None
    resend: Annotated[
        bool, Option(None, "With --resume: send again what may be billed and has no answer.", bool)
    ] = False
    baseline: Annotated[
        Path | None, Option("RUN", "Run file of the last good run, or a folder of them.", Path)
    ] = None
    confirm: Annotated[int, Option("N", "Repeat what is worse than --baseline.", int, least=0)] = 3
    provider: "Provider | None" = None  # one that has no file, in place of the named ones
    paths: frozenset[str] | None = None  # only these cases, named model/case
    today: date | None = None  # the day of the run in UTC; None is that of its start

    @property
    def names(self) -> tuple[str, ...]:
        """The providers that were named, by name or by file."""
        return self.providers if self.provider is None else (self.provider.id,)

    @property
    def mode(self) -> str:
        """Return whether cases are sent, played, or sent and recorded."""
        if self.live:
            return "live"
        return "replay" if self.record_mode in (None, "none") else "record"

    @property
    def sends(self) -> bool:
        """Return whether requests may be sent, and so billed."""
        return self.mode != "replay"

    @property
    def whole(self) -> bool:
        """Return whether nothing was left out, so that what is unused or stale can be known."""
        return {self.clauses, self.models, self.cases} == {"*"} and self.paths is None


def _declared() -> Iterator[tuple[str, Option]]:
    """Yield the options by field, with what their fields say of them: names and a default."""
    for member in fields(Options):
        for option in getattr(member.type, "__metadata__", ()):
            names = option.names or (f"--{member.name.replace('_', '-')}",)
            default = None if option.repeatable else member.default
            in_pytest = option.in_pytest or names[-1]
            yield (member.name, replace(option, names=names, in_pytest=in_pytest, default=default))


OPTIONS = dict(_declared())
"""The options of a command line, by field, in the order in which help lists them."""


def read_options(texts: Mapping[str, Any]) -> Options:
    """Read options by field, as a command line has them; None leaves the default.

    Raises `ConformanceError` for what an option does not take.
    """
    values = {
        name: OPTIONS[name].value(value)
        for name, value in texts.items()
        # an empty path comes of a shell variable that is not set
        if value is not None and not (value == "" and OPTIONS[name].read is Path)
    }
    return Options(**values)
