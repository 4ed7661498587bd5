"""The proof that every clause can see: a matrix of clauses against planted defects."""

from conformance.proof.matrix import ClauseRow, DefectColumn, Hole, Matrix, holes
from conformance.proof.processes import prove
from conformance.proof.proving import Proof, Sighting

__all__ = ["ClauseRow", "DefectColumn", "Hole", "Matrix", "Proof", "Sighting", "holes", "prove"]
