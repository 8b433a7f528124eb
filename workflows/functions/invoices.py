"""Reads suppliers' invoices and finds the accounts that their lines belong to."""

from handler import Refused, perform

SUPPLIERS = {"DE811234567": "Nordlicht Energie", "ATU99887766": "Alpen Papier"}
ACCOUNTS = {"electricity": 6325, "paper": 6815, "toner": 6815, "repair": 6450}


def read_invoice(document):
    head, *lines = [row.split(";") for row in document["text"].strip().split("\n")]
    if len(head) != 3 or any(len(line) != 3 for line in lines):
        raise Refused("Unreadable", "an invoice is a head of three fields and lines of three fields")
    number, vat_id, total = head
    return {
        "number": number,
        "vat_id": vat_id,
        "supplier": SUPPLIERS.get(vat_id),
        "total": float(total),
        "lines": [{"text": text, "quantity": int(quantity), "price": float(price)} for text, quantity, price in lines],
    }


def post_line(line):
    return {
        "account": ACCOUNTS.get(line["text"], 6300),
        "amount": round(line["quantity"] * line["price"], 2),
        "text": f"{line['supplier']}, invoice {line['invoice']}, {line['position'] + 1} of {line['lines']}: {line['text']}",
    }


def sum_postings(postings):
    return round(sum(posting["amount"] for posting in postings), 2)


perform({"read-invoice": read_invoice, "post-line": post_line, "sum-postings": sum_postings})
