"""How long anything in this room may take, in seconds, on one page.

Read when they are needed and not copied, so that a test on a busy machine can be patient.
"""

from __future__ import annotations

TYPING = 0.05
"""A lookup while somebody is typing, for each tier."""
LOOKUP = 0.2
"""A lookup otherwise, for each tier; also taking a lock."""
START = 3.0
"""A question that comes while the tiers are being opened, once in a server's life. The provider's library loads
at the same time and takes about as long, so that asking would be no faster."""
SHARE = 0.4
"""Storing an answer in Redis, and waiting for that before others are let in."""
WRITE = 2.0
"""Any write to the disk; nobody waits for it."""
WALK = 30.0
"""Going through all entries: clear and check, which people start by hand."""
CONNECT = 2.0
"""The first connection to Redis, in the background."""
SOCKET = 0.2
"""Connecting to Redis and each reply, below the deadlines above; redis-py's own figure is 5."""
OPENING = 5.0
"""Loading SQLite and opening the database, or loading redis-py, before it counts as trouble."""
LOCK = 0.15
"""A write to the disk waiting for another process's write; less than a lookup may take, which may stand behind it."""
