"""What each chapter of clauses is tried on: a truth for every clause, and what no defect reaches.

A module a chapter. ``TRUTHS`` has, by clause, an exchange that keeps the promise, and ``TRUTH`` one
for all others. ``CASES`` has what the planted defects of the reference provider do not bring about
(``tests/planted.py``): limits, rare branches, and what must not be held against a provider. What
the clauses say of each is not written here: it lies, reviewed, in ``tests/sentences/``.
"""
