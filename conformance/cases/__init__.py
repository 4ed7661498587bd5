"""Cases: the requests worth sending, derived from an edition's schemas."""

from conformance.cases.documented import all_cases, cases_for, cases_of_retired
from conformance.cases.request import Prepared, build_request, curl

__all__ = ["Prepared", "all_cases", "build_request", "cases_for", "cases_of_retired", "curl"]
