"""The accounts department's services: closing a company's ledger, and consolidating all of them."""

from handler import perform


def close_ledger(ledger):
    return {"company": ledger["company"], "status": "closed", "result": ledger["result"]}


def consolidate(month):
    return {
        "month": month["month"],
        "result": round(sum(ledger["result"] for ledger in month["ledgers"]), 2),
        "closed": [ledger["company"] for ledger in month["ledgers"] if ledger["status"] == "closed"],
        "open": [ledger["company"] for ledger in month["ledgers"] if ledger["status"] == "open"],
    }


perform({"close-ledger": close_ledger, "consolidate": consolidate})
