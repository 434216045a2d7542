"""Control routes: what a test in another process or language turns; unsigned, for this machine only."""

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
# Elements nest less deeply than this; clients take no more than a hundred.
_DEEPEST = 32


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine's own.

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
        application: Where to.
        service: What they turn.
    """
    router = application.router
    router.add_post("/_emulator/clock", _guarded(service, _clock))
    router.add_post("/_emulator/faults", _guarded(service, _faults))
    router.add_post("/_emulator/jobs", _guarded(service, _jobs))
    router.add_get("/_emulator/requests", _guarded(service, _requests))
    router.add_get("/_emulator/statistics", _guarded(service, _statistics))
    router.add_post("/_emulator/reset", _guarded(service, _reset))


def _guarded(
    service: Service, turn: Callable[[Service, Any], Any]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return a handler that judges a control request, reads its JSON and answers with JSON."""

    async def handle(request: web.Request) -> web.StreamResponse:
        # The Host keeps out pages in a browser that reach this address by a name of their own.
        host = re.sub(r":[0-9]*$", "", request.host)
        if not (is_loopback(request.remote or "") and is_loopback(host)):
            return web.json_response({"error": "control routes answer only this machine"}, status=403)
        if not _is_own_origin(request):
            return web.json_response({"error": "control routes do not answer pages of other origins"}, status=403)
        try:
            text = await request.text()
            return web.json_response(turn(service, _read(text) if text else {}))
        except (ValueError, TypeError, LookupError, OverflowError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return handle


def _is_own_origin(request: web.Request) -> bool:
    """Tell whether no browser sent a request, or for a page of this server alone: any page may send one anywhere."""
    origins = request.headers.getall("Origin", [])
    sites = request.headers.getall("Sec-Fetch-Site", [])
    return set(origins) <= {f"http://{request.host}"} and set(sites) <= {"none", "same-origin"}


def _read(text: str) -> Any:
    """Return what JSON says, or refuse what is none, and what nests more deeply than any element."""
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
    """Return a JSON object, or refuse what is none."""
    if not isinstance(data, dict):
        raise TypeError("the body must be a JSON object")
    return data


def _clock(service: Service, data: Any) -> dict[str, float]:
    """Turn, hold or release the jobs' clock."""
    wanted = _object(data)
    unknown = sorted(wanted.keys() - {"advance", "hold"})
    if unknown:
        raise ValueError(f"the clock knows advance and hold, not {', '.join(unknown)}")
    if "hold" in wanted:
        turn = service.job_clock.hold if wanted["hold"] else service.job_clock.release
        turn()
    service.job_clock.advance(float(wanted.get("advance", 0.0)))
    return {"now": service.job_clock.now()}


def _jobs(service: Service, data: Any) -> dict[str, str]:
    """Create a job; entries that are no arguments are elements to show in place of the usual ones."""
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
    """Return the fault that JSON describes; its body is text."""
    known = {entry.name for entry in fields(Fault)}
    unknown = sorted(data.keys() - known)
    if unknown or "kind" not in data:
        raise ValueError(f"a fault has a kind and may have {', '.join(sorted(known - {'kind'}))}; got {sorted(data)}")
    body = {"body": str(data["body"]).encode()} if "body" in data else {}
    return Fault(**{**data, **body})


def _requests(service: Service, _data: Any) -> list[dict[str, Any]]:
    """Return what was asked."""
    return [asdict(request) for request in service.records.all()]


def _statistics(service: Service, _data: Any) -> dict[str, int]:
    """Return how much was asked."""
    return {"requests": service.records.total, "faulty": service.records.faulty}


def _reset(service: Service, _data: Any) -> dict[str, str]:
    """Forget everything."""
    service.reset()
    return {}
