"""Pausing a transport; shared by both engines (`gateway.proxy.valve`)."""

from gateway.proxy.valve import Valve

__all__ = ["Valve"]
