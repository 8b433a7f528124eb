"""Asks an operator to stop a database's writers: puts a letter with the task's token where `approve.py` finds it."""

import json
import os

from approvals import outbox
from handler import perform


def ask_operator(request):
    outbox().mkdir(parents=True, exist_ok=True)
    letter = {
        "to": request["operator"],
        "subject": f"{request['task']}: {request['tables']} tables are loaded and followed. Stop the writers, then answer yes",
        "token": request["token"],
        "server": os.environ.get("RATCHET_SERVER"),
    }
    path = outbox() / f"{request['task']}-{request['operator']}.json"
    path.with_suffix(".new").write_text(json.dumps(letter))
    path.with_suffix(".new").rename(path)
    return {"asked": request["operator"]}


if __name__ == "__main__":
    perform({"ask-operator": ask_operator})
