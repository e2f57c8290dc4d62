"""Opens a checkout or portal page with Stripe's official library, against the API that is named.

Reads {"api": URL, "key": …, "version": …, "open": "checkout" | "portal", "with": {…}} and prints the page's address.
"""

import json
import sys

import stripe

order = json.load(sys.stdin)
client = stripe.StripeClient(
    order["key"],
    stripe_version=order["version"],
    base_addresses={"api": order["api"]},
    max_network_retries=0,
)
pages = {
    "checkout": client.v1.checkout.sessions,
    "portal": client.v1.billing_portal.sessions,
}
session = pages[order["open"]].create(order["with"], {"idempotency_key": order["idempotency_key"]})
json.dump(session["url"], sys.stdout)
