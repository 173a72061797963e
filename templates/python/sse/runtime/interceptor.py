"""Interceptors wrap calls."""

from typing import Protocol


class Interceptor(Protocol):
    """Wraps the calls of a synchronous client."""


class AsyncInterceptor(Protocol):
    """Wraps the calls of an asynchronous client."""
