"""Drives a decoder, an encoder, or both in Python through the conformance protocol: `driver.py NAME`."""
import base64
import json
import sys

from decoders import DECODERS
from encoders import ENCODERS
from streams import Stream, Unsupported


def named(known):
    make = known.get(sys.argv[1])
    return make and make()


PARSE, SERIALIZE = named(DECODERS), named(ENCODERS)


def answer_to(request):
    if PARSE and "chunks" in request:
        if "limit" in request:
            raise Unsupported("a decoder without a limit")
        chunks = [base64.b64decode(chunk) for chunk in request["chunks"]]
        return PARSE(Stream(chunks, request.get("last_event_id", "")))
    if SERIALIZE and "serialize" in request:
        if "strict" in request:
            raise Unsupported("it has no strict mode")
        return {"bytes": base64.b64encode(SERIALIZE(**request["serialize"])).decode()}
    raise Unsupported("it does not do this")


for line in sys.stdin:
    try:
        answer = answer_to(json.loads(line))
    except Unsupported as error:
        answer = {"unsupported": str(error)}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
