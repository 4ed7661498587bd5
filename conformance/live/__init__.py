"""Sending for money: what may be spent, how fast, how often again, and when to stop."""
