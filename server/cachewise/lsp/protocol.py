"""The protocol between framing and handlers: who may say what when, who handles it, and what goes back.

pygls brings the registration of features, the types and the helpers for requests to the client. Its own handling of
messages is replaced: it leaves requests without a reply, shows errors in popups and logs bodies. Its built-in handlers
are left out too, so that it keeps no second copy of the documents.

Promises: every request with an id gets exactly one reply; one that is no good gets an error that says so (-32700,
-32600, -32602, -32601, -32002). A cancel is answered at once, however long the handler cleans up. Handlers of
notifications run synchronously and in order, unless they are coroutines.

Not here: framing and writing (`wire.py`, `outbox.py`), errors of handlers (`errors.py`), the table of running requests
(`requests.py`), and what the client is asked (`asking.py`).
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import cattrs
from lsprotocol import types
from pygls.feature_manager import is_thread_function
from pygls.protocol import LanguageServerProtocol

from cachewise.faults import InvalidParams
from cachewise.lsp import errors
from cachewise.lsp.asking import Asking
from cachewise.lsp.capabilities import server_capabilities
from cachewise.lsp.converter import is_notification, typed_params
from cachewise.lsp.messages import MsgId, Notice, Refused, Reply, Request, read_message, write_message
from cachewise.lsp.outbox import Outbox
from cachewise.lsp.requests import Requests
from cachewise.lsp.wire import Frame

if TYPE_CHECKING:
    from cachewise.lsp.server import CachewiseServer

Handler = Callable[[Any], Any]


class Protocol(LanguageServerProtocol):
    """One client's side of the conversation. Everything runs on the event loop's thread.

    Attributes:
        outbox: Where messages go; without one they are dropped.
        on_exit: Called with the exit status when the client says `exit`.
        announced: The client's capabilities as it sent them. Turning the typed ones back into JSON would cost more than
            anything else that `initialize` does.
    """

    _server: CachewiseServer

    def __init__(self, server: CachewiseServer, converter: cattrs.Converter) -> None:
        super().__init__(server, converter)
        self.outbox: Outbox | None = None
        self.on_exit: Callable[[int], None] = lambda _status: None
        self.announced: dict[str, Any] = {}
        self.requests = Requests(self._succeed, self._fail)
        self._asking = Asking(self._send, self._request_futures, self._result_types, converter)
        self._ready = False
        self._own_requests: dict[str, Handler] = {
            types.INITIALIZE: self._initialize,
            types.SHUTDOWN: self._shut_down,
            types.WORKSPACE_EXECUTE_COMMAND: self._execute,
        }
        self._own_notices: dict[str, Handler] = {
            types.EXIT: lambda _params: self.on_exit(0 if self._shutdown else 1),
            types.CANCEL_REQUEST: lambda params: self.requests.cancel(params.id),
            types.WINDOW_WORK_DONE_PROGRESS_CANCEL: lambda params: self.requests.cancel_token(params.token),
        }

    def _register_builtin_features(self) -> None:
        """None of pygls' own handlers: they store the text of every document."""

    # Receiving

    def accept(self, frame: Frame) -> bool:
        """Handles one message; never raises.

        Returns:
            Whether a handler was started. Let the event loop run once before the next message then: the handler
            takes its snapshot of the documents before its first await, and must see them as they are now.
        """
        message = frame if isinstance(frame, Refused) else read_message(frame)
        before = self.requests.tasks
        context = contextvars.copy_context()
        if isinstance(message, Request):
            context.run(self._ctx_msg_id.set, message.id)
            context.run(self._request, message)
        elif isinstance(message, Notice):
            context.run(self._notice, message)
        elif isinstance(message, Reply):
            self._asking.settle(message)
        else:
            self._refuse(message)
        return self.requests.tasks > before

    def _request(self, request: Request) -> None:
        refused = self._objection(request)
        if refused is not None:
            self._refuse(refused, request.method)
            return
        try:
            handler = self._own_requests.get(request.method) or self.fm.features[request.method]
            params = typed_params(self._converter, request.method, request.params)
            if request.method == types.INITIALIZE and isinstance(sent := request.params.get("capabilities"), dict):
                self.announced = sent
            result = _call(handler, params)
        except (Exception, asyncio.CancelledError) as failure:
            self._fail(request.id, errors.error_of(failure, method=request.method, msg_id=request.id))
            return
        if inspect.isawaitable(result):
            self.requests.run(request, result, contextvars.copy_context())
        else:
            self._succeed(request, result)

    def _objection(self, request: Request) -> Refused | None:
        """Why a request may not be handled at all."""
        method = request.method
        if request.id in self.requests:
            return Refused(errors.INVALID_REQUEST, "A request with this id is still running.", request.id)
        if self._shutdown:
            return Refused(errors.INVALID_REQUEST, "The server is shutting down.", request.id)
        if not self._ready and method != types.INITIALIZE:
            return Refused(errors.NOT_INITIALIZED, "The server is not initialized.", request.id)
        if self._ready and method == types.INITIALIZE:
            return Refused(errors.INVALID_REQUEST, "The server is initialized already.", request.id)
        if is_notification(method):
            return Refused(errors.INVALID_REQUEST, "This method is a notification and takes no id.", request.id)
        if method not in self._own_requests and method not in self.fm.features:
            return Refused(errors.METHOD_NOT_FOUND, "There is no such method.", request.id)
        return None

    def _notice(self, notice: Notice) -> None:
        method = notice.method
        if method != types.EXIT and (not self._ready or self._shutdown):
            return
        handlers = [h for h in (self._own_notices.get(method), self.fm.features.get(method)) if h is not None]
        if not handlers or method in self._own_requests:
            return
        # Nothing is in these parameters, so it does not matter how a client writes that.
        raw = {} if method == types.INITIALIZED else notice.params
        try:
            params = typed_params(self._converter, method, raw)
        except InvalidParams as failure:
            errors.log_refusal(failure.code, None, method)
            return
        for handler in handlers:
            try:
                result = _call(handler, params)
            except (Exception, asyncio.CancelledError) as failure:
                errors.log_failure(failure, f"notification {method}")
                continue
            if inspect.isawaitable(result):
                self.requests.run_notice(method, result, contextvars.copy_context())

    # Sending

    def notify_json(self, method: str, params: dict[str, Any], key: Hashable | None = None) -> None:
        """Sends a notification of plain JSON; an unsent one with the same key is replaced."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params}, key)

    def progress_json(self, token: int | str, value: dict[str, Any], key: Hashable | None = None) -> None:
        """Sends `$/progress`."""
        self.notify_json(types.PROGRESS, {"token": token, "value": value}, key)

    def pending(self, key: Hashable) -> bool:
        """Whether a message with this key has not gone out yet."""
        return self.outbox is not None and self.outbox.pending(key)

    async def ask_json(self, method: str, params: dict[str, Any] | None, timeout: float) -> Any:
        """Sends a request of plain JSON to the client and waits for its result.

        Raises:
            TimeoutError: No reply within `timeout` seconds; a later one is ignored.
            RequestFailed: The client answered with an error.
        """
        return await self._asking.ask(method, params, timeout)

    def plain(self, value: Any) -> Any:
        """A value of lsprotocol's types as plain JSON."""
        return self._converter.unstructure(value)

    def _send(self, message: Any, key: Hashable | None = None) -> None:
        body = write_message(message, self._to_json)
        if self.outbox is not None:
            self.outbox.send(body, key)

    def _send_data(self, data: Any) -> None:
        """What pygls' own helpers send goes the same way, without their logging."""
        self._send(data)

    def _succeed(self, request: Request, result: Any) -> None:
        try:
            self._send({"jsonrpc": "2.0", "id": request.id, "result": result})
        except Exception as failure:  # a result that JSON can't express; the request is answered all the same
            self._fail(request.id, errors.error_of(failure, method=request.method, msg_id=request.id))

    def _fail(self, msg_id: MsgId | None, error: dict[str, Any]) -> None:
        try:
            self._send({"jsonrpc": "2.0", "id": msg_id, "error": error})
        except (TypeError, ValueError):  # data that JSON can't express; that there is a reply matters more
            plain = errors.rpc_error(error["code"], error["message"])
            self._send({"jsonrpc": "2.0", "id": msg_id, "error": plain})

    def _refuse(self, refused: Refused, method: str = "") -> None:
        errors.log_refusal(refused.code, refused.id, method)
        self._fail(refused.id, errors.rpc_error(refused.code, refused.sentence))

    def _to_json(self, value: Any) -> Any:
        # Only lsprotocol's types: turning any object into its attributes could send what was never meant to leave.
        if hasattr(value, "__attrs_attrs__"):
            return self._converter.unstructure(value)
        raise TypeError(f"{type(value).__name__} can't be sent")

    # The life of the connection

    def _initialize(self, params: types.InitializeParams) -> types.InitializeResult:
        self._server.process_id = params.process_id
        self.client_capabilities = params.capabilities
        handler = self.fm.features.get(types.INITIALIZE)
        if handler is not None and inspect.isawaitable(handler(params)):
            raise TypeError("the handler of initialize must not be a coroutine")
        features = set(self.fm.features)
        commands = self._server.commands if self._server.command_handler is not None else ()
        self.server_capabilities = server_capabilities(params.capabilities, features, self.fm.feature_options, commands)
        self._ready = True
        return types.InitializeResult(capabilities=self.server_capabilities, server_info=self.server_info)

    def _shut_down(self, params: None) -> Any:
        self.requests.cancel_all()
        self._shutdown = True
        handler = self.fm.features.get(types.SHUTDOWN)
        return None if handler is None else handler(params)

    def _execute(self, params: types.ExecuteCommandParams) -> Any:
        handler = self._server.command_handler
        if handler is None or params.command not in self._server.commands:
            raise InvalidParams("There is no such command.")
        return handler(params)


def _call(handler: Handler, params: Any) -> Any:
    threaded: bool = is_thread_function(handler)  # type: ignore[no-untyped-call]
    return asyncio.to_thread(handler, params) if threaded else handler(params)
