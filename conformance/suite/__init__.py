"""The suite as pytest runs it: options, items, recorder, signals and workers."""
