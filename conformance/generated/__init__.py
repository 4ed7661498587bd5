"""Generated requests: drawn by hypothesis, recorded, and replayed as data."""
