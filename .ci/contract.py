"""What schemathesis does not know by itself: how lines of JSON are sent and read, and what is in the store."""

import json
import os

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


# What stands in the environment is there to be found.
THERE = {"/v1/alerts/": "LAPWING_ALERT", "/v1/campaigns/": "LAPWING_CAMPAIGN", "/v1/customers/": "LAPWING_CUSTOMER"}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    # Every other id is left as it was made up: most of those are of nothing.
    made_up = str((path_parameters or {}).get("id", ""))
    for path, name in THERE.items():
        if context.operation.path.startswith(path) and name in os.environ and len(made_up) % 2 == 0:
            return {**path_parameters, "id": os.environ[name]}
    return path_parameters
