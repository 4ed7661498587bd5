"""`python -m conformance` is the command `image-conformance`."""

from conformance.cli import main

main()
