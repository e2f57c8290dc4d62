"""Runs localstripe on a free port of loopback and prints the port, then what becomes of each event that it sends.

Three things that its own command does not do: it binds to every address, keeps its data in a file that is shared by
all of this machine, and outlives whoever started it. And one that its API lacks: since 2020 Stripe names an item's
price beside its plan, with the same id where the price was made as a plan.
"""

import logging
import os
import socket
import sys
import threading

from aiohttp import web
from localstripe import resources
from localstripe.server import app

resources.Store.dump_to_disk = lambda store: None
resources.SubscriptionItem.price = property(lambda item: {"id": item.plan.id, "object": "price"})


def end_with_the_tests():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_the_tests, daemon=True).start()

log = logging.getLogger("aiohttp.access")
log.setLevel(logging.INFO)
log.addHandler(logging.StreamHandler(sys.stdout))

listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
web.run_app(app, sock=listening, access_log=None, print=None)
