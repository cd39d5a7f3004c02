"""What takes longer than a request: how far it is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import jobs
from kefu.console.guard import person_of, signed_in
from kefu.console.pages import render


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [Route("/jobs/{id}", _progress, methods=["GET"])]


@signed_in
async def _progress(request: Request) -> Response:
    """Answer with how far a job is; when it is over, let the page show what came of it."""
    job = jobs.get(request.path_params["id"])
    if job is not None and not job.may_be_seen_by(person_of(request)):
        job = None
    response = render(request, "_job.html", job=job)
    if job is not None and not job.is_running:
        response.headers["HX-Refresh"] = "true"
    return response
