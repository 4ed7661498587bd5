"""The capability table: parameter and value, by model and provider, from exchanges of run files."""
