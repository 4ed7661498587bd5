"""Cases: the requests worth sending, derived from an edition's schemas."""

from conformance.cases.documented import all_cases, cases_for, cases_of_retired
from conformance.cases.request import PreparedRequest, build_request, curl

__all__ = ["PreparedRequest", "all_cases", "build_request", "cases_for", "cases_of_retired", "curl"]
