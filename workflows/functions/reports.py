"""A reporting service that takes its time: an export is begun, asked about, and fetched when it is ready."""

from handler import Refused, perform


def start_export(request):
    return {"export": f"{request['report']}-{request['month']}", "rows": 1250 * len(request["report"])}


def export_status(question):
    # Ready at the third question; an unknown report never is.
    if question["export"].startswith("payroll"):
        raise Refused("NotPermitted", "payroll is not exported")
    if question["export"].startswith("unknown"):
        return "RUNNING"
    return "READY" if question["asked"] >= 2 else "RUNNING"


perform({"start-export": start_export, "export-status": export_status})
