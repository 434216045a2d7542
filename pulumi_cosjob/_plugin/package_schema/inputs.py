"""Inputs that functions and resources of the plugin's schema share."""

from __future__ import annotations

from pulumi_cosjob._plugin.package_schema.parts import list_of, property_of

__all__ = ["ACCOUNT", "APPID", "JOB_ID", "JOB_IDS"]

JOB_ID = {"jobId": property_of("string", "Id of the job, 1 to 64 characters.")}
JOB_IDS = {"jobIds": list_of({"type": "string"}, "Ids of the jobs, 1 to 64 characters each.")}
APPID = {
    "appid": property_of(
        "string",
        "APPID of the account that owns the jobs, such as `1250000000`. Default: the provider's, then that of the "
        "credentials.",
    )
}
ACCOUNT = {
    "uin": property_of("string", "UIN of the main account, in place of the provider's."),
    "region": property_of("string", "Region of the jobs, in place of the provider's."),
    "endpoint": property_of("string", "Endpoint of the service, in place of the provider's."),
}
