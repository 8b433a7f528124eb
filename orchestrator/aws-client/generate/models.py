#!/usr/bin/env python3
"""Writes the service models that the client carries, from the models that AWS publishes for its services.

    pip download --no-deps botocore==$(cat orchestrator/api/generate/botocore-version)
    python3 orchestrator/aws-client/generate/models.py botocore-*.whl            # writes models/
    python3 orchestrator/aws-client/generate/models.py botocore-*.whl --check    # only compares

Each service of services.txt becomes models/FOLDER.json.gz: the same document as botocore's service-2.json, without what a call does not
need (documentation, patterns, examples). So one reader reads both. models/index.json names all services that botocore knows, by the
name that `arn:aws:states:::aws-sdk:NAME:` has for them, with the folder of their model and, for services that are the same in all regions, where
they are called. The names alone are asl/src/services.txt, for those who check definitions.

The model may be given as botocore's wheel or as an unpacked botocore. It is Apache-2.0.
"""

import argparse
import gzip
import io
import json
import os
import re
import sys
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(os.path.dirname(HERE), "models")
NAMES = os.path.join(os.path.dirname(HERE), "..", "asl", "src", "services.txt")

METADATA = [
    "apiVersion", "awsQueryCompatible", "endpointPrefix", "jsonVersion", "protocol", "protocols", "serviceId", "signingName", "targetPrefix",
    "xmlNamespace",
]
OPERATION = ["http", "input", "output", "errors", "endpoint", "authtype", "httpChecksum", "httpChecksumRequired"]
SHAPE = [
    "type", "members", "member", "key", "value", "required", "payload", "flattened", "timestampFormat", "error", "exception", "xmlNamespace",
    "locationName", "streaming", "eventstream", "document", "union", "wrapper", "fault", "enum", "min", "max",
]
REFERENCE = [
    "shape", "location", "locationName", "queryName", "flattened", "streaming", "timestampFormat", "xmlNamespace", "xmlAttribute",
    "idempotencyToken", "jsonvalue", "hostLabel", "resultWrapper", "wrapper", "eventstream",
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("botocore", help="a botocore wheel, or an unpacked botocore")
    arguments.add_argument("--check", action="store_true", help="compare with the committed files instead of writing them")
    given = arguments.parse_args()

    source = Source(given.botocore)
    with open(os.path.join(HERE, "services.txt"), encoding="utf-8") as file:
        bundled = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    wanted = {"index.json": index(source)}
    for folder in bundled:
        wanted[f"{folder}.json.gz"] = compact(source.model(folder))

    different = []
    names = "".join(f"{name}\n" for name in sorted(wanted["index.json"])).encode()
    if not given.check:
        write(NAMES, names)
    elif read(NAMES) != names:
        different.append("services.txt")
    for name, document in wanted.items():
        path = os.path.join(MODELS, name)
        data = json.dumps(document, separators=(",", ":")).encode()
        if name == "index.json":
            data = (json.dumps(document, indent=0, separators=(",", ":"), sort_keys=True) + "\n").encode()
        if given.check:
            if not os.path.exists(path) or read(path) != data:
                different.append(name)
        else:
            write(path, data)
    if given.check:
        surplus = sorted(set(os.listdir(MODELS)) - set(wanted))
        if different or surplus:
            sys.exit(f"not what the models give: {', '.join(different + surplus)}; run models.py without --check")


class Source:
    """The files of a botocore."""

    def __init__(self, path):
        self.wheel = zipfile.ZipFile(path) if path.endswith(".whl") else None
        self.root = path
        if self.wheel:
            names = self.wheel.namelist()
        else:
            inside = [path, os.path.join(path, "botocore")]
            self.root = next(place for place in inside if os.path.isdir(os.path.join(place, "data")))
            names = [
                "botocore/" + os.path.relpath(os.path.join(directory, file), self.root)
                for directory, _, files in os.walk(os.path.join(self.root, "data"))
                for file in files
            ]
        self.models = {}
        for name in sorted(names):
            found = re.fullmatch(r"botocore/data/([^/]+)/[^/]+/service-2\.json(\.gz)?", name)
            if found:
                self.models[found[1]] = name

    def document(self, name):
        if self.wheel:
            data = self.wheel.read(name)
        else:
            with open(os.path.join(self.root, name.removeprefix("botocore/")), "rb") as file:
                data = file.read()
        return json.loads(gzip.decompress(data) if name.endswith(".gz") else data)

    def model(self, folder):
        return self.document(self.models[folder])

    def partition(self):
        return next(part for part in self.document("botocore/data/endpoints.json")["partitions"] if part["partition"] == "aws")


def index(source):
    """All services: the folder of each, and the one host of those that have only one."""
    partition = source.partition()
    services = {}
    for folder in source.models:
        metadata = source.model(folder)["metadata"]
        entry = {"folder": folder, "id": metadata["serviceId"]}
        known = partition["services"].get(metadata["endpointPrefix"], {})
        if not known.get("isRegionalized", True) and "partitionEndpoint" in known:
            endpoint = known["endpoints"][known["partitionEndpoint"]]
            entry["host"] = endpoint["hostname"]
            entry["region"] = endpoint.get("credentialScope", {}).get("region", "us-east-1")
        services[sdk_name(metadata["serviceId"])] = entry
    return services


def sdk_name(service_id):
    """`Database Migration Service` is `databasemigration`, as in the packages of the SDK for Java."""
    name = re.sub(r"^(Amazon|AWS)\s+", "", service_id)
    name = re.sub(r"\s+Service$", "", name)
    return re.sub(r"[^a-z0-9]", "", name.lower())


def compact(model):
    metadata = {key: model["metadata"][key] for key in METADATA if key in model["metadata"]}
    operations = {name: operation(found) for name, found in model["operations"].items()}
    shapes, waiting = {}, []
    for found in operations.values():
        references = [found.get("input"), found.get("output"), *found.get("errors", [])]
        waiting.extend(reference["shape"] for reference in references if reference)
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = shape(model["shapes"][name])
            waiting.extend(references_of(shapes[name]))
    return {"metadata": metadata, "operations": operations, "shapes": shapes}


def operation(found):
    kept = {key: found[key] for key in OPERATION if key in found}
    for key in ("input", "output"):
        if key in kept:
            kept[key] = reference(kept[key])
    if "errors" in kept:
        kept["errors"] = [reference(error) for error in kept["errors"]]
    return kept


def shape(found):
    kept = {key: found[key] for key in SHAPE if key in found}
    if "members" in kept:
        kept["members"] = {name: reference(member) for name, member in kept["members"].items()}
    for key in ("member", "key", "value"):
        if key in kept:
            kept[key] = reference(kept[key])
    return kept


def reference(found):
    return {key: found[key] for key in REFERENCE if key in found}


def references_of(found):
    yield from (member["shape"] for member in found.get("members", {}).values())
    yield from (found[key]["shape"] for key in ("member", "key", "value") if key in found)


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    return gzip.decompress(data) if path.endswith(".gz") else data


def write(path, data):
    if path.endswith(".gz"):
        packed = io.BytesIO()
        # No name and no time, so that the same model gives the same file.
        with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=9, mtime=0) as file:
            file.write(data)
        data = packed.getvalue()
    with open(path, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main()
