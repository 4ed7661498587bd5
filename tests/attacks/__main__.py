"""Write the table of attacks in docs/security.md anew."""

from __future__ import annotations

from tests.attacks.table import PAGE, update_table

if __name__ == "__main__":
    PAGE.write_text(update_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
