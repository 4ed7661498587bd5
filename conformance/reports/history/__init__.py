"""Many nights as a timeline, from the headers and footers of their run files."""
