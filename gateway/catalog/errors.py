"""The catalog room's failure."""

from gateway.model.errors import GatewayError


class CatalogUnreadable(GatewayError):
    """The server did not give its catalog: it refused, was too slow, or changed under the reader several times."""
