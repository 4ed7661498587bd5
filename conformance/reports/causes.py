"""Why promises are broken: a few causes for each provider, with the clauses that each explains.

The causes are data, `CAUSES`, in the order in which they are told: first what a reader should know
before anything else. A broken promise belongs to the first cause that claims its clause and says
something of it; what none claims is told clause by clause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from fnmatch import fnmatchcase

from conformance.findings import BROKEN, Finding, Verdict
from conformance.reports.grouping import LEVELS, Broken

LITTLE = 0.5
"""Up to this share of kinds of mistakes refused, a provider is said to validate little."""

_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was decided of one provider, by clause."""

    broken: Mapping[str, Sequence[Finding]]
    kept: Mapping[str, Sequence[Finding]]
    models: int


@dataclass(frozen=True, slots=True)
class Scope:
    """The clauses of one cause at one provider: those it breaks, and those it keeps."""

    patterns: tuple[str, ...]
    broken: tuple[str, ...]
    evidence: Evidence

    @property
    def kept(self) -> tuple[str, ...]:
        """The clauses of the cause that the provider keeps wherever they were judged."""
        return tuple(
            clause
            for clause in self.evidence.kept
            if _claims(self.patterns, clause) and clause not in self.evidence.broken
        )

    def keeps_any(self, *patterns: str) -> bool:
        """Whether a finding of some clauses is a pass."""
        return any(_claims(patterns, clause) for clause in self.evidence.kept)

    def breaks_any(self, *patterns: str) -> bool:
        """Whether a finding of some clauses is broken."""
        return any(_claims(patterns, clause) for clause in self.evidence.broken)


@dataclass(frozen=True, slots=True)
class Rule:
    """One cause: the clauses it claims, and the sentence it comes to; None where it does not."""

    id: str
    patterns: tuple[str, ...]
    sentence: Callable[[Scope], str | None]


@dataclass(frozen=True, slots=True)
class Cause:
    """What one provider does wrong, how often, and the promises that this breaks.

    `cases` break one of them, of those that `judged` any clause of the cause; a case is a request
    to a model.
    """

    provider: str
    id: str
    sentence: str
    cases: int
    judged: int
    musts: int
    models: tuple[str, ...]
    promises: tuple[Broken, ...]

    @property
    def level(self) -> str:
        """The gravest level among its promises."""
        return min((each.level for each in self.promises), key=LEVELS.index)


OTHER = "other"
"""The id of what no cause claims."""


def causes_of(broken: Sequence[Broken], findings: Iterable[Finding]) -> list[Cause]:
    """Put broken promises below their causes, provider by provider in the order of `broken`.

    Each promise is below exactly one cause, and what none claims below `OTHER`. Causes that break
    a MUST come first, then those that break a SHOULD; within a level the order is that of `CAUSES`.
    """
    evidence = _evidence(findings)
    found = []
    for provider in dict.fromkeys(each.provider for each in broken):
        mine = [each for each in broken if each.provider == provider]
        found += sorted(_of_provider(provider, mine, evidence[provider]), key=_place)
    return found


def _place(cause: Cause) -> tuple[int, bool]:
    return LEVELS.index(cause.level), cause.id == OTHER


def _of_provider(provider: str, broken: Sequence[Broken], evidence: Evidence) -> Iterable[Cause]:
    left = list(broken)
    others = "Promises are broken"
    for rule in CAUSES:
        claimed = [each for each in left if _claims(rule.patterns, each.clause)]
        scope = Scope(rule.patterns, tuple(each.clause for each in claimed), evidence)
        sentence = rule.sentence(scope) if claimed else None
        if sentence is not None:
            clauses = {*scope.broken, *scope.kept}
            yield _cause(provider, rule.id, sentence, claimed, evidence, clauses)
            left = [each for each in left if each not in claimed]
            others = "Other promises are broken"
    if left:
        yield _cause(provider, OTHER, others, left, evidence, {each.clause for each in left})


def _cause(
    provider: str,
    id_: str,
    sentence: str,
    promises: Sequence[Broken],
    evidence: Evidence,
    clauses: Set[str],
) -> Cause:
    broken = [one for each in promises for one in evidence.broken.get(each.clause, ())]
    kept = [one for clause in clauses for one in evidence.kept.get(clause, ())]
    cases = {(each.model, each.case) for each in broken}
    models = dict.fromkeys(model for each in promises for model in each.models)
    return Cause(
        provider=provider,
        id=id_,
        sentence=sentence,
        cases=len(cases),
        judged=len(cases | {(each.model, each.case) for each in kept}),
        musts=sum(each.level == "MUST" for each in promises),
        models=tuple(models),
        promises=tuple(promises),
    )


def _evidence(findings: Iterable[Finding]) -> dict[str, Evidence]:
    sides: dict[str, tuple[dict[str, list[Finding]], dict[str, list[Finding]], set[str]]] = {}
    for each in findings:
        broken, kept, models = sides.setdefault(each.provider, ({}, {}, set()))
        models.add(each.model)
        if each.verdict in BROKEN and not each.excused:
            broken.setdefault(each.clause, []).append(each)
        elif each.verdict is Verdict.PASS:
            kept.setdefault(each.clause, []).append(each)
    return {
        provider: Evidence(broken, kept, len(models))
        for provider, (broken, kept, models) in sides.items()
    }


def _claims(patterns: Iterable[str], clause: str) -> bool:
    return any(fnmatchcase(clause, pattern) for pattern in patterns)


def _always(sentence: str) -> Callable[[Scope], str | None]:
    return lambda _: sentence


def _named(clauses: Iterable[str]) -> str:
    """Name the subjects of clauses: `size` of parameters.size-enum."""
    names = sorted({_subject(each) for each in clauses}, key=lambda each: (" " in each, each))
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


_MISTAKES = {
    "parameters.json-malformed": "the body",
    "parameters.body-object": "the body",
    "parameters.content-type": "the content type",
    "parameters.method": "the method",
    "models.unknown-refused": "model",
}


def _subject(clause: str) -> str:
    chapter, _, name = clause.partition(".")
    if clause in _MISTAKES:
        return _MISTAKES[clause]
    return "n" if chapter == "count" else name.split("-", 1)[0]


def _authentication(scope: Scope) -> str:
    findings = [one for clause in scope.broken for one in scope.evidence.broken[clause]]
    if all(one.observed.startswith("HTTP 4") for one in findings):
        return "Requests without a valid key are not refused with 401"
    if scope.kept or len(scope.broken) < 2:
        return "Some requests without a valid key are not refused"
    return "Authentication is not checked"


def _no_image(scope: Scope) -> str | None:
    painted = ("image.*", "base64.is-image", "url.is-image", "stream.completed")
    if scope.keeps_any(*painted):
        return None
    return "No success has an image in it"


def _one_format(scope: Scope) -> str | None:
    url = scope.breaks_any("format.url-*")
    b64 = scope.breaks_any("format.b64-*", "format.gpt-image-b64")
    if url and not scope.keeps_any("format.url-*"):
        return None if b64 else "Only b64_json is answered, whatever response_format asks for"
    if b64 and not scope.keeps_any("format.b64-*", "format.gpt-image-b64"):
        return "Only URLs are answered, whatever response_format asks for"
    return None


def _count(scope: Scope) -> str | None:
    kept = scope.keeps_any("count.as-asked")
    return "n is not always kept to" if kept else "n is ignored"


def _validation(scope: Scope) -> str | None:
    kinds = len(scope.broken) + len(scope.kept)
    accepted = f"{len(scope.broken)} of {kinds} kinds of mistakes are not refused"
    if len(scope.broken) < 2:
        return None
    if not scope.kept:
        return f"Validates nothing: {accepted}"
    if len(scope.kept) <= LITTLE * kinds:
        return f"Validates nothing but {_named(scope.kept)}: {accepted}"
    return f"Does not validate {_named(scope.broken)}: {accepted}"


def _no_error_object(scope: Scope) -> str | None:
    if not scope.breaks_any("errors.json", "errors.object", "errors.error-object"):
        return None
    if scope.breaks_any("errors.json"):
        return "Errors are not JSON"
    return "Errors have no error object"


CAUSES: tuple[Rule, ...] = (
    Rule(
        "key-refused",
        ("authentication.valid-key-accepted",),
        _always("A valid key is not accepted"),
    ),
    Rule(
        "authentication-unchecked",
        (
            *("authentication.missing-key-refused", "authentication.wrong-scheme-refused"),
            *("authentication.unknown-key-refused", "authentication.malformed-*"),
        ),
        _authentication,
    ),
    Rule("key-echoed", ("authentication.*-echoed",), _always("A key comes back in an answer")),
    Rule(
        "refused-as-success",
        ("errors.not-2xx", "envelope.no-error"),
        _always("Refuses with a success status"),
    ),
    Rule(
        "no-image",
        ("envelope.data-*", "envelope.items-*", "envelope.object", "envelope.body-not-empty"),
        _no_image,
    ),
    Rule(
        "valid-refused",
        ("parameters.valid-accepted", "models.served"),
        _always("Documented requests are not accepted"),
    ),
    Rule(
        "mistakes-5xx",
        ("errors.not-5xx",),
        _always("Mistakes are answered with 5xx, as if the server had failed"),
    ),
    Rule("one-format", ("format.*-when-asked", "format.url-*", "format.gpt-image-*"), _one_format),
    Rule("count-ignored", ("count.as-asked",), _count),
    Rule(
        "validates-little",
        (
            *("parameters.*-type", "parameters.*-enum", "parameters.*-m??imum"),
            *("parameters.*-maxlength", "parameters.*-pattern", "parameters.*-needs-*"),
            *("parameters.*-required", "count.*-refused", "models.unknown-refused", *_MISTAKES),
        ),
        _validation,
    ),
    Rule(
        "errors-without-object",
        (
            *("errors.json", "errors.object", "errors.error-object", "errors.content-type"),
            *("errors.message-*", "errors.type-*", "errors.param-*", "errors.code-*"),
        ),
        _no_error_object,
    ),
    Rule(
        "error-members",
        ("errors.message-*", "errors.type-*", "errors.param-*", "errors.code-*"),
        lambda scope: f"Errors lack or misstate {_named(scope.broken)}",
    ),
    Rule(
        "refusal-status",
        ("errors.status-*", "models.unknown-not-found"),
        _always("Mistakes are refused with another status"),
    ),
    Rule("url", ("url.*",), _always("Image URLs cannot be used as promised")),
    Rule("base64", ("base64.*",), _always("Base64 is not what decoders expect")),
    Rule(
        "not-as-asked",
        ("image.*-as-asked", "image.*-when-*", "image.transparent-pixels", "image.*-by-default"),
        _always("Images are not what the request asked for"),
    ),
    Rule(
        "echo",
        ("extras.*-as-asked", "extras.*-true", "extras.*-documented"),
        _always("What an answer says of its image is not so"),
    ),
    Rule("usage", ("extras.usage-*", "stream.usage-*"), _always("The usage does not add up")),
    Rule("stream", ("stream.*",), _always("Streams are not what is documented")),
)
"""Every cause, in the order in which they are told; a clause goes to the first that speaks."""
