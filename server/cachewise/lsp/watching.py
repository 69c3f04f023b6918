"""Files that change outside of the editor, as the client tells of them (`workspace/didChangeWatchedFiles`).

What is told here is read again with the next request, and the planner decides what becomes of it: the changes are told
by the journal or the copy is taken anew, whichever is cheaper. Not here: clients that watch nothing; each request asks
the file system for the age of the files that it uses, so they miss only what the age does not show.
"""

from __future__ import annotations

import logging
from typing import Any

from lsprotocol import types

from cachewise.faults import Fault
from cachewise.features.rooms import Rooms
from cachewise.lsp.wiring import Wire
from cachewise.session.uris import path_of

REGISTER_DEADLINE = 5.0
"""Seconds to wait for the client's consent. Nothing depends on it."""
REGISTRATION = {
    "id": "cachewise-files",
    "method": types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
    # Any file may be imported, and any text is searched by the built-in completer.
    "registerOptions": {"watchers": [{"globPattern": "**/*"}]},
}

logger = logging.getLogger(__name__)


async def watch_files(wire: Wire, capabilities: dict[str, Any]) -> None:
    """Ask the client to tell of changed files, if it can be asked."""
    workspace = capabilities.get("workspace")
    watches = workspace.get("didChangeWatchedFiles") if isinstance(workspace, dict) else None
    if not (isinstance(watches, dict) and watches.get("dynamicRegistration")):
        return
    try:
        await wire.ask_json("client/registerCapability", {"registrations": [REGISTRATION]}, REGISTER_DEADLINE)
    except (TimeoutError, Fault) as error:
        logger.warning("The client does not watch files: %s", type(error).__name__)


def files_changed(rooms: Rooms, events: list[types.FileEvent]) -> None:
    """Have what was told of read again, by whom it concerns. Nothing is read here, and nothing sent."""
    paths = {path: event.type for event in events if (path := path_of(event.uri)) is not None}
    if paths:
        names = any(kind != types.FileChangeType.Changed for kind in paths.values())
        rooms.prompts.changed_outside(paths, names=names)
        rooms.builtin.changed(paths)
