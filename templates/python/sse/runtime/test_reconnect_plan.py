import time
from email.utils import formatdate

import httpx2
import pytest

from .errors import NetworkError, Place, ReconnectError, StatusError, TruncatedError
from .options import Retry
from .reconnect_plan import Failures, may_help, retry_after, retry_delay


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0),
        ("120", 120),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("2026-11-21T10:00:00Z", None),
    ],
)
def test_retry_after(value: str, expected: float | None) -> None:
    assert retry_after({"retry-after": value}) == expected


def test_retry_after_a_date() -> None:
    wait = retry_after({"retry-after": formatdate(time.time() + 1_000, usegmt=True)})
    assert wait is not None
    assert 900 < wait <= 1_000


def status(number: int, **headers: str) -> StatusError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return StatusError(httpx2.Response(number, headers=named), "")


def test_delays() -> None:
    for _ in range(200):
        lost = NetworkError("lost")
        for failures, longest in ((1, 1), (2, 2), (3, 4), (6, 30), (100, 30)):
            own = retry_delay(lost, failures, Retry())
            assert own is not None
            assert longest / 2 <= own <= longest
        from_server = retry_delay(lost, 1, Retry(), 3.0)
        assert from_server is not None
        assert 3 <= from_server <= 4.5
        asked = retry_delay(status(503, retry_after="60"), 1, Retry())
        assert asked is not None
        assert 60 <= asked <= 90
    assert retry_delay(status(503, retry_after="301"), 1, Retry()) is None


def test_event_errors_are_counted_over_heartbeats() -> None:
    failures = Failures(Retry(max_attempts=2))
    place = Place("body")
    error = StatusError(httpx2.Response(200), '{"code":14}', place)
    failures.add(error, None, place)
    failures.on_heartbeat()
    failures.add(error, None, place)
    failures.on_heartbeat()
    with pytest.raises(ReconnectError) as caught:
        failures.add(error, None, place)
    assert caught.value.failures == 3
    failures.on_progress()
    failures.add(error, None, place)


def test_heartbeats_reset_the_count_of_lost_connections() -> None:
    failures = Failures(Retry(max_attempts=1))
    for _ in range(5):
        failures.add(TruncatedError("cut", Place("body")), None, Place())
        failures.on_heartbeat()


def test_a_long_outage_keeps_ten_errors() -> None:
    failures = Failures(Retry(max_attempts=20))
    for number in range(20):
        failures.add(NetworkError(str(number)), None, Place())
    with pytest.raises(ReconnectError, match="gave up after 20 further requests: last") as caught:
        failures.add(NetworkError("last"), None, Place())
    assert len(caught.value.errors) == 10


def test_may_help() -> None:
    assert [number for number in range(400, 600) if may_help(status(number))] == [
        *(408, 425, 429, 500),
        *range(502, 600),
    ]
