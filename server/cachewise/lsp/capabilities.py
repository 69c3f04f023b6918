"""What the server announces: what pygls derives from the registered features, put right where that is not true.

Not here: the features and their options, which are given where they are registered.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder

Encoding = Literal["utf-8", "utf-16", "utf-32"]
SCHEME = "cachewise"
"""The scheme of the virtual documents."""

_ENCODINGS: Mapping[str, Encoding] = {"utf-8": "utf-8", "utf-16": "utf-16", "utf-32": "utf-32"}


def choose_encoding(client: types.ClientCapabilities) -> Encoding:
    """The unit of positions: the first one in the client's order that the server knows; UTF-16 if it names none."""
    offered = (client.general and client.general.position_encodings) or ()
    return next((_ENCODINGS[name] for name in map(str.__str__, offered) if name in _ENCODINGS), "utf-16")


def server_capabilities(
    client: types.ClientCapabilities,
    features: Collection[str],
    options: Mapping[str, Any],
    commands: Sequence[str],
) -> types.ServerCapabilities:
    """The capabilities for a client.

    Args:
        client: What the client announced.
        features: The methods that have a handler.
        options: The options that handlers were registered with, by method.
        commands: The names for `workspace/executeCommand`; empty if there is no handler for them.
    """
    builder = ServerCapabilitiesBuilder(
        client,
        set(features),
        dict(options),
        list(commands),
        types.TextDocumentSyncKind.Incremental,
        None,
        choose_encoding(client),
    )
    capabilities: types.ServerCapabilities = builder.build()  # type: ignore[no-untyped-call]
    if not commands:
        capabilities.execute_command_provider = None
    if types.TEXT_DOCUMENT_INLINE_COMPLETION in features:
        # Not gated on the client: some ask without announcing it. Empty options count as false in some clients.
        given = capabilities.inline_completion_provider
        if not isinstance(given, types.InlineCompletionOptions) or given.work_done_progress is None:
            capabilities.inline_completion_provider = types.InlineCompletionOptions(work_done_progress=False)
        if client.text_document is not None and client.text_document.inline_completion is not None:
            capabilities.completion_provider = None  # the same text twice is once too often
    capabilities.notebook_document_sync = _notebooks(features)
    capabilities.workspace = _workspace(features)
    return capabilities


def _notebooks(features: Collection[str]) -> types.NotebookDocumentSyncOptions | None:
    """All cells of all notebooks, those in Markdown too: they tell what the code is about."""
    if types.NOTEBOOK_DOCUMENT_DID_CHANGE not in features:
        return None
    every = types.NotebookDocumentFilterWithNotebook(notebook="*")
    return types.NotebookDocumentSyncOptions(notebook_selector=[every])


def _workspace(features: Collection[str]) -> types.WorkspaceOptions:
    follows = types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS in features
    content = types.WORKSPACE_TEXT_DOCUMENT_CONTENT in features
    return types.WorkspaceOptions(
        workspace_folders=types.WorkspaceFoldersServerCapabilities(supported=True, change_notifications=follows),
        text_document_content=types.TextDocumentContentOptions(schemes=[SCHEME]) if content else None,
    )
