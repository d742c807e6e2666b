"""Approved statements that ran once; shared by both engines (`gateway.proxy.claims`)."""

from gateway.proxy.claims import Claims

__all__ = ["Claims"]
