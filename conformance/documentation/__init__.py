"""Documentation: the output of `list` and `explain`, and the site, whose pages need no network."""
