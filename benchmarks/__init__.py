"""Speed and memory as ratios, each measured within one run: `python -m benchmarks [name…]`."""
