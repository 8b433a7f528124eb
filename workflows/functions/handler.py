"""What every Python function here shares: the payload comes on standard input, the result goes to standard output."""

import json
import sys


class Refused(Exception):
    """A failure that the workflow knows by name: Retry and Catch match it."""

    def __init__(self, name, message):
        super().__init__(message)
        self.name = name


def perform(functions):
    """Calls the function that the command's first argument names."""
    try:
        json.dump(functions[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
    except Refused as refused:
        print(json.dumps({"errorType": refused.name, "errorMessage": str(refused)}), file=sys.stderr)
        sys.exit(1)
