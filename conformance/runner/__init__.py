"""Running cases against one provider: sessions, controls, resuming; no pytest here."""
