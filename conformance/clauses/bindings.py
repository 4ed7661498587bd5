"""Which requests a clause binds: small predicates over a request as the edition reads it."""

from __future__ import annotations

from functools import reduce

from conformance.cases.model import Authorization, Operation
from conformance.clauses.registry import Binding, Bound, possible_in, predicate
from conformance.contract import Edition, RequestBody, SchemaRule
from conformance.contract.records import Violation
from conformance.exchange.sent_request import SentRequest


def all_of(*bindings: Binding) -> Binding:
    """Bind where every one binds."""
    return Bound(
        reduce(_both, map(predicate, bindings)),
        lambda edition: all(possible_in(binding, edition) for binding in bindings),
    )


def _both(first: Binding, second: Binding) -> Binding:
    # `all` over a generator takes twice as long, and every clause is asked about every request
    return lambda sent: first(sent) and second(sent)


def any_of(*bindings: Binding) -> Binding:
    """Bind where at least one binds."""
    return Bound(
        lambda sent: any(binding(sent) for binding in bindings),
        lambda edition: any(possible_in(binding, edition) for binding in bindings),
    )


def generation(sent: SentRequest) -> bool:
    """Bind any request to the endpoint."""
    return sent.operation is Operation.GENERATE


def minimal(sent: SentRequest) -> bool:
    """Bind the smallest request to a model: its name and a prompt."""
    return set(sent.body) == {"model", "prompt"}


def model_list(sent: SentRequest) -> bool:
    """Bind a well-formed request for the list of models."""
    return sent.operation is Operation.LIST_MODELS and sent.expectation == "accepted"


def accepted(sent: SentRequest) -> bool:
    """Bind a generation that the contract says is accepted."""
    return generation(sent) and sent.expectation == "accepted"


def refused(sent: SentRequest) -> bool:
    """Bind a generation that the contract says is refused."""
    return generation(sent) and sent.expectation == "refused"


def left_open(*questions: str) -> Binding:
    """Bind a generation that raises one of these open questions and has no other fault."""

    def binds(sent: SentRequest) -> bool:
        raised = sent.reading.left_open if sent.reading else ()
        is_open = generation(sent) and sent.expectation == "open"
        return is_open and bool(set(questions) & set(raised))

    return Bound(binds, lambda edition: bool(set(questions) & edition.open_questions.keys()))


def family(*names: str) -> Binding:
    """Bind a request to a model of one of these families."""
    return Bound(
        lambda sent: sent.family in names,
        lambda edition: any(model.family in names for model in edition.every_model),
    )


def asks(parameter: str, *values: object) -> Binding:
    """Bind a request that sends a parameter, with one of these values if any are given."""
    return lambda sent: sent.has(parameter) and (not values or sent.value(parameter) in values)


def omits(parameter: str) -> Binding:
    """Bind a request that does not send a parameter, or sends it as null."""
    return lambda sent: sent.reading is not None and not sent.has(parameter)


def documents(parameter: str) -> Binding:
    """Bind a request to a model that has a parameter; any other ignores it or refuses it."""
    return Bound(
        lambda sent: sent.model is not None and parameter in sent.model.parameters,
        lambda edition: any(parameter in model.parameters for model in edition.every_model),
    )


def plain(sent: SentRequest) -> bool:
    """Bind a request whose answer is one JSON body and not a stream.

    A model that is documented to have no streams answers as if none had been asked for. Whether a
    model streams that no document knows, its answer shows (ARCHITECTURE 14).
    """
    streams = sent.streamed_back if sent.model is None else "stream" in sent.model.parameters
    return not (streams and sent.has("stream") and sent.value("stream") is True)


def answered_with(*kinds: str) -> Binding:
    """Bind a request that the edition says is answered with payloads of one of these kinds.

    A model that it does not know may answer with either.
    """

    def binds(sent: SentRequest) -> bool:
        model = sent.model
        return (model.response_kind(sent.value("response_format")) if model else "either") in kinds

    def possible(edition: Edition) -> bool:
        return any({*model.responses.values()} & {*kinds} for model in edition.every_model)

    return Bound(binds, possible)


def promised(*deciding: str) -> Binding:
    """Bind a generation whose answer is promised something, by the values of these parameters.

    What is answered with a success is judged as one, whether the contract foresaw it or not. A
    mistake binds only once an image came for it, and where these parameters are not what is wrong
    with it: of an `n` of 0 nobody says how many images that is. `stream` decides every answer.
    """
    decisive = {"stream", *deciding}

    def binds(sent: SentRequest) -> bool:
        if not generation(sent) or sent.reading is None:
            return False
        if sent.expectation != "refused":
            return True
        return (
            sent.painted and "method" not in sent.faults and not broken_parameters(sent) & decisive
        )

    return binds


def broken_parameters(sent: SentRequest) -> frozenset[str]:
    """Name the parameters whose documented rules a request breaks; none where it is not read."""
    if "model-unknown" in sent.faults:
        return frozenset({"model"})
    if sent.reading is None:
        return frozenset()
    violations = sent.reading.violations
    broken = {violation.parameter for violation in violations if violation.parameter}
    rules = [violation.rule for violation in violations if violation.rule]
    return frozenset(broken.union(*map(condition_parameters, rules)))


def condition_parameters(rule: SchemaRule) -> tuple[str, ...]:
    """Name the parameters that bring a rule across parameters into force; else none."""
    condition = rule.value.get("if", {}) if isinstance(rule.value, dict) else {}
    return (*condition.get("required", ()), *condition.get("properties", ()))


def streamed(sent: SentRequest) -> bool:
    """Bind a request that asks for an event stream."""
    return not plain(sent)


def fault(name: str) -> Binding:
    """Bind a request with this fault of its transport, when no graver one, or its key, hides it."""
    # a server that looks at the method or the content type first never sees the body
    graver = {"json": {"method", "content-type"}, "content-type": {"method"}}.get(name, set())

    def binds(sent: SentRequest) -> bool:
        shown = name in sent.faults and not graver & sent.faults
        return shown and generation(sent) and authorized(sent)

    return binds


def authorized(sent: SentRequest) -> bool:
    """Bind a request with a valid key."""
    return sent.authorization is Authorization.VALID


def presents(authorization: Authorization) -> Binding:
    """Bind a request that authorizes itself in this way."""
    return lambda sent: generation(sent) and sent.authorization is authorization


def broken_keyword(sent: SentRequest, parameter: str | None = None) -> str | None:
    """Name the documented constraint that a request breaks, when that is its only fault.

    ``parameter`` says whose constraint it must be. A wrong type outranks what else it
    entails, and a rule across parameters comes last.
    """
    reading = sent.reading
    if reading is None or sent.faults or not (refused(sent) and authorized(sent)):
        return None
    parameters = {violation.parameter for violation in reading.violations}
    if len(parameters) != 1 or (parameter is not None and parameters != {parameter}):
        return None
    return gravest_keyword(reading)


def gravest_keyword(reading: RequestBody) -> str:
    """Name the most basic constraint that a request breaks: type, its own, one across others."""
    known = reading.model.parameters if reading.model else {}

    def gravity(violation: Violation) -> tuple[bool, bool]:
        is_own = violation.keyword in known.get(str(violation.parameter), {})
        return violation.keyword != "type", not is_own

    return min(reading.violations, key=gravity).keyword


def definite(parameter: str) -> Binding:
    """Bind a request in which a parameter has one value, sent or documented as its default.

    ``auto`` leaves the value to the provider.
    """

    def binds(sent: SentRequest) -> bool:
        value = sent.value(parameter)
        return value is not None and value != "auto"

    return binds


def not_(binding: Binding) -> Binding:
    """Bind where another does not."""
    return lambda sent: not binding(sent)


SUCCESS = all_of(promised(), plain)  # any generation of which a success is one JSON body
