"""Mutation testing of the clauses: what if a judge were slightly wrong, would a test notice?"""
