"""Asks a person: puts a letter with the task's token into an outbox, where `approve.py` (or a mail gateway) finds it."""

import json
import os
import pathlib
import tempfile

from handler import perform


def outbox():
    return pathlib.Path(os.environ.get("APPROVALS_OUTBOX") or pathlib.Path(tempfile.gettempdir(), "ratchet-approvals"))


def ask_manager(request):
    outbox().mkdir(parents=True, exist_ok=True)
    letter = {
        "to": request["manager"],
        "subject": f"{request['employee']} asks for {request['amount']:.2f} EUR: {request['purpose']}",
        "token": request["token"],
        "server": os.environ.get("RATCHET_SERVER"),
    }
    path = outbox() / f"{request['id']}-{request['manager']}.json"
    path.with_suffix(".new").write_text(json.dumps(letter))
    path.with_suffix(".new").rename(path)
    return {"asked": request["manager"]}


def pay_expense(expense):
    return {"transfer": f"T-{expense['id']}", "amount": expense["amount"]}


if __name__ == "__main__":
    perform({"ask-manager": ask_manager, "pay-expense": pay_expense})
