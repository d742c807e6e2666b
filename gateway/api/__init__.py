"""The HTTP API: administration, change issues, audit, sessions; health and figures.

application  `create_api(services)`: the routes put together
services     what the API needs from the rest of the gateway, as `ApiServices`
callers      who calls, and whether policy lets them; changes with their records
passwords    proof of a password, for logins and HTTP Basic
problems     every error as a problem document (RFC 9457)
guard        the size of a body, headers of every answer
pages        lists in pages
models/      JSON in and out, one module a noun
routes/      one module a noun
"""

from gateway.api.application import create_api
from gateway.api.services import (
    ApiLimits,
    ApiServices,
    AuditPage,
    AuditQuery,
    LiveSession,
    PolicyState,
)

__all__ = ["ApiLimits", "ApiServices", "AuditPage", "AuditQuery", "LiveSession", "PolicyState", "create_api"]
