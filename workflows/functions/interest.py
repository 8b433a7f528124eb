"""What the containers of interest-run wrote, where they and this function see the same directory."""

import json
import os
import pathlib

from handler import perform


def results():
    return pathlib.Path(os.environ.get("INTEREST_RESULTS") or "/tmp/ratchet-interest")


def read_interest(request):
    total = json.loads((results() / request["run"] / "total.json").read_text())
    return {"month": request["month"], "shares": request["shares"], **total}


if __name__ == "__main__":
    perform({"read-interest": read_interest})
