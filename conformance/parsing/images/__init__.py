"""The facts of an image by its bytes, whatever a header or a provider says."""
