"""The service over HTTP: routes, checks and faults."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

from aiohttp import web

from pulumi_cosjob._emulator import account, control, documents
from pulumi_cosjob._emulator.errors import STATUSES, AccountError, ServiceError
from pulumi_cosjob._emulator.faults import GET_USER_APP_ID, REPLACES_RESPONSE, Fault
from pulumi_cosjob._emulator.request_checks import check_request
from pulumi_cosjob._emulator.request_log import RecordedRequest, redacted, redacted_path
from pulumi_cosjob._emulator.responder import PreparedResponse, Responder
from pulumi_cosjob._emulator.signature import SignedRequest, verify
from pulumi_cosjob._emulator.state import check_job_id
from pulumi_cosjob._emulator.xml import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_cosjob._emulator.service import Service

__all__ = ["Server"]

_LARGEST_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Call:
    """A request whose signature has been verified."""

    appid: str
    job_id: str
    query: Mapping[str, list[str]]
    body: bytes

    def parameter(self, name: str) -> str | None:
        """Return the value of a query parameter, which may come only once."""
        values = self.query.get(name, [])
        if len(values) > 1:
            raise ServiceError("InvalidArgument", f"{name} comes more than once.")
        return values[0] if values else None


@dataclass(frozen=True, slots=True)
class _Action:
    """An action of COS Batch: the function that performs it, its name, and the query parameters that it reads."""

    perform: Callable[[Service, _Call], bytes]
    name: str | None = None
    parameters: tuple[str, ...] = ()

    @property
    def signed_parameters(self) -> frozenset[str]:
        """The names of the parameters as signatures have them, in lower case."""
        return frozenset(name.lower() for name in self.parameters)


def _describe_job(service: Service, call: _Call) -> bytes:
    check_job_id(call.job_id)
    replayed = service.replayed(call.job_id)
    if replayed is not None:
        return replayed
    return documents.describe_job_result(service.jobs.describe_job(call.appid, call.job_id))


def _create_job(service: Service, call: _Call) -> bytes:
    root = parse(call.body)
    if root.tag != "CreateJobRequest":
        raise ServiceError("MalformedXML", f"The document is a {root.tag}, not a CreateJobRequest.")
    check_request(root)
    return documents.create_job_result(service.jobs.create_job(call.appid, {child.tag: child for child in root}))


def _check_job_to_update(call: _Call) -> None:
    if not call.job_id:
        raise ServiceError("InvalidRequest", "The request has no job id.")
    check_job_id(call.job_id)


def _update_job_status(service: Service, call: _Call) -> bytes:
    _check_job_to_update(call)
    requested, reason = call.parameter("requestedJobStatus"), call.parameter("statusUpdateReason")
    view = service.jobs.update_job_status(call.appid, call.job_id, requested or "", reason)
    return documents.update_job_status_result(view)


def _update_job_priority(service: Service, call: _Call) -> bytes:
    _check_job_to_update(call)
    view = service.jobs.update_job_priority(call.appid, call.job_id, call.parameter("priority"))
    return documents.update_job_priority_result(view)


def _list_jobs(service: Service, call: _Call) -> bytes:
    statuses = [status for value in call.query.get("jobStatuses", []) for status in value.split(",") if status]
    most = call.parameter("maxResults")
    if most is not None and not (most.isascii() and most.isdigit() and len(most) < 10):
        raise ServiceError("InvalidArgument", "maxResults is not a whole number.")
    page = service.jobs.list_jobs(
        call.appid, statuses, None if most is None else int(most), call.parameter("nextToken")
    )
    return documents.list_jobs_result(page)


def _unknown_path(_service: Service, _call: _Call) -> bytes:
    raise ServiceError("InvalidURI", "There is nothing at this path.")


def _wrong_method(_service: Service, _call: _Call) -> bytes:
    raise ServiceError("MethodNotAllowed", "The method is not allowed for this path.")


_UNKNOWN_PATH = _Action(_unknown_path)
_WRONG_METHOD = _Action(_wrong_method)
# By the form of the path, then by the method.
_ACTIONS: dict[str, dict[str, _Action]] = {
    "/jobs": {
        "GET": _Action(_list_jobs, "ListJobs", ("jobStatuses", "maxResults", "nextToken")),
        "POST": _Action(_create_job, "CreateJob"),
    },
    "/jobs/{}": {"GET": _Action(_describe_job, "DescribeJob")},
    "/jobs/{}/priority": {"POST": _Action(_update_job_priority, "UpdateJobPriority", ("priority",))},
    "/jobs/{}/status": {
        "POST": _Action(_update_job_status, "UpdateJobStatus", ("requestedJobStatus", "statusUpdateReason"))
    },
}


def _route(method: str, raw_path: str) -> tuple[_Action, str | None]:
    """Return the action of a request, and the job that it is about.

    The path is split before it is decoded, so that an encoded slash in a job id does not split it.
    """
    segments = raw_path.split("/")
    job_id = unquote(segments[2]) if len(segments) > 2 else None
    if len(segments) > 2:
        segments[2] = "{}"
    methods = _ACTIONS.get("/".join(segments))
    if methods is None:
        return _UNKNOWN_PATH, job_id
    return methods.get(method, _WRONG_METHOD), job_id


class Server:
    """Responds to requests with the jobs, replays and faults of a service.

    Args:
        service: The service.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._responder = Responder()
        self._origin = uuid.uuid4().hex[:16]
        self._numbers = itertools.count(1)

    def application(self) -> web.Application:
        """Return the application to serve."""
        application = web.Application(client_max_size=_LARGEST_BODY)
        control.add_routes(application, self._service)
        application.router.add_route("*", "/{path:.*}", self._handle)
        return application

    def stop(self) -> None:
        """Abort the responses that take long."""
        self._responder.stop()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        """Respond to a request."""
        raw_path, _, raw_query = request.raw_path.partition("?")
        action, job_id = _route(request.method, raw_path)
        is_account_request = (request.method, raw_path) == ("POST", "/")
        fault = self._service.faults.take(job_id, GET_USER_APP_ID if is_account_request else action.name)
        if fault is not None and fault.kind == "delay":
            await self._responder.pause(fault.seconds)
        now = self._service.clock.now() + (fault.seconds if fault is not None and fault.kind == "skew" else 0.0)
        headers = [(name.lower(), value) for name, value in request.headers.items()]
        signed = SignedRequest(request.method, raw_path, raw_query, headers)
        if is_account_request:
            prepared = await self._prepare_account(request, signed, now, fault)
        else:
            prepared = await self._prepare(request, action, job_id, signed, now, fault)
        self._record(signed, request.raw_path, prepared, fault)
        return await self._responder.send(request, prepared, fault)

    async def _prepare(
        self,
        request: web.Request,
        action: _Action,
        job_id: str | None,
        signed: SignedRequest,
        now: float,
        fault: Fault | None,
    ) -> PreparedResponse:
        """Return the response to a request, or the one by which a fault replaces it."""
        number = f"{self._origin}{next(self._numbers):012x}"
        headers = {
            "Content-Type": "application/xml",
            "Date": formatdate(now, usegmt=True),
            "Server": "tencent-cos",
            "x-cos-request-id": number,
        }
        if fault is not None and fault.kind in REPLACES_RESPONSE:
            return _replacement(fault, headers, lambda: _injected_error(fault, headers, signed.raw_path))
        try:
            verify(self._service.credentials, signed, now=now, required_parameters=action.signed_parameters)
            call = _Call(
                appid=_appid(signed),
                job_id=job_id or "",
                query=parse_qs(signed.raw_query, keep_blank_values=True),
                body=await _body(request),
            )
            return PreparedResponse(200, headers, action.perform(self._service, call))
        except ServiceError as error:
            return _error(error.status, error.code, error.message, headers, signed.raw_path)

    async def _prepare_account(
        self, request: web.Request, signed: SignedRequest, now: float, fault: Fault | None
    ) -> PreparedResponse:
        """Return the response to a request of the account API, or the one by which a fault replaces it."""
        headers = {"Content-Type": "application/json", "Date": formatdate(now, usegmt=True)}
        if fault is not None and fault.kind in REPLACES_RESPONSE:
            error = account.error(fault.code, fault.message)
            return _replacement(
                fault, headers, lambda: PreparedResponse(fault.status or 200, _with_delay(headers, fault), error)
            )
        try:
            body = await request.read()
            document = account.respond(self._service.credentials, self._service.owner, signed, body, now)
        except web.HTTPRequestEntityTooLarge:
            document = account.error("RequestSizeLimitExceeded", f"The body has more than {_LARGEST_BODY} bytes.")
        except AccountError as error:
            document = account.error(error.code, error.message)
        return PreparedResponse(200, headers, document, endless_start=account.ENDLESS_START)

    def _record(self, signed: SignedRequest, path: str, prepared: PreparedResponse, fault: Fault | None) -> None:
        """Add a request to the log."""
        kind = None if fault is None else fault.kind
        status = None if kind in ("raw", "reset") else prepared.status
        record = RecordedRequest(
            time=self._service.clock.now(),
            method=signed.method,
            path=redacted_path(path),
            headers=redacted(signed.headers),
            status=status,
            fault=kind,
        )
        self._service.request_log.add(record)


def _appid(signed: SignedRequest) -> str:
    """Return the APPID of a request."""
    values = signed.values("x-cos-appid")
    if len(values) != 1 or not 1 <= len(values[0].encode(errors="surrogateescape")) <= 64:
        raise ServiceError("InvalidArgument", "x-cos-appid must come once and have 1 to 64 bytes.")
    return values[0]


async def _body(request: web.Request) -> bytes:
    """Return the body of a request."""
    try:
        return await request.read() if request.body_exists else b""
    except web.HTTPRequestEntityTooLarge as error:
        raise ServiceError("MalformedXML", f"The body has more than {_LARGEST_BODY} bytes.") from error


def _error(status: int, code: str, message: str, headers: dict[str, str], resource: str) -> PreparedResponse:
    """Return an error document with its headers."""
    request_id = headers["x-cos-request-id"]
    trace_id = uuid.uuid4().hex
    document = documents.error(code, message, resource, request_id, trace_id)
    return PreparedResponse(status, {**headers, "x-cos-trace-id": trace_id}, document)


def _with_delay(headers: dict[str, str], fault: Fault) -> dict[str, str]:
    """Return headers with the Retry-After of a fault, if it has one."""
    return headers if fault.retry_after is None else {**headers, "Retry-After": str(fault.retry_after)}


def _injected_error(fault: Fault, headers: dict[str, str], resource: str) -> PreparedResponse:
    """Return the error document of a fault."""
    status = fault.status or STATUSES.get(fault.code, 503)
    return _error(status, fault.code, fault.message, _with_delay(headers, fault), resource)


def _replacement(fault: Fault, headers: dict[str, str], error: Callable[[], PreparedResponse]) -> PreparedResponse:
    """Return the response by which a fault replaces the service's."""
    if fault.kind == "error":
        return error()
    if fault.kind == "redirect":
        located = {**_with_delay(headers, fault), "Location": fault.location}
        return PreparedResponse(fault.status or 302, located, b"")
    # A proxy does not send the service's headers.
    return PreparedResponse(fault.status or 502, {"Content-Type": "text/html", "Date": headers["Date"]}, fault.body)
