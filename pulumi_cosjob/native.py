"""The same names as in `pulumi_cosjob`, on the native plugin: gates without limits, several accounts in one program.

```python
from pulumi_cosjob.native import JobCompletion, Provider, get_job
```

A program moves here by changing this import; open gates in its stack stay open. The plugin needs no installation: if
the engine would not find it, the program's first use of it installs it (COSJOB_PLUGIN_INSTALL=never prevents that).
`pulumi destroy` and `refresh` run no program: on a machine where none has run, run `cosjob plugin install` first. In
addition to the package's names there is `Provider`, for accounts or regions other than the configured ones
(`opts=ResourceOptions(provider=…)`). The engine passes a plugin only its own configuration: credentials in
`tencentcloud:` are not read here; those of the environment are.
"""

from __future__ import annotations

from pulumi_cosjob._extras import needs_pulumi

try:
    from pulumi_cosjob._native.functions import (
        Job,
        JobList,
        Jobs,
        get_job,
        get_job_output,
        get_jobs,
        get_jobs_output,
        list_jobs,
        list_jobs_output,
    )
    from pulumi_cosjob._native.gates import AllJobsCompletion, JobCompletion
    from pulumi_cosjob._native.provider import Provider
except ModuleNotFoundError as missing:
    raise needs_pulumi(__name__, missing) from None

__all__ = [
    "AllJobsCompletion",
    "Job",
    "JobCompletion",
    "JobList",
    "Jobs",
    "Provider",
    "get_job",
    "get_job_output",
    "get_jobs",
    "get_jobs_output",
    "list_jobs",
    "list_jobs_output",
]
