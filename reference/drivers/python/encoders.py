"""The encoders. Each is a function from the values of a block to its bytes."""
import asyncio

from streams import Unsupported


def lacks(**values):
    """For an encoder that does not write these values."""
    for name, value in values.items():
        if value is not None:
            raise Unsupported(f"it does not write {name}")


def sse_starlette():
    from sse_starlette import ServerSentEvent

    def serialize(type=None, **values):
        return ServerSentEvent(event=type, **values).encode()

    return serialize


def litestar():
    from litestar.response.sse import ServerSentEventMessage

    def serialize(type=None, data=None, **values):
        return ServerSentEventMessage(event=type, data=data, **values).encode()

    return serialize


def fastapi():
    from fastapi.sse import ServerSentEvent, format_sse_event

    def serialize(type=None, data=None, **values):
        event = ServerSentEvent(event=type, raw_data=data, **values)
        values = {"id": event.id, "retry": event.retry, "comment": event.comment}
        return format_sse_event(event=event.event, data_str=event.raw_data, **values)

    return serialize


def aiohttp_sse():
    from aiohttp_sse import EventSourceResponse

    class Response(EventSourceResponse):
        written = b""

        async def write(self, data):
            self.written += data

    def serialize(data=None, type=None, id=None, retry=None, comment=None):
        lacks(comment=comment)
        if data is None:
            raise Unsupported("an event has data")
        response = Response()
        asyncio.run(response.send(data, id=id, event=type, retry=retry))
        return response.written

    return serialize


def django_eventstream():
    from django.conf import settings

    settings.configure()
    from django_eventstream.utils import sse_encode_event

    def serialize(data=None, type="message", id=None, retry=None, comment=None):
        lacks(retry=retry, comment=comment)
        if data is None:
            raise Unsupported("an event has data")
        return sse_encode_event(type, data, id).encode()

    return serialize


ENCODERS = {
    "aiohttp-sse": aiohttp_sse,
    "django-eventstream": django_eventstream,
    "fastapi": fastapi,
    "litestar": litestar,
    "sse-starlette": sse_starlette,
}
