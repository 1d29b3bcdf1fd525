"""The application: every route, every refusal, and the page where no route answers."""

from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from contracts.commands import FieldError
from gateway import agents, auth, live, probes, problems, runs, schedules
from gateway.edge import Edge
from gateway.page import Page
from gateway.site import Site
from gateway.wire.forms import Credentials, ScheduleForm

REFS: Final = "#/components/schemas/{model}"


class Problem(BaseModel):
    """RFC 9457: what went wrong, for people in `detail`, for programs in `status` and `errors`."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldError] = []


BODIES: Final[list[tuple[type[BaseModel], JsonSchemaMode]]] = [
    (Credentials, "validation"),
    (ScheduleForm, "validation"),
    (Problem, "validation"),
]
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {
        "description": "Refused, and nothing was stored",
        "content": {"application/problem+json": {"schema": {"$ref": REFS.format(model="Problem")}}},
    }
}


def build(site: Site | None) -> FastAPI:
    """The gateway over these parts; over none it can only be described."""
    app = FastAPI(
        title="Tickmark",
        version=version("gateway"),
        summary="Scheduled LLM benchmarks on an event log",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=REFUSALS,
    )
    app.state.site = site
    for part in (auth, schedules, runs, agents, probes, live):
        app.include_router(part.router)
    problems.install(app)
    app.add_middleware(Edge)
    app.router.default = Page()
    app.openapi = lambda: _described(app)
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """FastAPI's description, with the bodies that the routes read by themselves."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes
        )
        _, found = models_json_schema(BODIES, ref_template=REFS)
        schemas = document["components"]["schemas"]
        for name, schema in found["$defs"].items():
            schemas.setdefault(name, schema)
        app.openapi_schema = document
    return app.openapi_schema
