"""What the server does with each message: a table of small functions, registered on the pygls server.

Here a message becomes a call of a feature and its result a message again. Not here: the wire, and anything that a
feature decides.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
from collections.abc import Sequence
from typing import Any

from lsprotocol import types

from cachewise.faults import Fault, InvalidParams
from cachewise.features.ahead import on_intent
from cachewise.features.pursuits import Grown
from cachewise.features.rooms import Rooms
from cachewise.lsp.actions import as_client_knows, code_actions, first_definition, refresh_actions, reported
from cachewise.lsp.commands import Commands
from cachewise.lsp.configuration import Configuration
from cachewise.lsp.looking import code_lenses, hover_at, resolve_lens
from cachewise.lsp.params import Token, question_params
from cachewise.lsp.questions import answer
from cachewise.lsp.server import CachewiseServer
from cachewise.lsp.show import Shower
from cachewise.lsp.status import StatusSender
from cachewise.lsp.suggesting import inline_completion, list_completion
from cachewise.lsp.watching import files_changed, watch_files
from cachewise.session.documents import Change

logger = logging.getLogger(__name__)

CREATE_DEADLINE = 1.0
"""Seconds to wait for a client to accept a progress token of the server's own."""


class Handlers:
    """All handlers of one client's server."""

    def __init__(self, server: CachewiseServer, rooms: Rooms, configuration: Configuration, shower: Shower) -> None:
        self._server = server
        self._rooms = rooms
        self._configuration = configuration
        self._shower = shower
        self._status = StatusSender(rooms, server.wire)
        self._capabilities: dict[str, Any] = {}
        self._tokens = 0
        rooms.pursuits.grew = self._grew
        self._commands = Commands(rooms, server.wire, shower, self._own_token, lambda: self._capabilities)

    def register(self) -> None:
        """Put every handler in its place."""
        feature = self._server.feature
        feature(types.INITIALIZE)(self._initialize)
        feature(types.INITIALIZED)(self._initialized)
        feature(types.TEXT_DOCUMENT_DID_OPEN)(self._did_open)
        feature(types.TEXT_DOCUMENT_DID_CHANGE)(self._did_change)
        feature(types.TEXT_DOCUMENT_DID_CLOSE)(self._did_close)
        feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)(self._notebook_opened)
        feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)(self._notebook_changed)
        feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)(self._notebook_closed)
        feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(self._folders)
        feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(self._did_change_configuration)
        feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(self._files_changed)
        feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions(work_done_progress=False))(
            self._inline_completion
        )
        # No trigger characters: the editor's own rules tell when somebody waits for a list.
        feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions())(self._completion)
        feature(
            types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
        )(self._code_action)
        feature(types.TEXT_DOCUMENT_HOVER, types.HoverOptions(work_done_progress=False))(self._hover)
        feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=True))(self._code_lens)
        feature(types.CODE_LENS_RESOLVE)(self._resolve_lens)
        feature(types.WORKSPACE_TEXT_DOCUMENT_CONTENT)(self._content)
        feature("cachewise/explain")(self._explain)
        feature("cachewise/ask")(self._ask)
        self._server.commands = self._commands.names
        self._server.command_handler = self._commands.run

    # Life

    def _initialize(self, params: types.InitializeParams) -> None:
        self._capabilities = self._server.protocol.announced
        self._shower.client_can(self._capabilities)
        self._rooms.documents.encoding = self._server.choose_encoding(params.capabilities)
        folders = [folder.uri for folder in params.workspace_folders or []]
        if not folders and params.root_uri:
            folders = [params.root_uri]
        for uri in folders:
            self._rooms.documents.folders.add(uri)
        self._configuration.initialize(params.initialization_options, self._capabilities)

    async def _initialized(self, params: types.InitializedParams) -> None:
        self._status.start()
        await asyncio.to_thread(_load_features)
        # What is there now stays: a full collection must not look through it again while somebody types.
        gc.freeze()
        # At once: a client that does not answer must not keep the ledger and the keyring waiting.
        await asyncio.gather(
            self._configuration.ask(self._server.wire),
            self._rooms.started(),
            self._configuration.find_keys(),
            watch_files(self._server.wire, self._capabilities),
        )
        self._status.touch()

    async def stop(self) -> None:
        """The connection ends: close what the features hold."""
        self._status.stop()
        self._shower.stop()
        await self._rooms.aclose()

    async def _did_change_configuration(self, params: types.DidChangeConfigurationParams) -> None:
        await self._configuration.changed(self._server.wire, params.settings)

    # Documents: applied synchronously and in order, so that every request sees the text the user saw.

    def _did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        self._opened(params.text_document)

    def _opened(self, document: types.TextDocumentItem, notebook: str | None = None) -> None:
        """A document, or a cell of a notebook, is open."""
        self._rooms.documents.open(document.uri, document.language_id, document.version, document.text, notebook)
        self._rooms.prepare()
        on_intent(self._rooms, document.uri)

    def _did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        self._changed(params.text_document, params.content_changes)

    def _changed(
        self,
        document: types.VersionedTextDocumentIdentifier,
        events: Sequence[types.TextDocumentContentChangeEvent],
    ) -> None:
        uri, changes = document.uri, [_change(event) for event in events]
        self._rooms.documents.change(uri, document.version, changes)
        self._rooms.typing.edited(uri, changes)
        if changes and (place := changes[-1].range) is not None:
            self._rooms.prompts.trail.seen(uri, place[0][0])
        if uri in self._rooms.pursuits:
            self._rooms.pursuits.changed(uri, self._rooms.documents.get(uri).text)
        on_intent(self._rooms, uri)

    def _did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self._closed(params.text_document.uri)

    def _closed(self, uri: str) -> None:
        if uri in self._rooms.documents:
            document = self._rooms.documents.get(uri)
            self._rooms.builtin.closed(document.path)
            self._rooms.acceptance.closed(uri, document.text)
        self._rooms.documents.close(uri)
        self._rooms.inflight.supersede(uri)
        self._rooms.pursuits.close(uri)
        self._rooms.suggestions.forget(uri)
        self._rooms.typing.forget(uri)
        self._rooms.problems.forget(uri)

    # Notebooks: each cell is a document of its own.

    def _notebook_opened(self, params: types.DidOpenNotebookDocumentParams) -> None:
        for cell in params.cell_text_documents:
            self._opened(cell, params.notebook_document.uri)

    def _notebook_changed(self, params: types.DidChangeNotebookDocumentParams) -> None:
        cells = params.change.cells
        if cells is None:
            return
        if cells.structure is not None:
            for gone in cells.structure.did_close or ():
                self._closed(gone.uri)
            for new in cells.structure.did_open or ():
                self._opened(new, params.notebook_document.uri)
        for content in cells.text_content or ():
            self._changed(content.document, content.changes)

    def _notebook_closed(self, params: types.DidCloseNotebookDocumentParams) -> None:
        for cell in params.cell_text_documents:
            self._closed(cell.uri)

    def _folders(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        for folder in params.event.removed:
            self._rooms.documents.folders.remove(folder.uri)
        for folder in params.event.added:
            self._rooms.documents.folders.add(folder.uri)

    def _files_changed(self, params: types.DidChangeWatchedFilesParams) -> None:
        files_changed(self._rooms, list(params.changes))

    # Questions

    async def _explain(self, params: object) -> dict[str, Any]:
        shape = await answer(self._rooms, self._server.wire, question_params(params, needs_question=False))
        if self._rooms.settings.code_lens and shape["source"] == "provider":
            self._shower.explained()
        return shape

    async def _ask(self, params: object) -> dict[str, Any]:
        return await answer(self._rooms, self._server.wire, question_params(params, needs_question=True))

    def _content(self, params: types.TextDocumentContentParams) -> types.TextDocumentContentResult:
        page = self._rooms.pages.find(params.uri)
        if page is None:
            raise InvalidParams("This explanation is no longer there. Ask again to get a new one.")
        return types.TextDocumentContentResult(text=page.markdown())

    def _code_action(self, params: types.CodeActionParams) -> list[types.CodeAction | types.Command]:
        document = self._rooms.documents.get(params.text_document.uri)
        on_intent(self._rooms, document.uri)  # editors ask for actions when the cursor comes to a place
        self._rooms.problems.seen(document.uri, *reported(params, document))
        self._rooms.prompts.trail.seen(document.uri, params.range.start.line)
        start, end = params.range.start, params.range.end
        where = (start.line, start.character), (end.line, end.character)
        outdated = self._rooms.outdated.near(self._rooms.documents.snapshot(params.text_document.uri, *where))
        actions = [
            *code_actions(params, first_definition(document, params.range)),
            *refresh_actions(params, document, outdated),
        ]
        return as_client_knows(actions, self._capabilities)

    async def _hover(self, params: types.HoverParams) -> types.Hover | None:
        place = (params.position.line, params.position.character)
        self._rooms.prompts.trail.seen(params.text_document.uri, place[0])
        return await hover_at(self._rooms, self._rooms.documents.snapshot(params.text_document.uri, place))

    def _code_lens(self, params: types.CodeLensParams) -> list[types.CodeLens]:
        return code_lenses(self._rooms, params.text_document.uri)

    async def _resolve_lens(self, lens: types.CodeLens) -> types.CodeLens:
        return await resolve_lens(self._rooms, lens)

    async def _own_token(self) -> Token | None:
        """A progress token for a command whose client sent none, so that its end still shows the cost."""
        window = self._capabilities.get("window")
        if not (isinstance(window, dict) and window.get("workDoneProgress")):
            return None
        self._tokens += 1
        token = f"cachewise-{self._tokens}"
        try:
            await self._server.wire.ask_json("window/workDoneProgress/create", {"token": token}, CREATE_DEADLINE)
        except (TimeoutError, Fault):
            return None
        return token

    # Completion

    async def _inline_completion(self, params: types.InlineCompletionParams) -> types.InlineCompletionList:
        return await inline_completion(self._rooms, params)

    async def _completion(self, params: types.CompletionParams) -> types.CompletionList:
        return await list_completion(self._rooms, params)

    def _grew(self, grown: Grown) -> None:
        line, character = self._rooms.documents.get(grown.uri).position_at(grown.offset)
        position = {"line": line, "character": character}
        params = {"uri": grown.uri, "version": grown.version, "position": position}
        self._server.wire.notify_json("cachewise/completionGrew", params, ("grew", grown.uri))


def _load_features() -> None:
    """Import what requests need. In a thread, so that neither `initialize` nor the first request waits for it."""
    for name in ("complete", "document", "explain", "hover", "lens", "warm"):
        importlib.import_module(f"cachewise.features.{name}")
    for name in ("answers.answers", "context.gather", "context.layout"):
        importlib.import_module(f"cachewise.{name}")


def _change(change: types.TextDocumentContentChangeEvent) -> Change:
    if isinstance(change, types.TextDocumentContentChangePartial):
        start, end = change.range.start, change.range.end
        return Change(((start.line, start.character), (end.line, end.character)), change.text)
    return Change(None, change.text)
