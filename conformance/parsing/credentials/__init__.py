"""Content credentials (C2PA) in image files: what they say, and what that is worth."""
