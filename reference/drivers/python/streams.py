"""The input of decoders, and the parts of their answers."""
import http.server
import threading


class Unsupported(Exception):
    """The implementation does not support the request."""


def event(event_type, data, *last_event_id):
    """Returns an event, without a last event ID if the decoder has none."""
    shown = {"type": event_type or "message", "data": data}
    return {**shown, "last_event_id": last_event_id[0]} if last_event_id else shown


class Stream:
    """The chunks of a request, and the events so far, which are counted when each chunk has been taken."""

    def __init__(self, chunks, last_event_id):
        self.chunks, self.last_event_id, self.events, self.after = chunks, last_event_id, [], []

    def begins_without_id(self):
        """For a decoder that can't start with a last event ID."""
        if self.last_event_id:
            raise Unsupported("it takes no last event ID to begin with")

    def __iter__(self):
        for chunk in self.chunks:
            yield chunk
            self.after.append(len(self.events))


class Server:
    """Serves the chunks of a stream on loopback, each in a separate write."""

    def __init__(self):
        self.chunks = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream; charset=utf-8")
                self.end_headers()
                for chunk in outer.chunks:
                    self.wfile.write(chunk)
                    self.wfile.flush()

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}/"

    def url_of(self, stream):
        stream.begins_without_id()
        self.chunks = stream.chunks
        return self.url
