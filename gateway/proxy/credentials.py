"""What logins of both engines share: forms of names, what a certificate is good for, and how an answer is settled."""

import asyncio
from enum import StrEnum

from gateway.proxy.outcome import RefusalCode, Refused
from gateway.proxy.throttle import LoginThrottle

TOKEN_SUFFIX = "+token"
"""`alice+token` asks to log in as alice with an API token in place of the password. The form of the name decides, not
what the store holds, so that nobody learns from the question whether alice exists or has a password."""

LONGEST_NAME = 190  # of the store's Name column


class CertificateUse(StrEnum):
    """What a client's verified certificate is good for. Either way its common name must be the user's."""

    SECOND_FACTOR = "verify"  # beside the password, where a client shows one
    LOGIN = "login"  # in place of the password, as pg_hba's `cert`


def can_be_a_name(name: str) -> bool:
    """Whether the store may be asked for it: bytes that are no UTF-8 came through as surrogates."""
    return 0 < len(name) <= LONGEST_NAME and not any("\ud800" <= character <= "\udfff" for character in name)


async def settle(throttle: LoginThrottle, user: str, address: str, *, right: bool, clock: asyncio.Timeout) -> Refused | None:
    """Count a failure, wait as long as the throttle asks, right or wrong. None: the answer may be given.

    `user` without `TOKEN_SUFFIX`. The wait is not the client's time: `clock` is put off by it.
    """
    name = user[:LONGEST_NAME]
    if not right:
        throttle.failed(name, address)
    wait = throttle.answer_wait(name, address)
    if wait is None:
        message = "gateway: too many failed logins for this user or from this address"
        return Refused(RefusalCode.INVALID_AUTHORIZATION, message, "throttled", hint="Wait a minute and try again.")
    if wait:
        clock.reschedule((clock.when() or 0.0) + wait)
        await asyncio.sleep(wait)
    if right:
        throttle.succeeded(name)
    return None
