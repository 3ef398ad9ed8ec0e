"""An implementation with one rule broken: `sse-wire conform`, with requests or answers changed on the way.

    broken.py RULE SSE-WIRE
"""
import base64
import json
import subprocess
import sys

rule, sse_wire = sys.argv[1:]


def in_chunks(old, new):
    def change(request):
        chunks = [base64.b64decode(chunk).replace(old, new) for chunk in request["chunks"]]
        request["chunks"] = [base64.b64encode(chunk).decode() for chunk in chunks]

    return change


def around(before, after):
    def change(request):
        chunks = [base64.b64decode(chunk) for chunk in request["chunks"]] or [b""]
        chunks[0], chunks[-1] = before + chunks[0], chunks[-1] + after
        request["chunks"] = [base64.b64encode(chunk).decode() for chunk in chunks]

    return change


def behind_each_chunk(request):
    request["chunks"] = [base64.b64encode(base64.b64decode(chunk) + b"\n").decode() for chunk in request["chunks"]]


def in_events(key, value):
    def change(answer):
        for event in answer["events"]:
            event[key] = value(event[key])

    return change


def without(key):
    return lambda request: request.pop(key, None)


def member(key, value):
    def change(answer):
        answer[key] = value(answer[key])

    return change


def in_steps(op, change):
    def change_steps(request):
        for step in request["steps"]:
            if step["op"] == op:
                step.update(change(step))

    return change_steps


def in_results(key, value):
    def change(answer):
        for result in answer["results"]:
            if key in result:
                result[key] = value(result[key])

    return change


def in_values(value):
    def change(request):
        values = request["serialize"]
        values.update({key: value(key, text) for key, text in values.items() if key != "retry"})

    return change


def one_line(text):
    return text.replace("\r", " ").replace("\n", " ")


REQUESTS = {
    "line-ends": in_chunks(b"\r", b"?"),
    "byte-order-mark": around(b"\xef\xbb\xbf", b""),
    "control-characters": in_chunks(b"\0", b""),
    "comments": in_chunks(b"\n:", b"\ndata:"),
    "field-names": in_chunks(b"DATA", b"data"),
    "colon": in_chunks(b"data\n", b"name\n"),
    "dispatch": in_chunks(b"\n\n", b"\ndata\n\n"),
    "id-nul": in_chunks(b"\0", b"0"),
    "id-blank-line": around(b"", b"\n\n"),
    "id-carried-over": without("last_event_id"),
    "end-of-stream": around(b"", b"\n\n"),
    "chunks": behind_each_chunk,
    "limit": without("limit"),
    "response-status": in_steps("response", lambda step: {"status": 200} if step["status"] < 300 else {}),
    "response-type": in_steps(
        "response", lambda step: {"content_type": "text/event-stream"} if "event" in (step["content_type"] or "") else {}
    ),
    "close": in_steps("close", lambda step: {"op": "request"}),
    "encoded-data": in_values(lambda key, text: one_line(text) if key == "data" else text),
    "strict-data": without("strict"),
    "refused-line-break": in_values(lambda key, text: text if key == "data" else one_line(text)),
    "refused-nul": in_values(lambda key, text: text.replace("\0", "")),
    "encoded-text": in_values(lambda key, text: text.encode("ascii", "ignore").decode()),
}

ANSWERS = {
    "utf-8": in_events("data", lambda data: data.replace("\ufffd", "?")),
    "comment-text": member("comments", lambda comments: [" " + comment for comment in comments]),
    "space": in_events("data", str.strip),
    "data-lines": in_events("data", lambda data: data.replace("\n", "")),
    "event-type": in_events("type", lambda event_type: "message"),
    "id": in_events("last_event_id", lambda last_event_id: ""),
    "retry": member("retry", lambda retry: retry or 0),
    "retry-range": member("retry", lambda retry: retry and min(retry, 2**53)),
    "clean-end": member("end", lambda end: "clean"),
    "length": in_events("data", lambda data: data[:1000]),
    "whole-streams": member("events", lambda events: events[:-1]),
    "promptness": member("after", lambda after: [0, *after[:-1]]),
    "positions": in_events("bytes", lambda bytes: [bytes[0], bytes[1] + 1]),
    "limit-of-ids": member("errors", lambda errors: [error for error in errors if "id" not in error.split()]),
    "last-event-id-header": in_results("last_event_id_header", lambda header: None),
    "reconnection": in_results("action", lambda action: "none" if action == "reconnect" else action),
    "order-of-steps": in_results("action", lambda action: "open" if action == "fail" else action),
    "reconnection-time": in_results("delay_ms", lambda delay: 3000),
    "block": member("bytes", lambda block: base64.b64encode(base64.b64decode(block)[:-1]).decode()),
    "refused-first": member("field", lambda field: "data"),
}

unbroken = lambda value: None
break_request, break_answer = REQUESTS.get(rule, unbroken), ANSWERS.get(rule, unbroken)
if rule not in REQUESTS and rule not in ANSWERS and rule != "none":
    sys.exit(f"no way to break {rule}")
conform = subprocess.Popen([sse_wire, "conform"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
for line in sys.stdin:
    request = json.loads(line)
    break_request(request)
    conform.stdin.write(json.dumps(request) + "\n")
    conform.stdin.flush()
    answer = json.loads(conform.stdout.readline())
    if "error" not in answer or rule == "refused-first":
        break_answer(answer)
    print(json.dumps(answer), flush=True)
conform.stdin.close()
conform.wait()
