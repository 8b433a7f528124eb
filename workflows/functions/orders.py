"""The order saga's services: stock, payments, shipping. Each answers the same whenever it is asked the same."""

import hashlib
import os

from handler import Refused, perform

STOCK = {"chair": 12, "desk": 3, "lamp": 40}
CREDIT_LIMIT = 5_000.00
DELIVERED_COUNTRIES = {"AT", "CH", "DE", "FR", "IT"}


def reserve_stock(order):
    for line in order["lines"]:
        if line["quantity"] > STOCK.get(line["article"], 0):
            raise Refused("OutOfStock", f"{line['quantity']} x {line['article']} are not in stock")
    return {"reservation": number("RES", order["id"]), "articles": sum(line["quantity"] for line in order["lines"])}


def charge_card(order):
    # The gateway is busy for as many attempts as the order says, so that a retry can be watched.
    if order["attempt"] < order.get("gateway_busy", 0):
        raise Refused("GatewayBusy", "the payment gateway asks to try again")
    total = round(sum(line["quantity"] * line["price"] for line in order["lines"]), 2)
    if total > CREDIT_LIMIT:
        raise Refused("CardDeclined", f"{total:.2f} is more than the card's limit of {CREDIT_LIMIT:.2f}")
    # The gateway knows the attempt by its id: asked again after a crash, it gives the first answer instead of charging twice.
    return charge_once(os.environ["RATCHET_ATTEMPT_ID"], {"payment": number("PAY", order["id"]), "amount": total})


def book_shipment(order):
    if order["country"] not in DELIVERED_COUNTRIES:
        raise Refused("CarrierRefused", f"no carrier delivers to {order['country']}")
    return {"shipment": number("SHP", order["id"]), "days": 2 if order["country"] == "DE" else 4}


def refund_card(payment):
    return {"refunded": payment["amount"], "of": payment["payment"]}


def release_stock(reservation):
    return {"released": reservation["reservation"]}


def charge_once(idempotency_key, charge):
    """What a gateway does with the header `Idempotency-Key`; here it keeps no books."""
    assert idempotency_key
    return charge


def number(prefix, order_id):
    return f"{prefix}-{hashlib.sha256(f'{prefix} {order_id}'.encode()).hexdigest()[:8]}"


perform({
    "reserve-stock": reserve_stock,
    "charge-card": charge_card,
    "book-shipment": book_shipment,
    "refund-card": refund_card,
    "release-stock": release_stock,
})
