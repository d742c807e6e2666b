"""For machines that watch machines: alive, ready, figures. They need no token and tell no secrets."""

import asyncio

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from gateway.api.callers import Services
from gateway.api.models.operation import Health
from gateway.api.services import Probe
from gateway.model.errors import GatewayError

router = APIRouter(tags=["operation"])
_PROBE_SECONDS = 5.0


@router.get("/healthz")
async def alive() -> Health:
    """The process answers. Says nothing about what it depends on: restarting it would not help those."""
    return Health(status="ok")


@router.get("/readyz", responses={503: {"model": Health}})
async def ready(services: Services, response: Response) -> Health:
    """Whether a client should be sent here: the store answers, records can be written, a policy is loaded."""
    names = ["store", *services.probes]
    results = await asyncio.gather(*(_ask(probe) for probe in (_store_probe(services), *services.probes.values())))
    failed = any(result is not None for result in results)
    response.status_code = 503 if failed else 200
    checks = {name: result or "ok" for name, result in zip(names, results, strict=True)}
    return Health(status="unavailable" if failed else "ok", checks=checks)


@router.get("/metrics", response_class=Response)
async def metrics(services: Services) -> Response:
    """Prometheus text format."""
    return Response(services.metrics(), media_type=CONTENT_TYPE_LATEST)


def _store_probe(services: Services) -> Probe:
    async def probe() -> str | None:
        await services.store.version()
        return None

    return probe


async def _ask(probe: Probe) -> str | None:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            return await probe()
    except GatewayError:
        # Whatever it is, its words may name hosts; they are in the log of the part itself.
        return "does not answer"
    except TimeoutError:
        return f"no answer within {_PROBE_SECONDS:g} s"
