"""An access-control gateway for databases. ARCHITECTURE.md draws the rooms; `app.py` wires them."""

__version__ = "0.1.0"
