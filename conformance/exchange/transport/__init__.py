"""HTTP within bounds of time, bytes and addresses."""
