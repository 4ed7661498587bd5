"""What becomes of recorded answers in real clients: each is replayed to them from loopback.

The clients run in processes of their own, from a folder of the user's cache. What they made of an
answer is kept under a digest of it, so that reports say it again where no client is installed.
"""
