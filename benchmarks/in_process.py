"""Rows about calls inside one process: decoding, fetching and listing."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import requests
import xmlschema

import local_service
from pulumi_cosjob._dynamic.providers import JobsProvider
from pulumi_cosjob._service.client import CosBatchClient
from pulumi_cosjob._service.clients import Clients
from pulumi_cosjob._service.job_list import list_target, read_pages
from pulumi_cosjob._xml.decoder import parse_describe_job_result, parse_list_jobs_result
from pulumi_cosjob._xml.schema import schema_path
from rig import JOB_SECONDS, Rig
from rows import Measurement, alternately, seconds_of

if TYPE_CHECKING:
    from pulumi_cosjob._model.job_summary import JobPage

__all__ = ["RESPONSE", "decoding", "decoding_unrecognised", "fetching", "listing", "unrecognised"]

RESPONSE = Path(__file__).parent.parent / "tests" / "responses" / "full.xml"
"""A response with every element."""

_CONCURRENCY = 16


def unrecognised(document: bytes) -> bytes:
    """Return a response with an attribute that the schema does not have, which the compiled checks do not recognise."""
    return document.replace(b"<Report>", b"<Report unusual='yes'>")


def decoding(_rig: Rig, floor: str) -> Measurement:
    """Measure the validation and decoding of a full response.

    Args:
        floor: `xmlschema` or `xml.etree`.
    """
    document = RESPONSE.read_bytes()
    return alternately(_milliseconds(lambda: parse_describe_job_result(document)), _milliseconds(_FLOORS[floor]()))


def decoding_unrecognised(_rig: Rig) -> Measurement:
    """Measure the same for a response that is not recognised, with the schema loaded already."""
    document = unrecognised(RESPONSE.read_bytes())
    return alternately(
        _milliseconds(lambda: parse_describe_job_result(document)), _milliseconds(_FLOORS["xmlschema"]())
    )


def _milliseconds(run: Callable[[], object]) -> Callable[[], float]:
    run()  # loads what is loaded once
    return lambda: 1000 * seconds_of(run)


def _by_xmlschema() -> Callable[[], object]:
    document, processor = RESPONSE.read_bytes(), xmlschema.XMLSchema11(schema_path(), allow="local", defuse="always")
    return lambda: processor.to_dict(ET.fromstring(document))  # noqa: S314  our own file


def _by_etree() -> Callable[[], object]:
    return functools.partial(ET.fromstring, RESPONSE.read_bytes())


_FLOORS: dict[str, Callable[[], Callable[[], object]]] = {"xmlschema": _by_xmlschema, "xml.etree": _by_etree}


def fetching(rig: Rig) -> Measurement:
    """Measure the provider's read of many jobs, against the same signed requests without any parsing."""
    job_ids = rig.jobs(rig.sizes.jobs)
    config = {
        "cosjob:endpoint": rig.endpoint,
        "cosjob:secretId": local_service.SECRET_ID,
        "cosjob:secretKey": local_service.SECRET_KEY,
    }
    provider = JobsProvider()
    provider._clients = Clients(config.get)  # noqa: SLF001  as configure does
    props = {"appid": local_service.APPID, "missing": "error", "max_concurrency": _CONCURRENCY}
    session = _bare_session()

    def bare() -> None:
        with ThreadPoolExecutor(_CONCURRENCY) as pool:
            list(pool.map(lambda job_id: _bare(session, f"{rig.endpoint}/jobs/{job_id}"), job_ids))

    ours = functools.partial(provider.read, "jobs", {**props, "job_ids": job_ids})
    return _seconds(ours, bare)


def listing(rig: Rig) -> Measurement:
    """Measure the client's list of all jobs over its pages, against the same signed requests, one after the other."""
    account = rig.another("listing")
    account.create([f"listed-{number}" for number in range(rig.sizes.listed)], JOB_SECONDS)
    session, urls = _bare_session(), _page_urls(account.endpoint)
    client = CosBatchClient(
        endpoint=account.endpoint,
        appid=local_service.APPID,
        secret_id=local_service.SECRET_ID,
        secret_key=local_service.SECRET_KEY,
    )

    def ours() -> None:
        if len(list(client.list_jobs())) != rig.sizes.listed:
            raise AssertionError(urls)

    def bare() -> None:
        for url in urls:
            _bare(session, url)

    def note() -> str:
        used, least = (_cpu_seconds(run) for run in (ours, bare))
        return f"CPU time: {used:.2f} s, of the requests alone {least:.2f} s; the rest is the emulator's"

    return _seconds(ours, bare, note)


def _seconds(ours: Callable[[], object], floor: Callable[[], object], note: Callable[[], str] = str) -> Measurement:
    for run in (ours, floor):
        run()  # so that both have connections
    return alternately(lambda: seconds_of(ours), lambda: seconds_of(floor), note)


def _cpu_seconds(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def _page_urls(endpoint: str) -> list[str]:
    """Return the addresses of the pages that the client requests."""
    urls, session = [], _bare_session()

    def fetch(token: str | None) -> JobPage:
        urls.append(endpoint + list_target(None, token))
        return parse_list_jobs_result(_bare(session, urls[-1]))

    list(read_pages(fetch))
    return urls


def _bare_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=_CONCURRENCY))
    return session


def _bare(session: requests.Session, url: str) -> bytes:
    """Send a signed request and return the body."""
    response = session.get(url, headers={"x-cos-appid": local_service.APPID}, auth=local_service.signed, timeout=10)
    response.raise_for_status()
    return response.content
