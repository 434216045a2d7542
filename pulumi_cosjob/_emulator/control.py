"""Control routes: how a test in another process or language controls the emulator; unsigned, loopback only."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from aiohttp import web

from pulumi_cosjob._emulator.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pulumi_cosjob._emulator.service import Service

__all__ = ["add_routes", "is_loopback"]

_JOB_ARGUMENTS = ("job_id", "appid", "seconds", "tasks", "starts")
# The elements of a job nest less deeply than this; XML readers accept about a hundred levels.
_DEEPEST = 32


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is a loopback one.

    Args:
        host: Without a port.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def add_routes(application: web.Application, service: Service) -> None:
    """Add the control routes.

    Args:
        application: The application to add them to.
        service: The service that they control.
    """
    router = application.router
    router.add_post("/_emulator/clock", _guarded(service, _clock))
    router.add_post("/_emulator/faults", _guarded(service, _faults))
    router.add_post("/_emulator/jobs", _guarded(service, _jobs))
    router.add_get("/_emulator/requests", _guarded(service, _requests))
    router.add_get("/_emulator/statistics", _guarded(service, _statistics))
    router.add_post("/_emulator/reset", _guarded(service, _reset))


def _guarded(
    service: Service, perform: Callable[[Service, Any], Any]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return a handler that checks who sent a control request, reads its JSON and responds with JSON."""

    async def handle(request: web.Request) -> web.StreamResponse:
        # The check of Host refuses pages in a browser that reach this address by a name of their own.
        host = re.sub(r":[0-9]*$", "", request.host)
        if not (is_loopback(request.remote or "") and is_loopback(host)):
            return web.json_response({"error": "control routes serve only this machine"}, status=403)
        if not _is_own_origin(request):
            return web.json_response({"error": "control routes do not serve pages of other origins"}, status=403)
        try:
            text = await request.text()
            return web.json_response(perform(service, _read(text) if text else {}))
        except (ValueError, TypeError, LookupError, OverflowError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return handle


def _is_own_origin(request: web.Request) -> bool:
    """Return whether a request is from no browser, or from a page of this server; any page can send requests here."""
    origins = request.headers.getall("Origin", [])
    sites = request.headers.getall("Sec-Fetch-Site", [])
    return set(origins) <= {f"http://{request.host}"} and set(sites) <= {"none", "same-origin"}


def _read(text: str) -> Any:
    """Return the data of a JSON text; refuse invalid JSON, and data that nests more deeply than any element."""
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError(f"the body nests more than {_DEEPEST} deep") from None
    level, depth = [data], 0
    while level:
        depth += 1
        if depth > _DEEPEST:
            raise ValueError(f"the body nests more than {_DEEPEST} deep")
        holders = [each for each in level if isinstance(each, (dict, list))]
        level = [child for each in holders for child in (each.values() if isinstance(each, dict) else each)]
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(f"JSON has no {name}")


def _object(data: Any) -> dict[str, Any]:
    """Return the data if it is a JSON object; refuse any other."""
    if not isinstance(data, dict):
        raise TypeError("the body must be a JSON object")
    return data


def _clock(service: Service, data: Any) -> dict[str, float]:
    """Advance, hold or release the jobs' clock."""
    wanted = _object(data)
    unknown = sorted(wanted.keys() - {"advance", "hold"})
    if unknown:
        raise ValueError(f"the clock takes advance and hold, not {', '.join(unknown)}")
    if wanted.get("hold"):
        service.job_clock.hold()
    elif "hold" in wanted:
        service.job_clock.release()
    service.job_clock.advance(float(wanted.get("advance", 0.0)))
    return {"now": service.job_clock.now()}


def _jobs(service: Service, data: Any) -> dict[str, str]:
    """Create a job; entries other than arguments are elements that replace the usual ones."""
    wanted = dict(_object(data))
    scenario = wanted.pop("scenario", "completes")
    arguments = {name: wanted.pop(name) for name in _JOB_ARGUMENTS if wanted.get(name) is not None}
    return {"job_id": service.put_job(scenario, wanted, **arguments)}


def _faults(service: Service, data: Any) -> dict[str, int]:
    """Add one fault or several."""
    faults = [_fault(_object(item)) for item in (data if isinstance(data, list) else [data])]
    service.faults.add(faults)
    return {"added": len(faults)}


def _fault(data: dict[str, Any]) -> Fault:
    """Return the fault that a JSON object describes; its body is text."""
    known = {entry.name for entry in fields(Fault)}
    unknown = sorted(data.keys() - known)
    if unknown or "kind" not in data:
        raise ValueError(f"a fault has a kind and may have {', '.join(sorted(known - {'kind'}))}; got {sorted(data)}")
    body = {"body": str(data["body"]).encode()} if "body" in data else {}
    return Fault(**{**data, **body})


def _requests(service: Service, _data: Any) -> list[dict[str, Any]]:
    """Return the latest requests."""
    return [asdict(request) for request in service.request_log.all()]


def _statistics(service: Service, _data: Any) -> dict[str, int]:
    """Return the number of requests, and of those that met a fault."""
    return {"requests": service.request_log.total, "faulty": service.request_log.faulty}


def _reset(service: Service, _data: Any) -> dict[str, str]:
    """Remove everything, and return the jobs' clock to the service's."""
    service.reset()
    return {}
