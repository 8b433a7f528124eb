#!/usr/bin/env python3
"""Answers a letter: approve.py LETTER yes|no [REASON]. What a button in a mail would do."""

import json
import pathlib
import sys
import urllib.parse
import urllib.request


def main(path, answer, reason=""):
    letter = json.loads(pathlib.Path(path).read_text())
    task = f"{letter['server']}/api/v1/tasks/{urllib.parse.quote(letter['token'], safe='')}"
    if answer == "yes":
        post(f"{task}/succeed", {"output": {"approved": True, "by": letter["to"]}})
    else:
        post(f"{task}/fail", {"error": "Refused", "cause": reason or f"{letter['to']} said no"})


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10):
        pass


main(*sys.argv[1:])
