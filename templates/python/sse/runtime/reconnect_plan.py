"""When a failed request is sent again."""

import random
import time
from collections.abc import Mapping

from .errors import (
    CallTimeoutError,
    ClientError,
    NetworkError,
    Place,
    ReconnectError,
    StatusError,
    TruncatedError,
    code_to_http,
)
from .options import Retry

_MAX_ERRORS = 10
"""An error keeps up to 64 KiB of a body, and an outage may cause thousands of errors."""

_CONNECTION_ERRORS = (NetworkError, CallTimeoutError, TruncatedError)
"""After the head of a response, all others are errors of an event."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `Retry-After` asks to wait; None if it is absent or malformed.

    It is a number of seconds or a date (RFC 9110, section 10.2.3). A date in the past gives 0.
    """
    value = headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return float(value)
    # The dates of HTTP end in GMT.
    if not value.endswith("GMT"):
        return None
    from email.utils import parsedate_to_datetime  # takes long to import, and is rarely needed

    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def retry_delay(
    error: ClientError, failures: int, options: Retry, retry: float | None = None
) -> float | None:
    """Return the seconds to wait after the n-th failure in a row.

    None if `Retry-After` asks for more than `max_retry_after`. There is always jitter, so that
    clients do not come back together. It shortens our own delay by up to half, and lengthens a
    delay that the server sent, in `Retry-After` or as `retry`, by up to half.
    """
    wanted = (retry_after(error.headers) if isinstance(error, StatusError) else None) or 0.0
    if wanted > options.max_retry_after:
        return None
    first = options.initial_delay if retry is None else retry
    backoff = min(first * 2.0 ** min(failures - 1, 16), options.max_delay)
    jitter = random.random() / 2
    return max(backoff * (1 - jitter if retry is None else 1 + jitter), wanted * (1 + jitter))


class Failures:
    """The failures of a stream since its last progress."""

    def __init__(self, options: Retry) -> None:
        self._options = options
        self._max = 10 if options.max_attempts is None else options.max_attempts
        self.has_any = False
        """Whether there is something to reset."""
        self._count = 0
        self._event_errors = 0
        self._errors: list[ClientError] = []

    def on_progress(self) -> None:
        """Reset everything: an event or a new cursor arrived."""
        self.has_any = False
        self._count = self._event_errors = 0
        self._errors = []

    def on_heartbeat(self) -> None:
        """Reset the count of the connection's failures: it works.

        The count of error events and of events that cannot be read stays, since these come again at
        the same cursor every time.
        """
        self._count = 0
        if not self._event_errors:
            self._errors = []

    def add(self, error: ClientError, retry: float | None, place: Place) -> float:
        """Add a failure, and return the seconds to wait before the next attempt.

        Raises the failure of the stream if there is no other attempt: a `ReconnectError`, or the
        error itself if its `Retry-After` is above `max_retry_after`.
        """
        self.has_any = True
        self._count += 1
        if error.phase == "body" and not isinstance(error, _CONNECTION_ERRORS):
            self._event_errors += 1
        failures = max(self._count, self._event_errors)
        self._errors = [*self._errors, error][-_MAX_ERRORS:]
        if failures > self._max:
            raise ReconnectError(self._errors, failures, place) from error
        delay = retry_delay(error, failures, self._options, retry)
        if delay is None:
            raise error
        return delay


def may_help(error: ClientError) -> bool:
    """Whether another attempt of a stream may help.

    It may if the connection failed, was cut or timed out, or the server cannot respond now. It does
    not help for another content type, an event that is not the message, 501, and 4xx except 408,
    425 and 429.
    """
    if isinstance(error, StatusError):
        # The status of an error event is 200, so its code decides.
        status = error.status if error.phase == "open" else code_to_http(error.code)
        return status != 501 if status >= 500 else status in (408, 425, 429)
    return isinstance(error, _CONNECTION_ERRORS)


def is_transient(error: ClientError) -> bool:
    """Whether a unary call may be repeated after an error."""
    if isinstance(error, StatusError):
        return error.status in (408, 425, 429, 502, 503, 504)
    return isinstance(error, NetworkError)
