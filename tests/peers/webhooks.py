"""Signs and verifies webhooks with the libraries that Svix (who sends Clerk's) and Stripe publish.

Reads a JSON list of orders and prints the list of outcomes: a signature header, or whether one is accepted.
"""

import json
import sys
from datetime import datetime, timezone

import stripe
from svix.webhooks import Webhook, WebhookVerificationError


def sign(order):
    if order["scheme"] == "stripe":
        return stripe.WebhookSignature.generate_signature_header(
            order["body"], order["secret"], order["timestamp"]
        )
    signed_at = datetime.fromtimestamp(order["timestamp"], tz=timezone.utc)
    return Webhook(order["secret"]).sign(order["id"], signed_at, order["body"])


def verify(order):
    try:
        if order["scheme"] == "stripe":
            stripe.Webhook.construct_event(order["body"], order["signature"], order["secret"])
        else:
            headers = {
                "svix-id": order["id"],
                "svix-timestamp": str(order["timestamp"]),
                "svix-signature": order["signature"],
            }
            Webhook(order["secret"]).verify(order["body"], headers)
    except (stripe.SignatureVerificationError, WebhookVerificationError):
        return False
    return True


actions = {"sign": sign, "verify": verify}
json.dump([actions[order["do"]](order) for order in json.load(sys.stdin)], sys.stdout)
