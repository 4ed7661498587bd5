"""The causes that reports know, as data: the clauses each claims, and its sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from conformance.findings import PAGE_AS_SUCCESS, Finding
from conformance.output.counting import join_names

LITTLE = 0.5
"""Up to this share of kinds of mistakes refused, a provider is said to validate little."""

_MOST_NAMES = 5
_MOST_NAMED = 2  # models that are said to answer like another
_STATUS = re.compile(r"HTTP \d{3}\b")
_NO_PAYLOAD = re.compile(r"url (absent|null|empty), b64_json (absent|null|empty)")


@dataclass(frozen=True, slots=True)
class ProviderFindings:
    """What was decided of one provider, by clause."""

    broken: dict[str, list[Finding]]
    kept: dict[str, list[Finding]]
    answers_like: dict[str, str] = field(default_factory=dict)
    """For a model that answers in the shape of another family, the sentence that says so."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The clauses of one cause at one provider: those it breaks, and those it keeps."""

    patterns: tuple[str, ...]
    broken: tuple[str, ...]
    findings: ProviderFindings

    @property
    def kept(self) -> tuple[str, ...]:
        """The clauses of the cause that the provider keeps wherever they were judged."""
        unbroken = (clause for clause in self.findings.kept if clause not in self.findings.broken)
        return tuple(clause for clause in unbroken if claims(self.patterns, clause))

    def keeps_any(self, *patterns: str) -> bool:
        """Return whether a finding of some clauses is a pass."""
        return any(claims(patterns, clause) for clause in self.findings.kept)

    def breaks_any(self, *patterns: str) -> bool:
        """Return whether a finding of some clauses is broken."""
        return any(claims(patterns, clause) for clause in self.findings.broken)

    @property
    def observed(self) -> list[str]:
        """What every broken finding of the cause observed."""
        return [
            finding.observed for clause in self.broken for finding in self.findings.broken[clause]
        ]


@dataclass(frozen=True, slots=True)
class Rule:
    """One cause: the clauses that it claims, and its sentence; None where it is not the cause."""

    id: str
    patterns: tuple[str, ...]
    sentence: Callable[[Scope], str | None]
    models: Callable[[ProviderFindings], Collection[str]] | None = None
    """The models on which alone a promise is broken that it claims; None where any will do."""


def claims(patterns: Iterable[str], clause: str) -> bool:
    """Return whether one of some patterns matches a clause."""
    return any(fnmatchcase(clause, pattern) for pattern in patterns)


def _always(sentence: str) -> Callable[[Scope], str | None]:
    return lambda _: sentence


_MISTAKES = {
    "parameters.json-malformed": "the body",
    "parameters.body-object": "the body",
    "parameters.content-type": "the content type",
    "parameters.method": "the method",
    "models.unknown-refused": "model",
}


def _subjects(clauses: Iterable[str]) -> str:
    """Name the subjects of clauses: `size` of parameters.size-enum; parameters come first."""
    names = set()
    for clause in clauses:
        chapter, _, name = clause.partition(".")
        parameter = "n" if chapter == "count" else name.split("-", 1)[0]
        names.add(_MISTAKES.get(clause, parameter))
    return join_names(sorted(names, key=lambda name: (" " in name, name)), _MOST_NAMES)


def _authentication(scope: Scope) -> str:
    if all(observed.startswith("HTTP 4") for observed in scope.observed):
        return "Requests without a valid key are not refused with 401"
    if scope.kept or len(scope.broken) < 2:
        return "Some requests without a valid key are not refused"
    return "Authentication is not checked"


def _refused_as_success(scope: Scope) -> str | None:
    if not scope.breaks_any("errors.not-2xx"):
        return None  # then it is in answers to valid requests that an error stands
    statuses = sorted({match[0] for match in map(_STATUS.match, scope.observed) if match})
    status = statuses[0] if len(statuses) == 1 else "a success status"
    refusals = scope.findings.broken["errors.not-2xx"]
    pages = {finding.message.startswith(PAGE_AS_SUCCESS) for finding in refusals}
    if True not in pages:
        return f"Refuses with {status}"
    page = "" if False in pages else "a web page and "
    return f"Answers mistakes with {page}{status}"


def _no_image(scope: Scope) -> str | None:
    painted = ("image.*", "base64.is-image", "url.is-image", "stream.completed")
    clauses = [clause for clause in scope.broken if clause.startswith("format.")]
    observed = [finding.observed for clause in clauses for finding in scope.findings.broken[clause]]
    if scope.keeps_any(*painted) or not all(map(_NO_PAYLOAD.search, observed)):
        return None
    return "No success has an image in it"


def _one_format(scope: Scope) -> str | None:
    url = scope.breaks_any("format.url-*")
    b64 = scope.breaks_any("format.b64-*", "format.gpt-image-b64")
    if all(map(_NO_PAYLOAD.search, scope.observed)):
        return None  # the other format does not come either
    if url and not scope.keeps_any("format.url-*"):
        return None if b64 else "Only b64_json is answered, whatever response_format asks for"
    if b64 and not scope.keeps_any("format.b64-*", "format.gpt-image-b64"):
        return "Only URLs are answered, whatever response_format asks for"
    return None


def _validation(scope: Scope) -> str | None:
    kinds = len(scope.broken) + len(scope.kept)
    accepted = f"{len(scope.broken)} of {kinds} kinds of mistakes are not refused"
    if len(scope.broken) < 2:
        return None
    if not scope.kept:
        return f"Validates nothing: {accepted}"
    if len(scope.kept) <= LITTLE * kinds:
        return f"Validates nothing but {_subjects(scope.kept)}: {accepted}"
    return f"Does not validate {_subjects(scope.broken)}: {accepted}"


def _no_error_object(scope: Scope) -> str | None:
    if not scope.breaks_any("errors.json", "errors.object", "errors.error-object"):
        return None
    if scope.breaks_any("errors.json"):
        return "Errors are not JSON"
    return "Errors have no error object"


CAUSES: tuple[Rule, ...] = (
    Rule("key-refused", ("authentication.valid-key-accepted",),
         _always("A valid key is not accepted")),
    Rule("authentication-unchecked",
         ("authentication.missing-key-refused", "authentication.wrong-scheme-refused",
          "authentication.unknown-key-refused", "authentication.malformed-*"), _authentication),
    Rule("key-echoed", ("authentication.*-echoed",), _always("A key comes back in an answer")),
    # before all that is about answers: a model that keeps another family's promises breaks these
    Rule("another-family",
         ("format.*", "image.*", "count.*", "extras.*", "defaults.*", "models.listed",
          "parameters.*-type", "parameters.*-enum", "parameters.*-m??imum",
          "parameters.*-maxlength", "parameters.*-pattern", "parameters.*-needs-*",
          "parameters.unsupported", "parameters.disputed-value"),
         lambda scope: join_names([*dict.fromkeys(scope.findings.answers_like.values())],
                                  _MOST_NAMED),
         models=lambda findings: findings.answers_like),
    # before `no-image`: an error that comes as a success has no image either
    Rule("refused-as-success", ("errors.not-2xx", "envelope.no-error"), _refused_as_success),
    Rule("no-image",
         ("envelope.data-*", "envelope.items-*", "envelope.object", "envelope.body-not-empty",
          "envelope.no-error", "envelope.status-200", "format.*", "stream.content-type",
          "stream.framing", "stream.completed"), _no_image),
    Rule("valid-refused", ("parameters.valid-accepted", "models.served"),
         _always("Documented requests are not accepted")),
    Rule("mistakes-5xx", ("errors.not-5xx",),
         _always("Mistakes are answered with 5xx, as if the server had failed")),
    Rule("one-format", ("format.*-when-asked", "format.url-*", "format.gpt-image-*"), _one_format),
    Rule("count-ignored", ("count.as-asked",),
         lambda scope: ("n is not always kept to" if scope.keeps_any("count.as-asked")
                        else "n is ignored")),
    Rule("validates-little",
         ("parameters.*-type", "parameters.*-enum", "parameters.*-m??imum",
          "parameters.*-maxlength", "parameters.*-pattern", "parameters.*-needs-*",
          "parameters.*-required", "count.*-refused", "models.unknown-refused", *_MISTAKES),
         _validation),
    Rule("errors-without-object",
         ("errors.json", "errors.object", "errors.error-object", "errors.content-type",
          "errors.message-*", "errors.type-*", "errors.param-*", "errors.code-*"),
         _no_error_object),
    # after the cause above: where there is no error object, its members cannot be there
    Rule("error-members", ("errors.message-*", "errors.type-*", "errors.param-*", "errors.code-*"),
         lambda scope: f"Errors lack or misstate {_subjects(scope.broken)}"),
    Rule("refusal-status", ("errors.status-*", "models.unknown-not-found"),
         _always("Mistakes are refused with another status")),
    Rule("url", ("url.*",), _always("Image URLs cannot be used as promised")),
    Rule("base64", ("base64.*",), _always("Base64 is not what decoders expect")),
    Rule("not-as-asked",
         ("image.*-as-asked", "image.*-when-*", "image.transparent-pixels", "image.*-by-default"),
         _always("Images are not what the request asked for")),
    Rule("echo", ("extras.*-as-asked", "extras.*-true", "extras.*-documented"),
         _always("What an answer says of its image is not so")),
    Rule("usage", ("extras.usage-*", "stream.usage-*"), _always("The usage does not add up")),
    Rule("stream", ("stream.*",), _always("Streams are not what is documented")),
)  # fmt: skip
"""Every cause, in the order of reports; a clause goes to the first that has a sentence."""
