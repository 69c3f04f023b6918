"""A provider on the loopback interface, for the demo, the tests and the benchmarks.

It speaks the wire formats of OpenRouter, OpenAI and Anthropic, keeps a true prompt-cache account and bills by the
public price list. No model runs: answers are made from the prompt, and everything that it sends is labelled simulated.
"""

from cachewise.simulator.records import Record, fingerprint
from cachewise.simulator.script import Fault, Script
from cachewise.simulator.server import Simulator
from cachewise.simulator.tokens import count_tokens

__all__ = ["Fault", "Record", "Script", "Simulator", "count_tokens", "fingerprint"]
