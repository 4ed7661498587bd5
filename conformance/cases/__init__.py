"""Cases: the requests worth sending, derived from an edition's schemas."""
