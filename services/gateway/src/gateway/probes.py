"""Whether the gateway is alive, ready, and which version it is; and what the instance offers."""

import os
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Response

from gateway.agents import may_use
from gateway.site import Here, Signed
from gateway.wire.offers import Configuration, configuration

router = APIRouter(tags=["instance"])


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """It answers."""
    return {"status": "ok", "version": version("gateway")}


@router.head("/livez", include_in_schema=False)
@router.get("/livez")
async def livez() -> dict[str, bool]:
    """The process turns."""
    return {"alive": True}


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz")
async def readyz(site: Here, response: Response) -> dict[str, Any]:
    """Log, bus and read model are within reach; 503 otherwise, saying which is not."""
    response.status_code = 200 if site.health.ready else 503
    return site.health.report()


@router.get("/api/config")
async def config(site: Here, caller: Signed) -> Configuration:
    """Providers, models, agents, jobs, directives and limits, without any secret."""
    offer = site.inventory
    agents = [name for name, agent in offer.agents.items() if may_use(agent, caller)]
    return configuration(offer, agents, site.settings.limits, os.environ.keys())
