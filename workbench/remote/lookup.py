"""Ask one DNS server for a name's addresses."""

from workbench.errors import WorkbenchError

TIMEOUT = 3.0
ATTEMPTS = 2


def ask_server(server: str, name: str) -> list[str]:
    """Return the IPv4 addresses that ``server`` ("ip:port") has for ``name``."""
    # Part of the rehearsal's extra; on AWS the computer's own resolver is asked.
    from dnslib import DNSRecord

    host, _, port = server.rpartition(":")
    question = DNSRecord.question(name)
    for _ in range(ATTEMPTS):
        try:
            packet = question.send(host, int(port), timeout=TIMEOUT)
        except (TimeoutError, OSError):
            continue
        answers = DNSRecord.parse(packet).rr
        return sorted(str(record.rdata) for record in answers if record.rtype == 1)
    raise WorkbenchError(f"The DNS server {server} doesn't answer.", "workbench rehearsal.status")
