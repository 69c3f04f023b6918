"""Rendering a prompt plan on a provider's wire and reading its stream.

The only package that imports pydantic_ai, the vendors' SDKs and httpx2, and it does so lazily: they take 1 to 2.5 s.
"""
