"""The way to the client; shared by both engines (`gateway.proxy.outlet`)."""

from gateway.proxy.outlet import HELD, SLOW_CLIENT, WRITE_LIMIT, Outlet

__all__ = ["HELD", "SLOW_CLIENT", "WRITE_LIMIT", "Outlet"]
