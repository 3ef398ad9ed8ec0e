"""Streams with Flask, as its tutorials write them."""

import json
import sys
from queue import Queue

import redis
from flask import Flask, Response, request

app = Flask(__name__)
store = redis.Redis(port=int(sys.argv[2]), decode_responses=True) if len(sys.argv) > 2 else None
changes = Queue()


@app.route("/ticks")
def ticks():
    """A generator of data alone, which ends."""

    def generate():
        for n in range(3):
            yield f"data: tick {n}\n\n"

    return Response(generate(), mimetype="text/event-stream")


@app.route("/counter")
def counter():
    """With ids: it resumes where the client was, with three events per connection."""
    last = int(request.headers.get("Last-Event-ID", 0))

    def generate():
        yield "retry: 20\n\n"
        for n in range(last + 1, last + 4):
            yield f"id: {n}\nevent: count\ndata: {n}\n\n"

    return Response(generate(), mimetype="text/event-stream")


@app.route("/status")
def status():
    """An event when the status changes, and a comment as long as it doesn't."""

    def generate():
        before = None
        for state in iter(changes.get, None):
            if state == before:
                yield ": unchanged\n\n"
            else:
                yield f"event: status\ndata: {json.dumps({'from': before, 'to': state})}\n\n"
            before = state

    return Response(generate(), content_type="text/event-stream; charset=utf-8")


@app.route("/status/<state>", methods=["POST"])
def change(state):
    changes.put(state)
    return "", 204


@app.route("/chat")
def chat():
    """What is published in Redis."""

    def generate():
        channel = store.pubsub()
        channel.subscribe("chat")
        for message in channel.listen():
            if message["type"] == "subscribe":
                yield "event: subscribed\ndata: chat\n\n"
            else:
                yield "data: %s\n\n" % message["data"]

    return Response(generate(), mimetype="text/event-stream")


@app.route("/chat", methods=["POST"])
def say():
    store.publish("chat", request.get_data(as_text=True))
    return "", 204


@app.route("/moved")
def moved():
    return "", 302, {"Location": "/ticks"}


@app.route("/broken")
def broken():
    raise RuntimeError("an error on purpose")


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), threaded=True)
