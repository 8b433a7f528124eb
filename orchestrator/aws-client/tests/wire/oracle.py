"""What botocore makes of every operation of the services that are bundled: a line of JSON for each request and each answer.

    python oracle.py DIRECTORY    the directory of the bundled models; their names say which services

Each line has the service's folder, the operation, its protocol, and either `parameters` (as workflows spell them) and the `request` that botocore
makes of them, or an `answer` and the `result` that botocore reads from it (as workflows see it). Values are made from the shapes, the same in
each run.
"""

import base64
import datetime
import json
import os
import sys
import urllib.parse
from xml.sax.saxutils import escape, quoteattr

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize

NOW = datetime.datetime(2026, 11, 23, 5, 38, 39, tzinfo=datetime.timezone.utc)
PREFERRED = ["json", "rest-json", "rest-xml", "query", "ec2", "smithy-rpc-v2-cbor"]
CREDENTIALS = botocore.credentials.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None)


def main(directory):
    loader = botocore.loaders.Loader(include_default_extras=False)
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: NOW.replace(tzinfo=None) if remove_tzinfo else NOW
    for name in sorted(os.listdir(directory)):
        if not name.endswith(".json.gz"):
            continue
        folder = name.removesuffix(".json.gz")
        document = loader.load_service_model(folder, "service-2")
        metadata = document["metadata"]
        spoken = [p for p in PREFERRED if p in [metadata["protocol"], *metadata.get("protocols", [])]]
        protocols = spoken[:1] + [p for p in spoken[1:] if p == "smithy-rpc-v2-cbor"]
        for protocol in protocols:
            metadata["protocol"] = protocol
            metadata["protocols"] = [protocol]
            service(folder, protocol, botocore.model.ServiceModel(document, folder))


def service(folder, protocol, model):
    serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
    for name in model.operation_names:
        operation = model.operation_model(name)
        if operation.has_event_stream_input or operation.has_event_stream_output:
            continue
        case = {"folder": folder, "operation": name, "protocol": protocol}
        for everything in (True, False):
            given = value(operation.input_shape, everything, []) if operation.input_shape else {}
            shown = spelled(operation.input_shape, given) if operation.input_shape else {}
            for made_up in operation.idempotent_members:
                given.setdefault(made_up, "token")
            request = serializer.serialize_to_request(given, operation)
            say({**case, "parameters": shown, "request": told(request, protocol, model)})
        # Two members of this answer have one element's name: no document can tell both.
        if operation.output_shape and name != "GetBucketNotification":
            given = value(operation.output_shape, True, [])
            answer = Answers(protocol).make(operation, given)
            parser = botocore.parsers.create_parser(protocol)
            parsed = parser.parse(answer, operation.output_shape)
            parsed.pop("ResponseMetadata", None)
            headers = {key: text for key, text in answer["headers"].items()}
            body = base64.b64encode(answer["body"]).decode()
            told_answer = {"status": 200, "headers": headers, "body": body}
            say({**case, "answer": told_answer, "result": spelled(operation.output_shape, parsed)})


def say(line):
    print(json.dumps(line))


# Values.


def value(shape, everything, above):
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return {"any": [1, "x"]}
    if kind == "structure":
        members = {}
        for name, member in shape.members.items():
            is_needed = name in shape.required_members or shape.is_tagged_union
            if not everything and not is_needed:
                continue
            is_deep = len(above) > 5 and member.type_name in ("structure", "list", "map") and not is_needed
            if above.count(member.name) or is_deep or shape.is_tagged_union and members:
                continue
            members[name] = value(member, everything, [*above, shape.name])
        return members
    if kind == "list":
        if above.count(shape.member.name):
            return []
        return [value(shape.member, everything, [*above, shape.name]) for _ in range(2)]
    if kind == "map":
        if above.count(shape.value.name):
            return {}
        key = shape.key.enum[0] if shape.key.enum else "k1"
        return {key: value(shape.value, everything, [*above, shape.name])}
    if kind in ("string", "character"):
        location = shape.serialization.get("location")
        if shape.enum:
            return shape.enum[0]
        if shape.serialization.get("hostLabel"):
            return "label"
        if location in ("header", "headers"):
            return "plain text"
        return "a b/c+é<&>\"'"
    if kind in ("integer", "long"):
        return 7 if kind == "integer" else 1234567890123
    if kind in ("float", "double"):
        return 1.5
    if kind == "boolean":
        return True
    if kind == "timestamp":
        return NOW
    if kind == "blob":
        return "bytes é".encode()
    raise AssertionError(kind)


def spelled(shape, given):
    """As workflows have it."""
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return given
    if kind == "structure":
        return {
            name[0].upper() + name[1:]: spelled(shape.members[name], member) if name != "CiphertextBlob" else base64.b64encode(member).decode()
            for name, member in given.items()
            if name in shape.members
        }
    if kind == "list":
        return [spelled(shape.member, item) for item in given]
    if kind == "map":
        return {key: spelled(shape.value, item) for key, item in given.items()}
    if kind == "timestamp" and isinstance(given, datetime.datetime):
        return given.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if hasattr(given, "read"):
        given = given.read()
    if isinstance(given, bytes):
        return given.decode()
    return given


# Requests.


def told(request, protocol, model):
    path, _, static = request["url_path"].partition("?")
    query = urllib.parse.parse_qsl(static, keep_blank_values=True)
    given = request["query_string"]
    for name, values in (given.items() if isinstance(given, dict) else []):
        for one in values if isinstance(values, list) else [values]:
            query.append((name, str(one).lower() if isinstance(one, bool) else str(one)))
    body = request["body"]
    if isinstance(body, dict):
        body = urllib.parse.urlencode(body, quote_via=urllib.parse.quote, safe="-_.~")
    if isinstance(body, str):
        body = body.encode()
    headers = {name: text for name, text in request["headers"].items()}
    body = body or b""
    told_request = {
        "method": request["method"],
        "path": path,
        "query": sorted([name, text] for name, text in query),
        "headers": headers,
        "body": base64.b64encode(body).decode(),
        "host_prefix": request.get("host_prefix"),
    }
    told_request["authorization"] = signed(told_request, body, model)
    return told_request


def signed(request, body, model):
    query = "&".join(f"{quoted(name)}={quoted(text)}" for name, text in request["query"])
    url = "http://127.0.0.1:4566" + request["path"] + ("?" + query if query else "")
    headers = {name: text for name, text in request["headers"].items() if name.lower().startswith(("content-type", "x-amz"))}
    made = botocore.awsrequest.AWSRequest(request["method"], url, headers=headers, data=body)
    name = model.signing_name
    kind = botocore.auth.S3SigV4Auth if name.startswith("s3") else botocore.auth.SigV4Auth
    made.context["client_config"] = None
    made.context["payload_signing_enabled"] = True
    kind(CREDENTIALS, name, "eu-central-1").add_auth(made)
    return made.headers["Authorization"]


def quoted(text):
    return urllib.parse.quote(text, safe="-_.~")


# Answers.


class Answers:
    def __init__(self, protocol):
        self.protocol = protocol

    def make(self, operation, given):
        shape = operation.output_shape
        headers, body = {"content-type": "x"}, b""
        if self.protocol == "json":
            body = json.dumps(self.json(shape, given)).encode()
        elif self.protocol == "smithy-rpc-v2-cbor":
            serializer = botocore.serialize.create_serializer(self.protocol, include_validation=False)
            body = bytearray()
            serializer._serialize_data_item(body, given, shape)
            body = bytes(body)
            headers["smithy-protocol"] = "rpc-v2-cbor"
        elif self.protocol in ("query", "ec2"):
            inner = self.members(shape, given)
            wrapper = shape.serialization.get("resultWrapper")
            if wrapper:
                inner = f"<{wrapper}>{inner}</{wrapper}>"
            inner += "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>" if self.protocol == "query" else ""
            body = f'<?xml version="1.0"?>\n<{operation.name}Response xmlns="http://x/">{inner}</{operation.name}Response>'.encode()
        else:
            body = self.rest(operation, shape, given, headers)
        return {"status_code": 200, "headers": botocore.awsrequest.HeadersDict(headers), "body": body}

    def rest(self, operation, shape, given, headers):
        rest = {}
        for name, member in given.items():
            of = shape.members[name]
            location = of.serialization.get("location")
            if location == "header":
                headers[of.serialization.get("name", name).lower()] = self.header(of, member)
            elif location == "headers":
                for key, text in member.items():
                    headers[(of.serialization.get("name", "") + key).lower()] = text
            elif location != "statusCode":
                rest[name] = member
        payload = shape.serialization.get("payload")
        if payload:
            of = shape.members[payload]
            if payload not in rest:
                return b""
            if of.type_name == "blob":
                return rest[payload]
            if of.type_name == "string":
                return rest[payload].encode()
            if self.protocol == "rest-json":
                return json.dumps(self.json(of, rest[payload])).encode()
            return self.element(of.serialization.get("name", payload), of, rest[payload]).encode()
        if self.protocol == "rest-json":
            return json.dumps(self.json(shape, rest)).encode()
        return f"<{operation.name}Result>{self.members(shape, rest)}</{operation.name}Result>".encode()

    def header(self, shape, given):
        if shape.type_name == "list":
            return ",".join(self.header(shape.member, item) for item in given)
        if shape.type_name == "timestamp":
            return self.time(shape, given, "rfc822")
        return self.text(shape, given)

    def json(self, shape, given):
        kind = shape.type_name
        if getattr(shape, "is_document_type", False):
            return given
        if kind == "structure":
            return {shape.members[name].serialization.get("name", name): self.json(shape.members[name], member) for name, member in given.items()}
        if kind == "list":
            return [self.json(shape.member, item) for item in given]
        if kind == "map":
            return {key: self.json(shape.value, item) for key, item in given.items()}
        if kind == "timestamp":
            text = self.time(shape, given, "unixtimestamp")
            return float(text) if text[0].isdigit() and text.replace(".", "").isdigit() else text
        if kind == "blob":
            return base64.b64encode(given).decode()
        return given

    def members(self, shape, given):
        return "".join(
            self.element(self.name(shape.members[name], name), shape.members[name], member)
            for name, member in given.items()
            if not shape.members[name].serialization.get("xmlAttribute")
        )

    def name(self, shape, name):
        if shape.type_name == "list" and shape.serialization.get("flattened"):
            return shape.member.serialization.get("name", shape.serialization.get("name", name))
        return shape.serialization.get("name", name)

    def element(self, name, shape, given):
        kind = shape.type_name
        if kind == "structure":
            attributes = "".join(
                f" {shape.members[member].serialization['name']}={quoteattr(text)}"
                for member, text in given.items()
                if shape.members[member].serialization.get("xmlAttribute")
            )
            if attributes:
                attributes = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' + attributes
            return f"<{name}{attributes}>{self.members(shape, given)}</{name}>"
        if kind == "list":
            if shape.serialization.get("flattened"):
                return "".join(self.element(name, shape.member, item) for item in given)
            of = shape.member.serialization.get("name", "member")
            return f"<{name}>{''.join(self.element(of, shape.member, item) for item in given)}</{name}>"
        if kind == "map":
            key_name = shape.key.serialization.get("name", "key")
            value_name = shape.value.serialization.get("name", "value")
            entries = [f"<{key_name}>{escape(key)}</{key_name}>{self.element(value_name, shape.value, item)}" for key, item in given.items()]
            if shape.serialization.get("flattened"):
                return "".join(f"<{name}>{entry}</{name}>" for entry in entries)
            return f"<{name}>{''.join(f'<entry>{entry}</entry>' for entry in entries)}</{name}>"
        return f"<{name}>{escape(self.text(shape, given))}</{name}>"

    def text(self, shape, given):
        if shape.type_name == "timestamp":
            return self.time(shape, given, "iso8601")
        if shape.type_name == "blob":
            return base64.b64encode(given).decode()
        if isinstance(given, bool):
            return "true" if given else "false"
        return str(given)

    def time(self, shape, given, default):
        form = shape.serialization.get("timestampFormat", default).lower()
        if form == "iso8601":
            return given.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        if form == "rfc822":
            return given.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return str(int(given.timestamp()))


if __name__ == "__main__":
    main(sys.argv[1])
