"""The clients of the accounts that the inputs of a program name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._errors import CosJobError
from pulumi_cosjob._service.client import CosBatchClient
from pulumi_cosjob._service.settings import SETTINGS, resolve

if TYPE_CHECKING:
    from pulumi_cosjob._clock import Clock
    from pulumi_cosjob._service.location import Location

__all__ = ["Clients"]


class Clients:
    """One client, with its pool of connections, for each account.

    Args:
        config: Returns the configuration's value of a full name, such as `cosjob:uin`, or None.
        clock: A clock in place of the machine's, for tests.
    """

    def __init__(self, config: Callable[[str], Any], clock: Clock | None = None) -> None:
        self._config = config
        self._clock = clock
        self._clients: dict[tuple[Any, ...], CosBatchClient] = {}
        self._lock = threading.Lock()

    def get(self, inputs: Mapping[str, Any]) -> CosBatchClient:
        """Return the client for the account that inputs name by uin, region and endpoint, or else the configuration.

        Raises:
            ConfigurationError: A setting is missing.
            InvalidArgumentError: A setting cannot be used.
        """
        arguments = {name: inputs.get(name) for name in SETTINGS}
        account = tuple(arguments.values())
        with self._lock:
            if account not in self._clients:
                settings = resolve(arguments, config=self._config)
                self._clients[account] = CosBatchClient.from_settings(settings, self._clock)
            return self._clients[account]

    def locate(self, inputs: Mapping[str, Any], *, discover: bool = True) -> Location | None:
        """Return where the requests about inputs go, or None where that cannot be found out now.

        Args:
            inputs: As for `get`, with the APPID.
            discover: Whether a request may be sent for it.
        """
        if not all(isinstance(inputs.get(name), (str, type(None))) for name in ("appid", *SETTINGS)):
            return None  # one is not known yet
        try:
            client, appid = self.get(inputs), inputs.get("appid")
            location = client.locate(appid) if discover else client.location
        except CosJobError:
            return None
        return location if location.is_known_for(appid) else None
