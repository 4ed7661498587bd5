"""The embedded reference provider: it keeps the edition exactly, and paints real images."""
