"""The turn of threads that import libraries with parts in common.

Two threads that import modules of one package from different ends can each hold what the other one waits for, since a
package may import its parts and those the package. Python does not wait for ever then: it raises in one of them.
genai-prices is such a package: the price list needs it, and pydantic-ai needs a part of it.
"""

from __future__ import annotations

import threading

IMPORTING = threading.RLock()
"""Held in a thread while it imports a provider's library or the price list; never on the event loop."""
