#!/usr/bin/env python3
"""Writes the Rust wire types of an AWS service from the model that AWS publishes for it.

    pip download --no-deps botocore==$(cat orchestrator/api/generate/botocore-version)
    python3 orchestrator/api/generate/wire.py stepfunctions botocore-*.whl            # writes the file
    python3 orchestrator/api/generate/wire.py stepfunctions botocore-*.whl --check    # only compares it

The committed files are made from the version in `botocore-version`; to follow AWS, change it and run this again.

The model may be given as botocore's wheel, as an unpacked botocore, or as a service-2.json (also .gz). It is Apache-2.0
and is not kept in this repository; what comes out of it is.

Why Python and the standard library only: it reads a wheel (a zip of gzipped JSON) in ten lines, runs rarely, and leaves
the Rust build without a step that could fail or fetch. What comes out goes through rustfmt, so the comparison is exact.

services.json says for each service which operations get types (all get a row in the operation table), which shapes have a
longest length that our configuration sets instead of the model, and which structures hold at most one of many details.
"""

import argparse
import difflib
import glob
import gzip
import json
import os
import re
import subprocess
import sys
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
CRATE = os.path.dirname(HERE)
KEYWORDS = {"type", "match", "ref", "move", "loop", "in", "where", "use", "mod", "fn", "struct", "enum", "final", "abstract"}
NUMBERS = {"integer": "i32", "long": "i64", "float": "f64", "double": "f64"}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("service", help="the service's folder in botocore: stepfunctions")
    arguments.add_argument("model", help="a botocore wheel, an unpacked botocore, or a service-2.json[.gz]")
    arguments.add_argument("--check", action="store_true", help="compare with the committed file instead of writing it")
    given = arguments.parse_args()

    with open(os.path.join(HERE, "services.json"), encoding="utf-8") as file:
        settings = json.load(file)[given.service]
    text = formatted(Wire(given.service, read_model(given.model, given.service), settings).text())
    path = os.path.join(CRATE, settings["output"])
    if not given.check:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return
    with open(path, encoding="utf-8") as file:
        committed = file.read()
    if committed != text:
        difference = difflib.unified_diff(committed.splitlines(True), text.splitlines(True), "committed", "generated")
        sys.stderr.writelines(list(difference)[:200])
        sys.exit(f"{settings['output']} is not what the model gives: run wire.py without --check")


def read_model(path, service):
    inside = f"botocore/data/{service}/"
    if path.endswith(".whl"):
        with zipfile.ZipFile(path) as wheel:
            names = sorted(n for n in wheel.namelist() if n.startswith(inside) and "/service-2.json" in n)
            return parse_model(wheel.read(names[-1]), names[-1])
    if os.path.isdir(path):
        found = glob.glob(os.path.join(path, "**", service, "*", "service-2.json*"), recursive=True)
        path = sorted(found)[-1]
    with open(path, "rb") as file:
        return parse_model(file.read(), path)


def parse_model(data, name):
    return json.loads(gzip.decompress(data) if name.endswith(".gz") else data)


def formatted(text):
    result = subprocess.run(["rustfmt", "--edition", "2024"], input=text, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(result.stderr)
    return result.stdout


def snake(name):
    """billedMemoryUsedInMB -> billed_memory_used_in_mb"""
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name).lower()
    return name + "_" if name in KEYWORDS else name


def constant(name):
    return snake(name).upper()


def variant(value):
    """ALL_DATA -> AllData; MapRunFailed stays"""
    if re.fullmatch(r"[A-Z0-9_]+", value):
        return "".join(part.capitalize() for part in value.split("_"))
    return re.sub(r"[^A-Za-z0-9]", "", value[0].upper() + value[1:])


class Wire:
    """One service's model, and the Rust text for it."""

    def __init__(self, service, model, settings):
        self.service, self.model, self.settings = service, model, settings
        self.shapes, self.operations = model["shapes"], model["operations"]
        served = [self.operations[name] for name in settings["served"]]
        self.inputs, self.outputs = set(), set()
        for operation in served:
            self.reach(operation.get("input"), self.inputs)
            self.reach(operation.get("output"), self.outputs)

    def reach(self, reference, seen):
        if not reference or reference["shape"] in seen:
            return
        name = reference["shape"]
        shape = self.shapes[name]
        seen.add(name)
        for member in shape.get("members", {}).values():
            self.reach(member, seen)
        for part in ("member", "key", "value"):
            self.reach(shape.get(part), seen)

    # -- the whole file

    def text(self):
        metadata = self.model["metadata"]
        parts = [
            f"//! What the wire of {metadata['serviceFullName']} looks like, written by `generate/wire.py`. Do not edit.\n",
            f"//!\n//! From the service's own model, version {metadata['apiVersion']}.\n\n",
            "use std::borrow::Cow;\n\n",
            "use serde::de::{Deserialize, Deserializer, MapAccess};\n",
            "use serde::Serialize;\n\n",
            "use crate::aws::constraints::{Findings, ListRule, NumberRule, TextRule};\n",
            "use crate::aws::json::{self, Map, Required, Structure, Text, Timestamp};\n",
            "use crate::aws::operation::OperationSpec;\n\n",
            f"/// What stands before the operation in `X-Amz-Target`.\npub(crate) const TARGET_PREFIX: &str = {self.literal(metadata['targetPrefix'])};\n\n",
            self.operation_enum(),
            self.error_enum(),
        ]
        parts += [self.rule(name) for name in sorted(self.inputs)]
        reached = self.inputs | self.outputs
        for name in sorted(reached):
            shape = self.shapes[name]
            if shape["type"] == "string" and "enum" in shape:
                parts.append(self.enumeration(name))
            elif shape["type"] == "structure" and not shape.get("exception"):
                parts.append(self.structure(name))
        return self.without_unused_imports("".join(parts))

    @staticmethod
    def without_unused_imports(text):
        head, body = text.split("/// What stands before", 1)
        for name in ("Cow", "Map", "Required", "Timestamp", "ListRule", "NumberRule"):
            if not re.search(rf"\b{name}\b", body):
                head = re.sub(rf"use std::borrow::{name};\n\n", "", head)
                head = re.sub(rf"(?<=[{{ ]){name}, |, {name}(?=}})", "", head)
        return head + "/// What stands before" + body

    @staticmethod
    def literal(text):
        return json.dumps(text, ensure_ascii=False)

    # -- operations and errors

    def operation_enum(self):
        names = sorted(self.operations)
        lines = ["/// The operations of the service.\n#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\npub(crate) enum Operation {\n"]
        lines += [f"{name},\n" for name in names]
        lines += ["}\n\nimpl Operation {\n/// All of them.\n", f"pub(crate) const ALL: [Self; {len(names)}] = ["]
        lines += [f"Self::{name}," for name in names]
        lines += ["];\n\n/// The operation of that name.\npub(crate) fn named(name: &str) -> Option<Self> {\nSome(match name {\n"]
        lines += [f"{self.literal(name)} => Self::{name},\n" for name in names]
        lines += ["_ => return None,\n})\n}\n\n/// What the model says of it.\npub(crate) const fn spec(self) -> &'static OperationSpec {\nmatch self {\n"]
        for name in names:
            operation = self.operations[name]
            errors = ", ".join(self.literal(error["shape"]) for error in operation.get("errors", []))
            prefix = operation.get("endpoint", {}).get("hostPrefix")
            prefix = f"Some({self.literal(prefix)})" if prefix else "None"
            idempotent = "true" if operation.get("idempotent") else "false"
            lines.append(
                f"Self::{name} => &OperationSpec {{ name: {self.literal(name)}, host_prefix: {prefix}, "
                f"is_idempotent: {idempotent}, errors: &[{errors}] }},\n"
            )
        lines.append("}\n}\n}\n\n")
        return "".join(lines)

    def error_enum(self):
        names = sorted(name for name, shape in self.shapes.items() if shape.get("exception"))
        lines = ["/// The errors that operations declare.\n#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\npub(crate) enum ErrorCode {\n"]
        lines += [f"{name},\n" for name in names]
        lines += ["}\n\nimpl ErrorCode {\n/// As it stands in `__type`.\npub(crate) const fn as_str(self) -> &'static str {\nmatch self {\n"]
        lines += [f"Self::{name} => {self.literal(name)},\n" for name in names]
        lines += ["}\n}\n\n/// The HTTP status that goes with it.\npub(crate) const fn status(self) -> u16 {\nmatch self {\n"]
        by_status = {}
        for name in names:
            by_status.setdefault(self.shapes[name].get("error", {}).get("httpStatusCode", 400), []).append(name)
        for status, group in sorted(by_status.items()):
            lines.append(" | ".join(f"Self::{name}" for name in group) + f" => {status},\n")
        lines.append("}\n}\n}\n\n")
        return "".join(lines)

    # -- rules

    def limits(self, name, kinds):
        shape = self.shapes[name]
        most = None if name in self.settings["configurable"] else shape.get("max")
        number = (lambda value: f"{value}_f64") if kinds == "number" else str
        least = shape.get("min")
        if kinds != "number" and least == 0:
            least = None
        return [f"Some({number(value)})" if value is not None else "None" for value in (least, most)]

    def rule_kind(self, name):
        """The type of the shape's rule, or None when nothing is asked of it."""
        shape = self.shapes[name]
        least, most = self.limits(name, "number" if shape["type"] in NUMBERS else "length")
        if shape["type"] == "string":
            return "TextRule" if "enum" in shape or "pattern" in shape or (least, most) != ("None", "None") else None
        if shape["type"] in NUMBERS:
            return "NumberRule" if (least, most) != ("None", "None") else None
        if shape["type"] == "list":
            return "ListRule" if (least, most) != ("None", "None") else None
        return None

    def rule(self, name):
        kind, shape = self.rule_kind(name), self.shapes[name]
        if kind is None:
            return ""
        least, most = self.limits(name, "number" if kind == "NumberRule" else "length")
        fields = f"min: {least}, max: {most}"
        if kind == "TextRule":
            pattern = f"Some({self.literal(shape['pattern'])})" if "pattern" in shape else "None"
            values = f"&{name}::NAMES" if "enum" in shape else "&[]"
            sensitive = "true" if shape.get("sensitive") else "false"
            fields += f", pattern: {pattern}, values: {values}, is_sensitive: {sensitive}"
        return f"/// What the model asks of `{name}`.\npub(crate) const {constant(name)}: {kind} = {kind} {{ {fields} }};\n\n"

    # -- types

    def enumeration(self, name):
        values = self.shapes[name]["enum"]
        lines = [f"/// `{name}`\n#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]\npub(crate) enum {name} {{\n"]
        for value in values:
            rename = "" if variant(value) == value else f"#[serde(rename = {self.literal(value)})]\n"
            lines.append(f"{rename}{variant(value)},\n")
        lines += [f"}}\n\nimpl {name} {{\n/// As they stand on the wire.\npub(crate) const NAMES: [&'static str; {len(values)}] = ["]
        lines += [self.literal(value) + "," for value in values]
        lines.append("];\n\n/// The one of that name.\npub(crate) fn named(name: &str) -> Option<Self> {\nSome(match name {\n")
        lines += [f"{self.literal(value)} => Self::{variant(value)},\n" for value in values]
        lines.append("_ => return None,\n})\n}\n}\n\n")
        return "".join(lines)

    def structure(self, name):
        shape = self.shapes[name]
        is_input, is_output = name in self.inputs, name in self.outputs
        if name in self.settings["one_of"]:
            return self.one_of(name)
        lifetime = self.lifetime(name)
        derives = "Clone, Debug, Default, PartialEq" if is_input else "Clone, Debug, PartialEq"
        derives += ", Serialize" if is_output else ""
        lines = [f"/// `{name}`\n#[derive({derives})]\npub(crate) struct {name}{lifetime} {{\n"]
        for member, reference in shape["members"].items():
            lines.append(self.field(name, member, reference, is_input, is_output))
        lines.append("}\n\n")
        if is_input:
            lines.append(self.reader(name, lifetime))
        return "".join(lines)

    def field(self, owner, member, reference, is_input, is_output):
        is_required = member in self.shapes[owner].get("required", [])
        kind = self.rust_type(reference["shape"], is_input)
        if not is_required:
            kind = f"Option<{kind}>"
        elif is_input:
            kind = f"Required<{kind}>"
        attributes = ""
        if is_output:
            options = [] if snake(member) == member else [f"rename = {self.literal(member)}"]
            if not is_required:
                options.append('skip_serializing_if = "Option::is_none"')
            attributes = f"#[serde({', '.join(options)})]\n" if options else ""
        return f"{attributes}pub(crate) {snake(member)}: {kind},\n"

    def rust_type(self, name, is_input):
        shape = self.shapes[name]
        kind = shape["type"]
        if kind == "string":
            if is_input:
                return "Text<'a>"
            return name if "enum" in shape else "&'a str"
        if kind == "timestamp":
            return "Timestamp"
        if kind in NUMBERS:
            return NUMBERS[kind]
        if kind == "boolean":
            return "bool"
        if kind == "list":
            return f"Vec<{self.rust_type(shape['member']['shape'], is_input)}>"
        if kind == "map":
            return f"Map<{self.rust_type(shape['key']['shape'], is_input)}, {self.rust_type(shape['value']['shape'], is_input)}>"
        # A structure that a request can hold too has one form for both ways.
        return name + self.lifetime(name)

    def lifetime(self, name):
        return "<'a>" if self.borrows(name, set()) else ""

    def borrows(self, name, seen):
        if name in seen:
            return False
        seen.add(name)
        shape = self.shapes[name]
        if shape["type"] == "string":
            return "enum" not in shape or name in self.inputs
        parts = list(shape.get("members", {}).values()) + [shape[part] for part in ("member", "key", "value") if part in shape]
        return any(self.borrows(part["shape"], seen) for part in parts)

    def reader(self, name, lifetime):
        shape = self.shapes[name]
        generics = "<'de: 'a, 'a>" if lifetime else "<'de>"
        lines = [f"impl{generics} Structure<'de> for {name}{lifetime} {{\n"]
        lines.append("fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error> {\nmatch name {\n")
        for member in shape["members"]:
            lines.append(f"{self.literal(member)} => self.{snake(member)} = map.next_value()?,\n")
        lines.append("_ => return Ok(false),\n}\nOk(true)\n}\n\n")
        checks = [self.check(name, member, reference) for member, reference in shape["members"].items()]
        findings = "findings" if any(checks) else "_findings"
        lines.append(f"fn check(&self, {findings}: &mut Findings) {{\n")
        lines += checks
        lines.append("}\n}\n\n")
        lines.append(f"impl{generics} Deserialize<'de> for {name}{lifetime} {{\n")
        lines.append("fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {\njson::structure(deserializer)\n}\n}\n\n")
        return "".join(lines)

    def check(self, owner, member, reference):
        is_required = member in self.shapes[owner].get("required", [])
        field = f"self.{snake(member)}" + (".0" if is_required else "")
        wire, name = self.literal(member), reference["shape"]
        shape, rule = self.shapes[name], self.rule_kind(name)
        line = f"findings.required({wire}, &{field});\n" if is_required else ""
        if rule == "TextRule":
            line += f"findings.text({wire}, {field}.as_deref(), &{constant(name)});\n"
        elif rule == "NumberRule":
            # A rule's bounds are doubles; what is long beside them is far within what a double holds exactly, or beyond any bound.
            widened = {"long": ".map(|number| number as f64)", "float": "", "double": ""}.get(shape["type"], ".map(f64::from)")
            line += f"findings.number({wire}, {field}{widened}, &{constant(name)});\n"
        elif rule == "ListRule":
            line += f"findings.length({wire}, {field}.as_deref(), &{constant(name)});\n"
        if shape["type"] == "structure":
            line += f"findings.structure({wire}, {field}.as_ref());\n"
        if shape["type"] == "list":
            inner = shape["member"]["shape"]
            if self.shapes[inner]["type"] == "structure":
                line += f"findings.structures({wire}, {field}.as_deref());\n"
            elif self.rule_kind(inner) == "TextRule":
                line += f"findings.texts({wire}, {field}.as_deref(), &{constant(inner)});\n"
        return line

    def one_of(self, name):
        """A structure whose many optional structures exclude one another: they become one enum."""
        shape = self.shapes[name]
        details = {
            member: reference
            for member, reference in shape["members"].items()
            if self.shapes[reference["shape"]]["type"] == "structure" and member not in shape.get("required", [])
        }
        lifetime = self.lifetime(name)
        lines = [f"/// `{name}`\n#[derive(Clone, Debug, PartialEq, Serialize)]\npub(crate) struct {name}{lifetime} {{\n"]
        for member, reference in shape["members"].items():
            if member not in details:
                lines.append(self.field(name, member, reference, False, True))
        lines.append(f"/// Whichever details the type has.\n#[serde(flatten)]\npub(crate) details: Option<{name}Details{lifetime}>,\n}}\n\n")
        lines.append(f"/// The details of `{name}`, at most one of them.\n#[derive(Clone, Debug, PartialEq, Serialize)]\npub(crate) enum {name}Details{lifetime} {{\n")
        for member, reference in details.items():
            short = re.sub(r"EventDetails$", "", member)
            lines.append(f"#[serde(rename = {self.literal(member)})]\n{short[0].upper() + short[1:]}({self.rust_type(reference['shape'], False)}),\n")
        lines.append("}\n\n")
        return "".join(lines)


if __name__ == "__main__":
    main()
