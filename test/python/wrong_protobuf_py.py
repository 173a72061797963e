"""What no user may write: every line that says so is an error of every type checker."""

from gen.class_.v1.import_it_client import AsyncKeywordServiceClient, KeywordServiceClient, handle_event
from gen.class_.v1.import_it_pb import Event, None_, class_
from protobuf.wkt import Timestamp


def calls(client: KeywordServiceClient, event: Event) -> None:
    client.get(class_())  # error
    client.get(None_(form="a"))  # error
    client.watch(Timestamp(), last_event_id=41)  # error
    client.watch(Timestamp()).seconds  # error
    handle_event(event, count=len)  # error
    handle_event(event, None_=str.upper)  # error


async def coroutines(client: AsyncKeywordServiceClient) -> None:
    client.get(None_()).a  # error
    for _ in client.watch(Timestamp()):  # error
        pass
