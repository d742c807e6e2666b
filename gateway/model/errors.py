"""Failures that cross rooms. Each says what is wrong and what to do, in words a user can act on."""


class GatewayError(Exception):
    """The base of all of them. The message is shown to people; it never carries a secret."""


class ConfigurationError(GatewayError):
    """A file, key or value is wrong. The message names file, key and what would be right."""


class NotFound(GatewayError):
    """No such object, or none that this principal may know of."""


class Conflict(GatewayError):
    """The object is in a state that does not allow this step."""


class Forbidden(GatewayError):
    """Policy says no. The message carries the reason."""


class AuditUnavailable(GatewayError):
    """No record can be written, so nothing may run."""


class StoreUnavailable(GatewayError):
    """The metadata store does not answer."""
