"""A decoder that follows the standard, for the driver of PROTOCOL.md."""
import codecs


class Decoder:
    def __init__(self, last_event_id=""):
        self.text = codecs.getincrementaldecoder("utf-8")("replace")
        self.last_event_id = self.id_buffer = last_event_id
        self.retry, self.data, self.event_type, self.line = None, [], "", ""
        self.at_start, self.after_cr = True, False

    def feed(self, chunk):
        """The events that are out after this chunk: type, data, last event ID."""
        text = self.text.decode(chunk)
        if self.at_start and text:
            text, self.at_start = text.removeprefix("\ufeff"), False
        if self.after_cr and text:
            text, self.after_cr = text.removeprefix("\n"), False
        self.after_cr |= text.endswith("\r")
        *lines, self.line = (self.line + text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
        return [event for line in lines for event in self.process(line)]

    def process(self, line):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if line == "":
            self.last_event_id = self.id_buffer
            if self.data:
                yield self.event_type or "message", "\n".join(self.data), self.last_event_id
            self.data, self.event_type = [], ""
        elif name == "data":
            self.data.append(value)
        elif name == "event":
            self.event_type = value
        elif name == "id" and "\0" not in value:
            self.id_buffer = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry = min(int(value.lstrip("0")[:25] or "0"), 2**64 - 1)
