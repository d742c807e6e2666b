"""The records of statements; shared by both engines (`gateway.proxy.records`)."""

from gateway.proxy.records import Records

__all__ = ["Records"]
