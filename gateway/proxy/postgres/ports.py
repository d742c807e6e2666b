"""What a conversation needs from other rooms; shared by both engines (`gateway.proxy.rooms`)."""

from gateway.proxy.rooms import Audit, Changes, Meter, Release, Rooms

__all__ = ["Audit", "Changes", "Meter", "Release", "Rooms"]
