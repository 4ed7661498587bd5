"""What leaves the suite: files written whole, text made safe to print."""
