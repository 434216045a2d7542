"""`Provider`: one account and region."""

from __future__ import annotations

import json

import pulumi

from pulumi_cosjob._native.protocol import properties
from pulumi_cosjob._plugin.first_use import provide_plugin
from pulumi_cosjob._program.arguments import arguments
from pulumi_cosjob._version import plugin_version

__all__ = ["Provider"]


class Provider(pulumi.ProviderResource):
    """One account and region. Settings that are not given are read from the environment of the Pulumi command.

    Args:
        resource_name: Name of the provider in the stack.
        uin: UIN of the main account, such as `100000000001`. Default: that of the credentials.
        appid: APPID of the account, such as `1250000000`. Default: that of the credentials.
        region: Region of the jobs, such as `ap-chengdu`.
        secret_id: Secret id of the credentials that sign requests. A secret in the state, like the next two.
        secret_key: Secret key that belongs to `secret_id`.
        token: Session token that belongs to temporary credentials.
        endpoint: Endpoint of the service, in place of the default for `uin` and `region`.
        site: The vendor's site that the account belongs to: `cn` (default), or `intl` for the international one.
        validation: How to treat a response that violates the schema: `lenient` (default) leaves out the elements that
            violate it, with a warning; `strict` fails.
        request_timeout: Seconds for one request with all its attempts. Default: 60.
        opts: Resource options.

    Raises:
        InvalidArgumentError: `uin`, `appid`, `region` or `endpoint` is malformed.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        uin: pulumi.Input[str] | None = None,
        appid: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        secret_id: pulumi.Input[str] | None = None,
        secret_key: pulumi.Input[str] | None = None,
        token: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        site: pulumi.Input[str] | None = None,
        validation: pulumi.Input[str] | None = None,
        request_timeout: pulumi.Input[float] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        places = arguments(uin=uin, appid=appid, region=region, endpoint=endpoint)
        secrets = properties(secret_id=secret_id, secret_key=secret_key, token=token)
        # Settings of a provider that are not text travel as JSON.
        seconds = None if request_timeout is None else pulumi.Output.from_input(request_timeout).apply(json.dumps)
        settings = properties(**places, site=site, validation=validation, request_timeout=seconds)
        props = {**settings, **{name: pulumi.Output.secret(value) for name, value in secrets.items()}}
        own = pulumi.ResourceOptions(version=plugin_version(), additional_secret_outputs=list(secrets))
        provide_plugin()
        super().__init__("cosjob", resource_name, props, pulumi.ResourceOptions.merge(own, opts))
