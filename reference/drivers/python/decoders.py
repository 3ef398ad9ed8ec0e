"""The decoders. Each is a function from a stream to the answer."""
import asyncio
import contextlib
import io
import types

from streams import Server, event


def carried(stream, last_event_id):
    """Returns the last event ID of a decoder that only has the id of each block."""
    if last_event_id is not None:
        stream.last_event_id = last_event_id
    return stream.last_event_id


def shown(retry):
    """Returns the reconnection time of a decoder that only has it in events; unknown without an event."""
    return {} if retry is None else {"retry": retry}


def httpx_sse():
    import httpx
    from httpx_sse import EventSource

    def parse(stream):
        headers, request = {"content-type": "text/event-stream"}, httpx.Request("GET", "http://localhost/")
        response = httpx.Response(200, headers=headers, content=iter(stream), request=request)
        stream.begins_without_id()
        retry = None
        for sse in EventSource(response).iter_sse():
            retry = retry if sse.retry is None else sse.retry
            stream.events.append(event(sse.event, sse.data, sse.id))
        return {"events": stream.events, "after": stream.after, **shown(retry)}

    return parse


def sseclient_py():
    from sseclient import SSEClient

    def parse(stream):
        retry = None
        for sse in SSEClient(stream).events():
            retry = retry if sse.retry is None else int(sse.retry)
            stream.events.append(event(sse.event, sse.data, carried(stream, sse.id)))
        return {"events": stream.events, "after": stream.after, **shown(retry)}

    return parse


def of_bytes(module):
    """Runs the decoder of the packages openai and anthropic, without JSON."""

    def parse(stream):
        for sse in module.SSEDecoder().iter_bytes(iter(stream)):
            stream.events.append(event(sse.event, sse.data))
        return {"events": stream.events, "after": stream.after}

    return parse


def openai():
    import openai._streaming as module

    return of_bytes(module)


def anthropic():
    import anthropic._streaming as module

    return of_bytes(module)


def launchdarkly_eventsource():
    from ld_eventsource import SSEClient
    from ld_eventsource.actions import Event
    from ld_eventsource.config import ConnectStrategy, ErrorStrategy
    from ld_eventsource.config.connect_strategy import ConnectionClient, ConnectionResult

    class Client(ConnectionClient, ConnectStrategy):
        def __init__(self, stream):
            self.stream = stream

        def create_client(self, logger):
            return self

        def connect(self, last_event_id):
            return ConnectionResult(iter(self.stream), None)

    def parse(stream):
        before, failed = stream.last_event_id or None, ErrorStrategy.always_fail()
        client = SSEClient(Client(stream), last_event_id=before, error_strategy=failed)
        with contextlib.suppress(StopIteration):
            for action in client.all:
                if isinstance(action, Event):
                    stream.events.append(event(action.event, action.data, action.last_event_id or ""))
        return {"events": stream.events, "after": stream.after, "last_event_id": client.last_event_id or ""}

    return parse


class Ended(Exception):
    """Raised at the end of the stream, instead of a reconnection."""


def wait(*arguments):
    raise Ended


def of_http(module, open_source, read):
    """Runs a client that reconnects, up to its first wait."""
    server = Server()
    module.time = types.SimpleNamespace(sleep=wait)

    def parse(stream):
        url = server.url_of(stream)
        with contextlib.suppress(Ended), contextlib.redirect_stdout(io.StringIO()):
            for sse in open_source(url):
                stream.events.append(read(stream, sse))
        return {"events": stream.events}

    return parse


def sseclient():
    import importlib.util
    from importlib.metadata import distribution

    # sseclient-py has a module with the same name.
    path = distribution("sseclient").locate_file("sseclient.py")
    spec = importlib.util.spec_from_file_location("sseclient_module", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return of_http(module, module.SSEClient, lambda stream, sse: event(sse.event, sse.data, carried(stream, sse.id)))


def requests_sse():
    import requests_sse.client as module

    def events(url):
        with module.EventSource(url) as source:
            yield from source

    return of_http(module, events, lambda stream, sse: event(sse.type, sse.data, sse.last_event_id))


def aiohttp_sse_client():
    import aiohttp_sse_client.client as module

    server = Server()
    module.asyncio = types.SimpleNamespace(sleep=wait)

    async def read(stream, url):
        with contextlib.suppress(Ended):
            async with module.EventSource(url) as source:
                async for sse in source:
                    stream.events.append(event(sse.type, sse.data, sse.last_event_id))

    def parse(stream):
        asyncio.run(read(stream, server.url_of(stream)))
        return {"events": stream.events}

    return parse


DECODERS = {
    "aiohttp-sse-client": aiohttp_sse_client,
    "anthropic": anthropic,
    "httpx-sse": httpx_sse,
    "launchdarkly-eventsource": launchdarkly_eventsource,
    "openai": openai,
    "requests-sse": requests_sse,
    "sseclient": sseclient,
    "sseclient-py": sseclient_py,
}
