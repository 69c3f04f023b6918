"""llama.cpp's own HTTP server on a free loopback port, in a process of its own.

The process runs this very file. One slot, so that every request meets the same cache; flash attention off, because
with it a cached prompt and an uncached one differ in the last digits; a fixed seed, so that answers can be compared.
One thread, because several wait for each other by spinning, which is slow where cores are shared.
Not here: the model (`tiny_model.py`).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any, Self
from urllib.request import Request, urlopen

CONTEXT = 32_768
_EVALUATED = "llamacpp:prompt_tokens_total "
_DEADLINE = 30.0
"""Seconds for the engine to listen; it takes less than one, most of that for Python's own imports."""


class Engine:
    """A running engine. `base_url` is what goes into the user file, with its API path."""

    def __init__(self, process: Process, address: str) -> None:
        self._process = process
        self.base_url = f"{address}/v1"

    @classmethod
    async def start(cls, model: Path, *, prompt_cache: bool = True) -> Self:
        """Start an engine on a model; without `prompt_cache` it evaluates every prompt from its first token."""
        options = json.dumps({"model": str(model), "prompt_cache": prompt_cache})
        process = await asyncio.create_subprocess_exec(sys.executable, __file__, options, stdin=PIPE, stdout=PIPE)
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), _DEADLINE)
        if not line:
            raise RuntimeError(f"the engine did not start (exit status {await process.wait()}); it said why above")
        return cls(process, json.loads(line)["address"])

    @property
    def pid(self) -> int:
        return self._process.pid

    async def chat(self, prompt: str) -> None:
        """Have a prompt evaluated as it is, with nothing of cachewise between."""
        body = {"messages": [{"role": "user", "content": prompt}], "max_tokens": 1, "cache_prompt": True}
        await asyncio.to_thread(self._fetch, f"{self.base_url}/chat/completions", json.dumps(body).encode())

    async def evaluated(self) -> int:
        """How many prompt tokens the engine has worked through since it started: the sum of its `prompt_n`."""
        text = await asyncio.to_thread(self._fetch, self.base_url.removesuffix("/v1") + "/metrics")
        return int(float(next(line.split()[1] for line in text.splitlines() if line.startswith(_EVALUATED))))

    def _fetch(self, url: str, body: bytes | None = None) -> str:
        request = Request(url, body, {"content-type": "application/json"})
        with urlopen(request, timeout=_DEADLINE) as reply:
            text: str = reply.read().decode()
            return text

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End the process: by closing its input, then by force."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 5)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def _serve(model: str, *, prompt_cache: bool) -> None:
    """Serve until standard input closes. Imported here only: the tests' own process stays free of the engine."""
    import xllamacpp

    params: Any = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.n_gpu_layers = 0
    params.n_ubatch = 128  # with four times as many, attention no longer fits a processor's cache and takes half longer
    params.cache_prompt = prompt_cache
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.sampling.seed = 7
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.ui = False
    params.endpoint_metrics = True
    params.warmup = False
    params.verbosity = 1
    server = xllamacpp.Server(params)
    sys.stdout.write(json.dumps({"address": server.listening_address}) + "\n")
    sys.stdout.flush()
    while os.read(0, 4096):
        pass
    # The engine's threads need not be wound down: the process holds nothing that outlives it.
    os._exit(0)


if __name__ == "__main__":
    _serve(**json.loads(sys.argv[1]))
