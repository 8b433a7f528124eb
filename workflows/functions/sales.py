"""The nightly load's sources: exchange rates, and the day's sales by region."""

from handler import Refused, perform

RATES = {"CHF": 1.05, "EUR": 1.0, "USD": 0.92}
SALES = {
    "north": ("EUR", [120.0, 80.5, 99.5]),
    "south": ("EUR", [310.0]),
    "alps": ("CHF", [200.0, 40.0]),
    "overseas": ("USD", [1000.0, 250.0, 50.0, 100.0]),
}


def fetch_rates(request):
    if request["attempt"] == 0:
        raise Refused("SourceUnavailable", "the central bank has not published today's rates yet")
    return {"day": request["day"], "rates": RATES}


def list_regions(_request):
    return sorted(SALES)


def load_region(request):
    if request["region"] == "south" and request["attempt"] < request["south_fails"]:
        raise Refused("SourceUnavailable", "the branch's database does not answer")
    currency, amounts = SALES[request["region"]]
    return {
        "region": request["region"],
        "rows": len(amounts),
        "amount": round(sum(amounts) * request["rates"][currency], 2),
    }


def reconcile(loaded):
    return {
        "rows": sum(region["rows"] for region in loaded["regions"]),
        "amount": round(sum(region["amount"] for region in loaded["regions"]), 2),
        "missing": [region["region"] for region in loaded["regions"] if region["rows"] == 0],
    }


perform({
    "fetch-rates": fetch_rates,
    "list-regions": list_regions,
    "load-region": load_region,
    "reconcile-load": reconcile,
})
