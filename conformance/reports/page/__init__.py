"""The page: one HTML file with all that a run knows, for people; nothing is fetched by it."""
