"""What an hour of video costs by the provider aws, term by term, from the same table as estimates and receipts."""

import subprocess


def section(table, arguments):
    printed = subprocess.run([arguments.examples / "hour_by_aws"], stdout=subprocess.PIPE, check=True).stdout.decode()
    terms = [line.split(",") for line in printed.splitlines()]
    table.head("an hour of video by aws, by the price list", ["units", "of", "US$"])
    for stage, of, unit, units, micro_dollars in terms:
        name = {"global.amazon.nova-2-lite-v1:0": "Nova 2 Lite", "amazon.titan-embed-text-v2:0": "Titan v2"}.get(of, of)
        table.row(f"{stage}, {name}", [units, unit, f"{int(micro_dollars) / 1e6:.4f}"])
    table.row("together", ["", "", f"{sum(int(term[-1]) for term in terms) / 1e6:.4f}"])
