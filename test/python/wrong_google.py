"""What no user may write: every line that says so is an error of every type checker."""

import httpx2
from assistant.v1.assistant_client import AssistantServiceClient, handle_ask_event
from assistant.v1.assistant_pb2 import AskEvent, AskRequest, Delta, Done
from chat.v1.chat_client import AsyncChatServiceClient, ChatServiceClient
from chat.v1.chat_pb2 import SearchRequest, SendMessageRequest
from vault.v1.vault_client import VaultServiceClient
from vault.v1.vault_pb2 import GetSecretRequest, WatchSecretsRequest


def clients() -> None:
    ChatServiceClient()  # error
    ChatServiceClient(1)  # error
    ChatServiceClient("https://example.com", base="/v1")  # error
    ChatServiceClient("https://example.com", "https://example.com")  # error
    ChatServiceClient("https://example.com", http_client=httpx2.AsyncClient())  # error
    AsyncChatServiceClient("https://example.com", http_client=httpx2.Client())  # error
    ChatServiceClient("https://example.com", last_event_id="41")  # error
    ChatServiceClient("https://example.com", timeout="3s")  # error


def calls(client: ChatServiceClient, request: SendMessageRequest) -> None:
    client.sendMessage(request)  # error
    client.send_message()  # error
    client.send_message({"room": "a"})  # error
    client.send_message(SearchRequest())  # error
    client.send_message(SendMessageRequest(rooom="a"))  # error
    client.send_message(request, {})  # error
    client.send_message(request, timeout="1")  # error
    client.send_message(request, time_out=1)  # error
    client.send_message(request, last_event_id="41")  # error
    client.send_message(request).txt  # error
    for _ in client.send_message(request):  # error
        pass


def streams(client: ChatServiceClient, request: SearchRequest) -> None:
    client.search(request, reconnect=3)  # error
    client.search(request, last_event_id=41)  # error
    client.search(request, unknown_events="throw")  # error
    client.search(request, format="xml")  # error
    client.search(request).collect()  # error
    client.search(request).text  # error
    for message in client.search(request):
        message.txt  # error


async def coroutines(client: AsyncChatServiceClient, request: SearchRequest) -> None:
    client.send_message(SendMessageRequest()).text  # error
    await client.search(request)  # error
    for _ in client.search(request):  # error
        pass
    with client.search(request):  # error
        pass


def events(client: AssistantServiceClient, event: AskEvent) -> None:
    def on_delta(delta: Delta) -> str:
        return delta.text

    handle_ask_event(event, done=on_delta)  # error
    handle_ask_event(event, end=on_delta)  # error
    handle_ask_event(Done(), delta=on_delta)  # error
    handle_ask_event(event, on_delta)  # error
    client.ask(AskRequest(), headers={"X-Trace": object()})  # error


def headers(client: VaultServiceClient) -> None:
    client.get_secret(GetSecretRequest(), headers={"X-API-Key": 1})  # error
    client.get_secret(GetSecretRequest(), headers={"X-API-Key": "k", "X-Trace": 1})  # error
    client.get_secret(GetSecretRequest(), headers="X-API-Key: k")  # error
    client.watch_secrets(WatchSecretsRequest(), retry=None)  # error
