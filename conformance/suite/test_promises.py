"""What pytest collects: one item for every clause that a case can answer.

The items come from the edition and the provider, not from functions in this file; see
`conformance.plugin`. An item is named ``<provider>::<model>/<case>::<clause>``.
"""
