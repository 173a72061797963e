"""Calls generated clients as it is told, a line of JSON for each call, and answers with a line for each."""

import asyncio
import importlib
import json
import sys
from functools import reduce

from google.protobuf import json_format


def message_class(path):
    module, name = path.split(":")
    return reduce(getattr, name.split("."), importlib.import_module(module))


def parse(message, text):
    return message.from_json(text) if hasattr(message, "from_json") else json_format.Parse(text, message())


def to_dict(message):
    return json.loads(message.to_json()) if hasattr(message, "to_json") else json_format.MessageToDict(message)


def make_call(kind, call):
    module, name = call["client"].split(":")
    client = getattr(importlib.import_module(module), kind + name)(call["baseUrl"], headers=call["headers"])
    return client, getattr(client, call["method"]), parse(message_class(call["message"]), json.dumps(call["request"]))


def synchronous(call):
    client, method, request = make_call("", call)
    with client:
        return list(method(request)) if call["isStream"] else [method(request)]


async def asynchronous(call):
    client, method, request = make_call("Async", call)
    async with client:
        if call["isStream"]:
            return [message async for message in method(request)]
        return [await method(request)]


for line in sys.stdin:
    call = json.loads(line)
    try:
        messages = asyncio.run(asynchronous(call)) if call["isAsync"] else synchronous(call)
        answer = {"messages": [to_dict(message) for message in messages]}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
