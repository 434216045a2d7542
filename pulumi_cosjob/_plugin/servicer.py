"""The provider protocol: arguments in, outputs out. What they mean is decided below."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import traceback
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from pulumi_cosjob._checks import check_choice, check_identifier, check_number
from pulumi_cosjob._engine.log import EngineLog
from pulumi_cosjob._errors import ConfigurationError, CosJobError, InvalidArgumentError
from pulumi_cosjob._model.job import camel_name
from pulumi_cosjob._plugin.accounts import AccountPool, aside
from pulumi_cosjob._plugin.gates import DYNAMIC, JOB_OUTPUTS, Gate, PriorState, is_about_many, job_outputs
from pulumi_cosjob._plugin.inputs import about, core_inputs, echoing, explain, fitting, secret_texts
from pulumi_cosjob._plugin.package_schema import CONFIG, GET_JOB, GET_JOBS, PACKAGE, package_schema
from pulumi_cosjob._plugin.properties import Properties, copy_struct, from_struct, to_struct
from pulumi_cosjob._service.settings import MISSING, resolve
from pulumi_cosjob._waiting.gate import UNKNOWN, check_inputs, job_ids_of, known_inputs, make_id
from pulumi_cosjob._waiting.policy import opening_notice

if TYPE_CHECKING:
    from pulumi_cosjob._plugin.engine_client import Engine
    from pulumi_cosjob._program.secret_texts import SecretTexts

__all__ = ["Servicer"]

_SECRETS = frozenset(name for name, declared in CONFIG.items() if declared.get("secret"))
_INTERRUPTED = "the wait was interrupted, and no job is changed by that; the next update waits again"

_CUT_OFF = "the question was cut off, as the command was interrupted or has failed elsewhere"

Context = Any
"""A `grpc.aio.ServicerContext`: gRPC has no types."""


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one provider: one set of configuration, any number of calls at the same time.

    Args:
        engine: Is told about progress.
        version: Of the plugin.
        accounts: Makes of a configuration what asks about jobs, for tests.

    Attributes:
        has_failed: Whether a resource has failed here, by which the engine ends the program too.
    """

    def __init__(
        self, engine: Engine, version: str, accounts: Callable[[Callable[[str], Any]], AccountPool] = AccountPool
    ) -> None:
        self._engine = engine
        self._version = version
        self._config = Properties({})
        self._make_accounts = accounts
        self._accounts = accounts(lambda _key: None)
        self._waiting: set[asyncio.Future[Any]] = set()
        self._interrupted = False
        self.has_failed = False

    # ------------------------------------------------------------------------------------------------------ the plugin

    async def GetPluginInfo(self, _request: Any, _context: Context) -> Any:  # noqa: N802  as all methods here
        """Say which version this is."""
        return plugin_pb2.PluginInfo(version=self._version)

    async def GetSchema(self, _request: Any, _context: Context) -> Any:  # noqa: N802
        """Return the schema as JSON text."""
        import json  # noqa: PLC0415  wanted by those who generate code, and by YAML

        return provider_pb2.GetSchemaResponse(schema=json.dumps(package_schema(self._version)))

    async def Cancel(self, _request: Any, _context: Context) -> Any:  # noqa: N802
        """End all that is under way, and begin nothing more."""
        self.interrupt()
        return empty_pb2.Empty()

    def interrupt(self) -> None:
        """Do what Cancel does."""
        self._interrupted = True
        for waiting in self._waiting:
            waiting.cancel()
        self._accounts.close()

    async def _unimplemented(self, _request: Any, context: Context) -> Any:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{PACKAGE} has no such method")

    # The inherited methods give the same answer, but with a stack trace.
    Attach: Any = _unimplemented
    Call: Any = _unimplemented
    Construct: Any = _unimplemented
    GetMapping: Any = _unimplemented
    GetMappings: Any = _unimplemented
    List: Any = _unimplemented
    Handshake: Any = _unimplemented
    Parameterize: Any = _unimplemented

    # --------------------------------------------------------------------------------------------------- configuration

    async def CheckConfig(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Refuse settings that cannot be used, and see to it that secrets are kept as such."""
        config = from_struct(request.news)
        secret = config.secret | {name for name in _SECRETS if config.values.get(name) is not None}
        failures = []
        async with self._failing(context, config, secret_texts(config)):
            try:
                _check_config(config)
            except (InvalidArgumentError, ConfigurationError) as error:
                argument = getattr(error, "argument", "").removeprefix(f"{PACKAGE}:")
                text = secret_texts(Properties(config.values, frozenset(secret))).redact(explain(error))
                failures.append(_failure(camel_name(argument), text, secret))
                self.has_failed = True
        inputs = to_struct(Properties(config.values, secret))
        return provider_pb2.CheckResponse(inputs=inputs, failures=failures)

    async def DiffConfig(self, request: Any, _context: Context) -> Any:  # noqa: N802
        """Other settings replace nothing: what has completed has completed, whoever asked."""
        olds, news = from_struct(request.olds).values, from_struct(request.news).values
        return _diff_response([name for name in CONFIG if olds.get(name) != news.get(name)], [])

    async def Configure(self, request: Any, _context: Context) -> Any:  # noqa: N802
        """Keep the settings, secrets among them, in this process only."""
        given = from_struct(request.args)
        values = known_inputs(given.values)
        self._config = Properties(values, frozenset(name for name in given.secret | _SECRETS if name in values))
        self._accounts = self._make_accounts(self._setting)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    # ------------------------------------------------------------------------------------------------------- functions

    async def Invoke(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Call a function."""
        functions = {GET_JOB: self._get_job, GET_JOBS: self._get_jobs}
        if request.tok not in functions:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"there is no function {request.tok}")
        many = request.tok == GET_JOBS
        arguments, secrets = await self._read(request.args, many=many)
        declared = package_schema(self._version)["functions"][request.tok]["inputs"]
        misnamed = _misnamed(arguments, declared["properties"], declared["required"])
        if misnamed:
            return provider_pb2.InvokeResponse(failures=misnamed)
        async with self._failing(context, arguments, secrets, _CUT_OFF, of_resource=False):
            try:
                inputs = core_inputs(arguments)
                check_inputs("job_id" if request.tok == GET_JOB else "job_ids", inputs)
                returned = await self._interruptible(functions[request.tok](inputs))
            except InvalidArgumentError as error:
                name = about(error, arguments.values) or camel_name(error.argument)
                return provider_pb2.InvokeResponse(failures=[_failure(name, secrets.redact(explain(error)))])
            return await aside(functools.partial(_returned, returned, secrets), many=many)

    async def _get_job(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        account = self._accounts.get(inputs)
        job_id, appid = (check_identifier(name, inputs.get(name)) for name in ("job_id", "appid"))
        # What the job lacks is there as null: SDKs take what is not there as not known, in a preview.
        return {
            **dict.fromkeys(JOB_OUTPUTS),
            **job_outputs(await account.ask(account.client.describe_job, job_id, appid)),
        }

    async def _get_jobs(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        account = self._accounts.get(inputs)
        job_ids, appid = job_ids_of("job_ids", inputs), check_identifier("appid", inputs.get("appid"))
        missing = check_choice("missing", inputs.get("missing", "error"), MISSING)
        most = check_number("max_concurrency", inputs.get("max_concurrency", 16), 1, 64)

        def read() -> Mapping[str, Any]:
            found = account.client.describe_jobs(
                job_ids, appid, missing="skip" if missing == "skip" else "error", max_concurrency=most
            )
            return {
                "jobs": {job_id: job_outputs(found[job_id]) for job_id in found},
                "missingJobIds": [job_id for job_id in job_ids if job_id not in found],
            }

        return await account.ask(read)

    # ----------------------------------------------------------------------------------------------------------- gates

    async def Check(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Refuse malformed inputs."""
        many = is_about_many(request)
        properties, secrets = await self._read(request.news, many=many)
        async with self._failing(context, properties, secrets):
            gate = self._gate(request, properties, secrets)
            declared = package_schema(self._version)["resources"][gate.kind]
            names = declared["inputProperties"]
            failures = _misnamed(properties, names, declared["requiredInputs"])
            try:
                await aside(gate.check, many=many)
            except InvalidArgumentError as error:
                name = about(error, names) or camel_name(error.argument)
                if properties.values.get(name) is not None:  # else it is among those that are missing
                    failures.append(_failure(name, secrets.redact(explain(error)), properties.secret))
        self.has_failed = self.has_failed or bool(failures)
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    async def Diff(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Another job or account is another gate; another way of waiting changes only what the state says."""
        many = is_about_many(request)
        properties, secrets = await self._read(request.news, many=many)
        async with self._failing(context, properties, secrets):
            gate = self._gate(request, properties, secrets)
            before = await aside(lambda: PriorState(request.old_inputs, request.olds), many=many)
            return _diff_response(gate.changed(before), gate.replacing(before))

    async def Create(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Wait for the jobs; in a preview look at them once."""
        many = is_about_many(request)
        properties, secrets = await self._read(request.properties, many=many)
        async with self._failing(context, properties, secrets):
            gate = self._gate(request, properties, secrets)
            await aside(lambda: gate.check(preview=request.preview), many=many)
            jobs = await self._interruptible(self._jobs(gate, gate.job_ids, preview=request.preview))
            response = provider_pb2.CreateResponse(id="" if request.preview else make_id())
            await aside(lambda: gate.write_outputs(response.properties, jobs), many=many)
            return response

    async def Update(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Wait for the jobs that are new; those that have completed are not asked about again."""
        many = is_about_many(request)
        properties, secrets = await self._read(request.news, many=many)
        async with self._failing(context, properties, secrets):
            gate = self._gate(request, properties, secrets)

            def compare() -> tuple[PriorState, Sequence[str]]:
                gate.check(preview=request.preview)
                before = PriorState(request.old_inputs, request.olds)
                new = gate.new_job_ids(before)
                gate.recheck(before, new)
                return before, new

            before, new = await aside(compare, many=many)
            jobs = await self._interruptible(self._jobs(gate, new, preview=request.preview))
            response = provider_pb2.UpdateResponse()
            await aside(lambda: gate.write_outputs(response.properties, jobs, before), many=many)
            return response

    async def _read(self, struct: Any, *, many: bool) -> tuple[Properties, SecretTexts]:
        """Return properties, and what of them and of the configuration no message shows."""

        def read() -> tuple[Properties, SecretTexts]:
            properties = from_struct(struct)
            return properties, secret_texts(properties, self._config)

        return await aside(read, many=many)

    def _gate(self, request: Any, properties: Properties, secrets: SecretTexts) -> Gate:
        return Gate(request, properties, self._setting, secrets)

    def _setting(self, key: str) -> Any:
        """Return the provider's configuration by a full key, such as `cosjob:uin`."""
        namespace, _, name = key.partition(":")
        return self._config.values.get(name) if namespace == PACKAGE else None

    async def _jobs(self, gate: Gate, job_ids: Sequence[str], *, preview: bool) -> Mapping[str, Mapping[str, Any]]:
        """Return the outputs of jobs that have completed; in a preview of those that have by now."""
        if not job_ids:
            return {}
        account, appid = self._accounts.get(gate.inputs), gate.inputs["appid"]
        if preview:
            found, notice = await account.poll_before_waiting(job_ids, appid, gate.limits)
        else:
            report = EngineLog(self._teller(gate), len(job_ids))
            try:
                found = await account.wait_for_jobs(job_ids, appid, gate.limits, report)
            finally:
                await self._engine.finish(gate.urn)
            notice = opening_notice(found)
        if notice:
            await self._engine.warn_now(gate.urn, gate.secrets.redact(notice))
        return await aside(lambda: {job_id: job_outputs(found[job_id]) for job_id in found}, many=len(found) > 1)

    def _teller(self, gate: Gate) -> Callable[[str, bool], None]:
        def tell(line: str, ephemeral: bool) -> None:
            say = self._engine.progress if ephemeral else self._engine.warn
            say(gate.urn, functools.partial(gate.secrets.redact, line))

        return tell

    async def Read(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Leave the gate be, also after the jobs have aged out: what it stands for has happened."""
        # On an import what a program claims arrives as inputs too. That does not prove that anybody has waited.
        seen = {"status", "jobs", *DYNAMIC} & set(request.properties.fields)
        if not seen or seen & set(request.inputs.fields):
            self.has_failed = True
            what = "a gate cannot be imported or looked up: declare it, and it opens at once where its job is complete"
            await context.abort(grpc.StatusCode.UNKNOWN, what)
        response = provider_pb2.ReadResponse(id=request.id, inputs=request.inputs)
        await aside(lambda: copy_struct(request.properties, response.properties), many=is_about_many(request))
        return response

    async def Delete(self, _request: Any, _context: Context) -> Any:  # noqa: N802
        """Touch nothing: a gate owns no job."""
        return empty_pb2.Empty()

    # ---------------------------------------------------------------------------------------------------------- errors

    async def _interruptible(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something that Cancel ends."""
        task = asyncio.ensure_future(work)
        self._waiting.add(task)
        if self._interrupted:
            task.cancel()
        try:
            return await task
        finally:
            self._waiting.discard(task)

    @contextlib.asynccontextmanager
    async def _failing(
        self,
        context: Context,
        properties: Properties,
        secrets: SecretTexts,
        interrupted: str = _INTERRUPTED,
        *,
        of_resource: bool = True,
    ) -> AsyncIterator[None]:
        """Turn what goes wrong into one message, about the input that it is about."""
        succeeded = False
        try:
            yield
            succeeded = True
        except asyncio.CancelledError:
            if not self._interrupted:
                raise
            await _abort(context, interrupted)
        except CosJobError as error:
            if self._interrupted:
                await _abort(context, interrupted)
            name = about(error, properties.values)
            text = explain(error)
            named = name is None or text.startswith(name)
            await _abort(context, secrets.redact(text if named else f"{name}: {text}"))
        except Exception as error:  # noqa: BLE001  a defect: users get a sentence, the engine's log has the rest
            whole = "".join(traceback.format_exception(error))
            self._engine.debug(functools.partial(secrets.redact, whole))
            what = secrets.redact(f"{type(error).__name__}: {error}")
            await _abort(context, f"the plugin failed in a way that it should not; please report it: {what}")
        finally:
            self.has_failed = self.has_failed or (of_resource and not succeeded)


def _returned(outputs: Mapping[str, Any], secrets: SecretTexts) -> Any:
    """Return what a function answers; outputs in which a secret stands are secret."""
    response = provider_pb2.InvokeResponse()
    to_struct(Properties(outputs, frozenset(echoing(outputs, secrets))), getattr(response, "return"))
    return response


def _failure(name: str, reason: str, secret: Collection[str] = ()) -> Any:
    # The engine shows the value of a property that is named here, be it a secret; the reason names it anyway.
    return provider_pb2.CheckFailure(property="" if name in secret else name, reason=reason)


def _misnamed(properties: Properties, names: Collection[str], required: Collection[str]) -> list[Any]:
    """Return what is wrong with the names of inputs: those that there are not, and those that are missing."""
    strange = [name for name in properties.values if name not in names and not name.startswith("__")]
    missing = [name for name in required if properties.values.get(name) is None]
    return [
        *(
            _failure(each, f"there is no input {each}; there are {', '.join(names)}", properties.secret)
            for each in strange
        ),
        *(_failure(each, f"{each} is missing") for each in missing),
    ]


def _diff_response(changed: Sequence[str], replaces: Sequence[str]) -> Any:
    kinds = provider_pb2.PropertyDiff
    detailed = {
        name: kinds(kind=kinds.UPDATE_REPLACE if name in replaces else kinds.UPDATE, inputDiff=True) for name in changed
    }
    response = provider_pb2.DiffResponse
    return response(
        changes=response.DIFF_SOME if changed else response.DIFF_NONE,
        diffs=changed,
        replaces=replaces,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


async def _abort(context: Context, message: str) -> NoReturn:
    """Answer with an error: neither its type nor where it was raised is shown."""
    await context.abort(grpc.StatusCode.UNKNOWN, fitting(message))
    raise AssertionError  # pragma: no cover  abort has raised


def _check_config(config: Properties) -> None:
    """Refuse settings that cannot be used; what is missing may stand elsewhere, and is missed where it is needed.

    Raises:
        InvalidArgumentError: A setting is malformed.
        ConfigurationError: Only half of a key is there.
    """
    known = known_inputs(config.values)
    if any(config.values.get(name) is UNKNOWN for name in _SECRETS):
        known = {name: value for name, value in known.items() if name not in _SECRETS}
    # Any endpoint will do where the settings make one up: it is not asked here.
    arguments = {} if known.get("endpoint") else {"endpoint": "https://localhost"}
    resolve(arguments, config=lambda key: known.get(key.removeprefix(f"{PACKAGE}:")), environment={})
