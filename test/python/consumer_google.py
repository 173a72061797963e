"""What users of the generated clients write: type checkers in strict mode have nothing to say."""

import math
from typing import assert_type

import httpx
import httpx2
from assistant.v1.assistant_client import (
    AssistantServiceClient,
    AsyncAssistantServiceClient,
    handle_ask_event,
)
from assistant.v1.assistant_pb2 import AskEvent, AskRequest, Delta, Done
from chat.v1.chat_client import AsyncChatServiceClient, ChatServiceClient
from chat.v1.chat_pb2 import Message, SearchRequest, SendMessageRequest
from sse.runtime.client import (
    AsyncStream,
    Code,
    DecodeError,
    EventMeta,
    Reconnect,
    Reconnection,
    StatusError,
    Stream,
    StreamInfo,
)
from vault.v1.vault_client import GetSecretHeaders, VaultServiceClient
from vault.v1.vault_pb2 import GetSecretRequest, Secret, WatchSecretsRequest


def synchronous() -> None:
    with ChatServiceClient("https://example.com", headers={"Authorization": "x"}) as client:
        assert_type(client.send_message(SendMessageRequest(room="a")), Message)
        with client.search(SearchRequest(), last_event_id="41", idle_timeout=math.inf) as stream:
            assert_type(stream, Stream[Message])
            assert_type(stream.opened(), StreamInfo)
            for message in stream:
                assert_type(message, Message)
            assert_type(stream.last_event_id, str | None)
        assert_type(client.search(SearchRequest()).collect(max=3), list[Message])
        for meta in client.search(SearchRequest(), reconnect=Reconnect(max_attempts=3)).with_meta():
            assert_type(meta, EventMeta[Message])
        for batch in client.search(SearchRequest(), reconnect=False).batches():
            assert_type(batch, list[Message])


async def asynchronous() -> None:
    async with AsyncChatServiceClient("https://example.com", timeout=3) as client:
        assert_type(await client.send_message(SendMessageRequest(room="a"), timeout=1), Message)
        stream = client.search(SearchRequest())
        assert_type(stream, AsyncStream[Message])
        async for message in stream:
            assert_type(message, Message)
        assert_type(await stream.collect(max=3), list[Message])


def http_clients() -> None:
    ChatServiceClient("https://example.com", http_client=httpx.Client())
    ChatServiceClient("https://example.com", http_client=httpx2.Client())
    AsyncChatServiceClient("https://example.com", http_client=httpx.AsyncClient())
    AsyncChatServiceClient("https://example.com", http_client=httpx2.AsyncClient())


def events(client: AssistantServiceClient) -> None:
    def on_delta(delta: Delta) -> str:
        return delta.text

    for event in client.ask(AskRequest(question="why?")):
        text = handle_ask_event(event, delta=on_delta, tone=str)
        assert_type(text, str | None)
        assert_type(handle_ask_event(event, done=lambda done: done.tokens), int | None)


async def events_of_coroutines(client: AsyncAssistantServiceClient) -> None:
    async def on_done(done: Done) -> None:
        print(done.tokens)

    async for event in client.ask(AskRequest(question="why?")):
        assert_type(event, AskEvent)
        if (handled := handle_ask_event(event, done=on_done)) is not None:
            await handled


def headers(client: VaultServiceClient) -> None:
    declared: GetSecretHeaders = {"X-API-Key": "k", "X-Client-Version": 1.5}
    assert_type(client.get_secret(GetSecretRequest(name="a"), headers=declared), Secret)
    client.get_secret(GetSecretRequest(name="a"), headers={"X-API-Key": "k", "X-Trace": "t"})
    client.get_secret(GetSecretRequest(name="a"), headers={"X-Other": "of no type"})
    client.watch_secrets(WatchSecretsRequest(), headers={"X-API-Key": "k", "x-trace": "t"})


def errors(client: ChatServiceClient) -> None:
    def on_reconnect(reconnection: Reconnection) -> None:
        print(reconnection.attempt, reconnection.delay, reconnection.error)

    try:
        client.search(SearchRequest(), on_reconnect=on_reconnect).collect(max=1)
    except StatusError as error:
        assert_type(error.status, int)
        if error.code is Code.NOT_FOUND:
            print(error.message)
    except DecodeError as error:
        print(error.data)
