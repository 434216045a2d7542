"""The provider protocol: requests of the engine in, responses out. Other modules have the rules."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import grpc
from google.protobuf import empty_pb2

from pulumi_cosjob._engine.log import EngineLog
from pulumi_cosjob._errors import ConfigurationError, CosJobError, InvalidArgumentError
from pulumi_cosjob._model.naming import camel_name
from pulumi_cosjob._plugin.accounts import AccountPool, offload
from pulumi_cosjob._plugin.functions import FUNCTIONS
from pulumi_cosjob._plugin.gates import DYNAMIC, GateAdapter, PriorState, is_jobs_gate, job_outputs
from pulumi_cosjob._plugin.inputs import core_inputs, offending_input, render, secret_texts, truncate_message
from pulumi_cosjob._plugin.package_schema import CONFIG, PACKAGE, package_schema
from pulumi_cosjob._plugin.properties import Properties, copy_struct, from_struct, to_struct
from pulumi_cosjob._plugin.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from pulumi_cosjob._plugin.responses import check_failure, diff_response, invoke_response, name_failures
from pulumi_cosjob._service.settings import resolve
from pulumi_cosjob._waiting.gate import UNKNOWN, known_inputs, make_id
from pulumi_cosjob._waiting.notices import opening_notice

if TYPE_CHECKING:
    from pulumi_cosjob._plugin.engine_client import Engine
    from pulumi_cosjob._program.secret_texts import SecretTexts

__all__ = ["Servicer"]

_SECRETS = frozenset(name for name, declared in CONFIG.items() if declared.get("secret"))
_WAIT_CANCELLED = "the wait was interrupted, and no job is changed by that; the next update waits again"
_REQUEST_CANCELLED = "the request was cancelled, as the command was interrupted or has failed elsewhere"

Context = Any
"""A `grpc.aio.ServicerContext`: gRPC has no types."""


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one provider: one set of configuration, any number of calls at the same time.

    Args:
        engine: Shows progress and warnings.
        version: Of the plugin.
        accounts: Makes the accounts of a configuration, for tests.

    Attributes:
        has_failed: Whether a resource has failed here. The engine then ends the program, too.
    """

    def __init__(
        self, engine: Engine, version: str, accounts: Callable[[Callable[[str], Any]], AccountPool] = AccountPool
    ) -> None:
        self._engine = engine
        self._version = version
        self._config = Properties({})
        self._make_accounts = accounts
        self._accounts = accounts(lambda _key: None)
        self._tasks: set[asyncio.Future[Any]] = set()
        self._interrupted = False
        self.has_failed = False

    # ------------------------------------------------------------------------------------------------------ the plugin

    async def GetPluginInfo(self, _request: Any, _context: Context) -> Any:  # noqa: N802  as all methods here
        """Return the version."""
        return plugin_pb2.PluginInfo(version=self._version)

    async def GetSchema(self, _request: Any, _context: Context) -> Any:  # noqa: N802
        """Return the schema as JSON text."""
        import json  # noqa: PLC0415  only SDK generators and YAML programs need it

        return provider_pb2.GetSchemaResponse(schema=json.dumps(package_schema(self._version)))

    async def Cancel(self, _request: Any, _context: Context) -> Any:  # noqa: N802
        """Cancel everything that is under way, and refuse what comes later."""
        self.interrupt()
        return empty_pb2.Empty()

    def interrupt(self) -> None:
        """Do what Cancel does."""
        self._interrupted = True
        for task in self._tasks:
            task.cancel()
        self._accounts.close()

    async def _unimplemented(self, _request: Any, context: Context) -> Any:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{PACKAGE} has no such method")

    # The inherited methods return the same error, but with a stack trace.
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
        """Refuse settings that cannot be used, and mark the credentials as secret."""
        config = from_struct(request.news)
        secret = config.secret | {name for name in _SECRETS if config.values.get(name) is not None}
        failures = []
        async with self._failing(context, config, secret_texts(config)):
            try:
                _check_config(config)
            except (InvalidArgumentError, ConfigurationError) as error:
                argument = getattr(error, "argument", "").removeprefix(f"{PACKAGE}:")
                text = secret_texts(Properties(config.values, frozenset(secret))).redact(render(error))
                failures.append(check_failure(camel_name(argument), text, secret))
                self.has_failed = True
        inputs = to_struct(Properties(config.values, secret))
        return provider_pb2.CheckResponse(inputs=inputs, failures=failures)

    async def DiffConfig(self, request: Any, _context: Context) -> Any:  # noqa: N802
        """Return what has changed. Other settings replace nothing: the jobs of a gate stay complete."""
        olds, news = from_struct(request.olds).values, from_struct(request.news).values
        return diff_response([name for name in CONFIG if olds.get(name) != news.get(name)], [])

    async def Configure(self, request: Any, _context: Context) -> Any:  # noqa: N802
        """Keep the settings, with their secrets, in this process only."""
        given = from_struct(request.args)
        values = known_inputs(given.values)
        self._config = Properties(values, frozenset(name for name in given.secret | _SECRETS if name in values))
        self._accounts = self._make_accounts(self._setting)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    # ------------------------------------------------------------------------------------------------------- functions

    async def Invoke(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Call a function."""
        if request.tok not in FUNCTIONS:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"there is no function {request.tok}")
        function = FUNCTIONS[request.tok]
        many = function.many
        arguments, secrets = await self._read(request.args, many=many)
        declared = package_schema(self._version)["functions"][request.tok]["inputs"]
        misnamed = name_failures(arguments, declared["properties"], declared.get("required", ()))
        if misnamed:
            return provider_pb2.InvokeResponse(failures=misnamed)
        async with self._failing(context, arguments, secrets, _REQUEST_CANCELLED, of_resource=False):
            try:
                inputs = core_inputs(arguments)
                function.check(inputs)
                returned = await self._interruptible(function.call(self._accounts, inputs))
            except InvalidArgumentError as error:
                name = offending_input(error, arguments.values) or camel_name(error.argument)
                return provider_pb2.InvokeResponse(failures=[check_failure(name, secrets.redact(render(error)))])
            return await offload(functools.partial(invoke_response, returned, secrets), many=many)

    # ----------------------------------------------------------------------------------------------------------- gates

    async def Check(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Refuse malformed inputs."""
        many = is_jobs_gate(request)
        properties, secrets = await self._read(request.news, many=many)
        async with self._failing(context, properties, secrets):
            adapter = self._adapter(request, properties, secrets)
            declared = package_schema(self._version)["resources"][adapter.kind]
            names = declared["inputProperties"]
            failures = name_failures(properties, names, declared["requiredInputs"])
            try:
                await offload(adapter.gate.check, many=many)
            except InvalidArgumentError as error:
                name = offending_input(error, names) or camel_name(error.argument)
                if properties.values.get(name) is not None:  # otherwise it is in the failures as missing
                    failures.append(check_failure(name, secrets.redact(render(error)), properties.secret))
        self.has_failed = self.has_failed or bool(failures)
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    async def Diff(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Compare the inputs with the state: another job or account replaces the gate, other options update it."""
        many = is_jobs_gate(request)
        properties, secrets = await self._read(request.news, many=many)
        async with self._failing(context, properties, secrets):
            adapter = self._adapter(request, properties, secrets)
            prior = await offload(lambda: adapter.prior_state(request), many=many)
            adapter.location = await self._interruptible(self._accounts.locate(adapter.gate.inputs))
            return diff_response(adapter.changed(prior), adapter.replacing(prior))

    async def Create(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Wait for the jobs; in a preview poll them once."""
        many = is_jobs_gate(request)
        properties, secrets = await self._read(request.properties, many=many)
        async with self._failing(context, properties, secrets):
            adapter = self._adapter(request, properties, secrets)
            await offload(lambda: adapter.gate.check(preview=request.preview), many=many)
            jobs = await self._interruptible(self._jobs(adapter, adapter.gate.job_ids, preview=request.preview))
            adapter.location = self._accounts.known_location(adapter.gate.inputs)
            response = provider_pb2.CreateResponse(id="" if request.preview else make_id())
            await offload(lambda: adapter.write_outputs(response.properties, jobs), many=many)
            return response

    async def Update(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Wait for the new jobs only; in a preview poll them once."""
        many = is_jobs_gate(request)
        properties, secrets = await self._read(request.news, many=many)
        async with self._failing(context, properties, secrets):
            adapter = self._adapter(request, properties, secrets)

            adapter.location = await self._interruptible(self._accounts.locate(adapter.gate.inputs))

            def compare() -> tuple[PriorState, Sequence[str]]:
                adapter.gate.check(preview=request.preview)
                prior = adapter.prior_state(request)
                adapter.recheck(prior)
                return prior, adapter.new_job_ids(prior)

            prior, new = await offload(compare, many=many)
            jobs = await self._interruptible(self._jobs(adapter, new, preview=request.preview))
            adapter.location = self._accounts.known_location(adapter.gate.inputs) or adapter.location
            response = provider_pb2.UpdateResponse()
            await offload(lambda: adapter.write_outputs(response.properties, jobs, prior), many=many)
            return response

    async def _read(self, struct: Any, *, many: bool) -> tuple[Properties, SecretTexts]:
        """Return properties, and the secrets in them and in the configuration."""

        def read() -> tuple[Properties, SecretTexts]:
            properties = from_struct(struct)
            return properties, secret_texts(properties, self._config)

        return await offload(read, many=many)

    def _adapter(self, request: Any, properties: Properties, secrets: SecretTexts) -> GateAdapter:
        return GateAdapter(request, properties, secrets)

    def _setting(self, key: str) -> Any:
        """Return the provider's configuration by a full key, such as `cosjob:uin`."""
        return _setting_in(self._config.values, key)

    async def _jobs(
        self, adapter: GateAdapter, job_ids: Sequence[str], *, preview: bool
    ) -> Mapping[str, Mapping[str, Any]]:
        """Wait for jobs and return their outputs; in a preview those of the jobs that have completed already."""
        if not job_ids:
            return {}
        account, appid = self._accounts.get(adapter.gate.inputs), adapter.gate.inputs.get("appid")
        if preview:
            found, notice = await account.poll_before_waiting(job_ids, appid, adapter.options)
        else:
            report = EngineLog(self._sender(adapter), len(job_ids))
            try:
                found = await account.wait_for_jobs(job_ids, appid, adapter.options, report)
            finally:
                await self._engine.finish(adapter.urn)
            notice = opening_notice(found)
        if notice:
            await self._engine.warn_now(adapter.urn, adapter.secrets.redact(notice))
        return await offload(lambda: {job_id: job_outputs(found[job_id]) for job_id in found}, many=len(found) > 1)

    def _sender(self, adapter: GateAdapter) -> Callable[[str, bool], None]:
        """Return what shows lines about a gate: progress, or warnings that stay."""

        def send(line: str, ephemeral: bool) -> None:
            show = self._engine.progress if ephemeral else self._engine.warn
            show(adapter.urn, functools.partial(adapter.secrets.redact, line))

        return send

    async def Read(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Keep the gate as it is, also when the service no longer keeps the jobs: they have completed."""
        # On an import the state of the program arrives as inputs too. Then no gate has waited for the jobs.
        completed = {"status", "jobs", *DYNAMIC} & set(request.properties.fields)
        if not completed or completed & set(request.inputs.fields):
            self.has_failed = True
            what = "a gate cannot be imported or looked up: declare it, and it opens at once where its job is complete"
            await context.abort(grpc.StatusCode.UNKNOWN, what)
        response = provider_pb2.ReadResponse(id=request.id, inputs=request.inputs)
        await offload(lambda: copy_struct(request.properties, response.properties), many=is_jobs_gate(request))
        return response

    async def Delete(self, _request: Any, _context: Context) -> Any:  # noqa: N802
        """Do nothing: a gate owns no job."""
        return empty_pb2.Empty()

    # ---------------------------------------------------------------------------------------------------------- errors

    async def _interruptible(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Await something that Cancel ends."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        if self._interrupted:
            task.cancel()
        try:
            return await task
        finally:
            self._tasks.discard(task)

    @contextlib.asynccontextmanager
    async def _failing(
        self,
        context: Context,
        properties: Properties,
        secrets: SecretTexts,
        cancelled: str = _WAIT_CANCELLED,
        *,
        of_resource: bool = True,
    ) -> AsyncIterator[None]:
        """Turn an exception into one message, which names the input that it is about."""
        succeeded = False
        try:
            yield
            succeeded = True
        except asyncio.CancelledError:
            if not self._interrupted:
                raise
            await _abort(context, cancelled)
        except CosJobError as error:
            if self._interrupted:
                await _abort(context, cancelled)
            name = offending_input(error, properties.values)
            text = render(error)
            named = name is None or text.startswith(name)
            await _abort(context, secrets.redact(text if named else f"{name}: {text}"))
        except Exception as error:  # noqa: BLE001  a defect: users get a sentence, the engine's log the traceback
            whole = "".join(traceback.format_exception(error))
            self._engine.debug(functools.partial(secrets.redact, whole))
            what = secrets.redact(f"{type(error).__name__}: {error}")
            await _abort(context, f"the plugin failed in a way that it should not; please report it: {what}")
        finally:
            self.has_failed = self.has_failed or (of_resource and not succeeded)


async def _abort(context: Context, message: str) -> NoReturn:
    """End a call with a message."""
    await context.abort(grpc.StatusCode.UNKNOWN, truncate_message(message))
    raise AssertionError  # pragma: no cover  abort has raised


def _check_config(config: Properties) -> None:
    """Refuse settings that cannot be used. One that is missing may be set elsewhere: a call that needs it fails.

    Raises:
        InvalidArgumentError: A setting is malformed.
        ConfigurationError: Only one half of the credentials is set.
    """
    known = known_inputs(config.values)
    if any(config.values.get(name) is UNKNOWN for name in _SECRETS):
        known = {name: value for name, value in known.items() if name not in _SECRETS}
    # No request is sent here. Any endpoint will do in place of the one of uin and region, which may be missing.
    arguments = {} if known.get("endpoint") else {"endpoint": "https://localhost"}
    resolve(arguments, config=functools.partial(_setting_in, known), environment={})


def _setting_in(values: Mapping[str, Any], key: str) -> Any:
    """Return a value of a configuration by its full key; None for a key of another namespace."""
    namespace, _, name = key.partition(":")
    return values.get(name) if namespace == PACKAGE else None
