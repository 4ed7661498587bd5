"""What a run found: its file, what it concludes, how much it reached."""
