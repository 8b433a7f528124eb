"""Handlers as they are written for AWS Lambda; nothing here knows of another server."""

CALLS = 0


class NotToday(Exception):
    pass


def greet(event, context):
    return {"greeting": f"Hello, {event['name']}!", "length": len(event["name"])}


def fail(event, context):
    raise NotToday(f"{event['name']} must come back tomorrow")


def identify(event, context):
    return {
        "name": context.function_name,
        "arn": context.invoked_function_arn,
        "request": context.aws_request_id,
        "remaining": context.get_remaining_time_in_millis(),
        "attempt": (context.client_context.custom or {}).get("RATCHET_ATTEMPT_ID"),
    }


def count(event, context):
    global CALLS
    CALLS += 1
    return CALLS
