"""cachewise: a language server that streams LLM completions and explanations and says what they cost.

Nothing is imported here: the server's start-up time is the editor's waiting time.
"""

__version__ = "0.1.0"
