"""Reads a line of JSON for each call, makes the call with the generated client, and writes a line with the result.

`driver.py sync httpx2 google`: sync, asyncio or trio; httpx2 or httpx; messages of google or protobuf-py.
"""

import inspect
import json
import re
import sys
import time
from contextlib import nullcontext
from importlib import import_module

import anyio

mode, library, messages = sys.argv[1:]
root = "gen." if messages == "protobuf-py" else ""
service = import_module(f"{root}conformance.v1.conformance_client")
runtime = import_module(f"{root}sse.runtime.client")
to_and_from_json = import_module(f"{root}sse.runtime.messages")
httpx = import_module(library)


def main():
    with httpx.Client() as http_client:
        for line in sys.stdin:
            answer, pause, stop_after, start = read(line, service.ConformanceServiceClient, http_client)
            try:
                result = start()
                if isinstance(result, runtime.Stream):
                    answer["stream"] = result
                    # Without `with`: leaving the loop closes the stream.
                    for meta in result.with_meta():
                        if add(answer, meta) == stop_after:
                            break
                        time.sleep(pause)
                else:
                    add(answer, result)
            except runtime.ClientError as error:
                answer["error"] = to_error(error)
            write(answer)


async def main_async():
    async with httpx.AsyncClient() as http_client:
        while line := await anyio.to_thread.run_sync(sys.stdin.readline):
            answer, pause, stop_after, start = read(line, service.AsyncConformanceServiceClient, http_client)
            try:
                result = start()
                if isinstance(result, runtime.AsyncStream):
                    answer["stream"] = result
                    # Trio closes no generator that is left, so it needs `async with`.
                    async with result if mode == "trio" else nullcontext():
                        async for meta in result.with_meta():
                            if add(answer, meta) == stop_after:
                                break
                            await anyio.sleep(pause)
                else:
                    add(answer, await result)
            except runtime.ClientError as error:
                answer["error"] = to_error(error)
            write(answer)


def read(line, client, http_client):
    call = json.loads(line)
    options = to_options(call["options"])
    pause, stop_after = options.pop("pause", 0), options.pop("stop_after", None)
    method = getattr(client(call["baseUrl"], http_client=http_client), to_snake(call["method"]))
    message = inspect.signature(method).parameters["request"].annotation
    request = to_and_from_json.from_json(message, json.dumps(call["request"]))
    return {"name": call["name"], "events": []}, pause, stop_after, lambda: method(request, **options)


def to_options(options):
    return dict(to_option(name, value) for name, value in options.items())


def to_option(name, value):
    if name.endswith("Ms"):
        return to_snake(name[:-2]), value / 1000
    if name in ("reconnect", "retry") and isinstance(value, dict):
        return name, getattr(runtime, name.capitalize())(**to_options(value))
    return to_snake(name), "raise" if value == "throw" else value


def to_snake(name):
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()


def add(answer, found):
    if isinstance(found, runtime.EventMeta):
        event = {"id": found.id, "event": found.event, "value": to_and_from_json.to_json(found.value)}
    else:
        event = {"value": to_and_from_json.to_json(found)}
    answer["events"].append(event)
    return len(answer["events"])


def to_error(error):
    return {
        "kind": to_snake(type(error).__name__.removesuffix("Error")).removeprefix("call_"),
        "code": getattr(error, "code", 0),
        "status": getattr(error, "status", None),
        "message": error.message,
        "details": [detail["@type"] for detail in getattr(error, "details", [])],
        "timeout": getattr(error, "kind", None),
        "phase": error.phase,
        "lastEventId": error.last_event_id,
        "attempt": error.attempt,
    }


def write(answer):
    stream = answer.pop("stream", None)
    print(json.dumps(answer | {"cursor": stream and stream.last_event_id}), flush=True)


if mode == "sync":
    main()
else:
    anyio.run(main_async, backend=mode)
