"""What a peer can do wrong on any wire."""

from gateway.model.errors import GatewayError


class ProtocolViolation(GatewayError):
    """The peer sent bytes that its protocol does not allow. The connection cannot go on."""


class FrameTooLarge(ProtocolViolation):
    """A length over its limit, told from the header alone: no memory was taken for the body."""

    def __init__(self, length: int, limit: int, what: str = "message") -> None:
        super().__init__(f"{what} of {length} bytes is over the limit of {limit} bytes")
        self.length = length
        self.limit = limit
