"""What the environment sets for connections: a proxy, and the certificates to trust."""

from __future__ import annotations

import os
import ssl
import stat
from urllib.parse import urlsplit

import requests
import urllib3

from pulumi_cosjob._checks import is_loopback
from pulumi_cosjob._errors import ConfigurationError
from pulumi_cosjob._text import quoted, reason_of

__all__ = ["certificates_for", "proxies_for"]

_PROXY = "It is the URL of an HTTP proxy, such as http://proxy.example.com:3128. Its value is not shown."
_CERTIFICATES = "It is a file of certificates in PEM form, or a folder of them; unset it for the usual ones."


def proxies_for(endpoint: str) -> dict[str, str]:
    """Return the proxy for an endpoint, by scheme as `requests` takes it; empty where there is none.

    Raises:
        ConfigurationError: The proxy cannot be used.
    """
    # Loopback needs no proxy, and a proxy could read plain HTTP.
    if is_loopback(urlsplit(endpoint).hostname or ""):
        return {}
    proxy = requests.utils.select_proxy(endpoint, requests.utils.get_environ_proxies(endpoint))
    if not proxy:
        return {}
    named = [name for each in ("https_proxy", "all_proxy") for name in (each, each.upper()) if os.environ.get(name)]
    variable = named[0] if named else "the proxy of this system"
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    try:
        url = urllib3.util.parse_url(proxy)
        scheme, has_host = url.scheme or "", bool((url.host or "").encode("idna"))
    except ValueError:
        scheme, has_host = "", False
    if scheme.startswith("socks"):
        raise ConfigurationError(f"{variable} names a SOCKS proxy, which is not supported", hint=_PROXY)
    if not has_host or scheme not in ("http", "https"):
        raise ConfigurationError(f"{variable} names no proxy that can be used", hint=_PROXY)
    return {"https": proxy}


def certificates_for(endpoint: str) -> str | bool:
    """Return the path of the certificates that the environment names, or True for the usual ones.

    Raises:
        ConfigurationError: They cannot be read.
    """
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        path = os.environ.get(variable)
        if path:
            problem = _problem_of(path) if endpoint.startswith("https:") else ""
            if problem:
                raise ConfigurationError(f"{variable}: {problem}: {quoted(path)}", hint=_CERTIFICATES) from None
            return path
    return True


def _problem_of(path: str) -> str:
    """Return why no certificates can be read from a path; empty where they can."""
    try:
        if stat.S_ISDIR(os.stat(path).st_mode):  # noqa: PTH116  Path hides some errors
            os.scandir(path).close()
        else:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return "cannot be read as certificates in PEM form"
    except (OSError, ValueError) as error:
        return reason_of(error)
    return ""
