"""The proof that every clause can see: a matrix of clauses against planted defects."""
