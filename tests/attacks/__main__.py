"""Write the table of attacks in docs/security.md anew."""

from __future__ import annotations

from tests.attacks.table import PAGE, renewed

if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
