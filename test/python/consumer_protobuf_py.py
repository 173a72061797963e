"""What users of the generated clients write: type checkers in strict mode have nothing to say."""

from typing import assert_type

from acme.sse_runtime.client import AsyncStream, Stream
from gen.class_.v1.import_it_client import (
    AsyncKeywordServiceClient,
    KeywordServiceClient,
    handle_event,
)
from gen.class_.v1.import_it_pb import Event, None_, class_
from protobuf import Oneof
from protobuf.wkt import Timestamp


def synchronous() -> None:
    with KeywordServiceClient("https://example.com") as client:
        assert_type(client.get(None_(from_="a")), class_)
        stream = client.watch(Timestamp(), last_event_id="41")
        assert_type(stream, Stream[Event])
        for event in stream:
            assert_type(handle_event(event, count=str, true=lambda true: true.to_json_), str | None)
            match event.desc_:
                case Oneof("count", int() as count):
                    print(count + 1)
                case _:
                    pass


async def asynchronous() -> None:
    async with AsyncKeywordServiceClient("https://example.com") as client:
        assert_type(await client.get(None_(from_="a")), class_)
        stream = client.watch(Timestamp())
        assert_type(stream, AsyncStream[Event])
        async for event in stream:
            assert_type(event, Event)
