"""What changed between the nights before and a new run, and what of it is a regression."""
