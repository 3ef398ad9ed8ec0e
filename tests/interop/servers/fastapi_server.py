"""Streams with FastAPI, as its tutorials write them."""

import asyncio
import sys
from collections.abc import AsyncIterable
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Header
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str
    price: float


ITEMS = [Item(name="Plumbus", price=32.99), Item(name="Portal Gun", price=999.99), Item(name="Méeseeks\nBox", price=5)]


@app.get("/streaming")
async def streaming():
    """A generator of text."""

    async def generate():
        for n in range(3):
            yield f"data: {n}\n\n"
            await asyncio.sleep(0)

    return StreamingResponse(generate(), media_type="text/event-stream")


@app.get("/items", response_class=EventSourceResponse)
async def items() -> AsyncIterable[Item]:
    """Models, which FastAPI itself makes events of."""
    for item in ITEMS:
        yield item


@app.get("/resumable", response_class=EventSourceResponse)
async def resumable(last_event_id: Annotated[int | None, Header()] = None) -> AsyncIterable[ServerSentEvent]:
    """With everything that an event can have; one event a connection."""
    n = 0 if last_event_id is None else last_event_id + 1
    yield ServerSentEvent(comment="one at a time", retry=20)
    if n < len(ITEMS):
        yield ServerSentEvent(data=ITEMS[n], event="item", id=str(n))
    else:
        yield ServerSentEvent(raw_data="two\nlines", event="end")


@app.get("/typed")
async def typed():
    """No stream."""
    return {"no": "stream"}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
