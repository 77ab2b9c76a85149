"""The rehearsal's DNS server: Route 53's answers, and the rest from the host's resolver."""

import socket
import threading

import boto3
import pytest
from dnslib import EDNS0
from dnslib import QTYPE
from dnslib import RCODE
from dnslib import RR
from dnslib import DNSHeader
from dnslib import DNSRecord
from moto import mock_aws
from moto.route53.models import route53_backends

from workbench.errors import WorkbenchError
from workbench.rehearsal.network.dns import AWS_ENDPOINT_ADDRESS
from workbench.rehearsal.network.dns import DnsServer
from workbench.rehearsal.network.dns import Listen
from workbench.rehearsal.network.sockets import bind_udp
from workbench.rehearsal.network.upstream import read_resolvers
from workbench.rehearsal.network.zones import Record
from workbench.rehearsal.network.zones import Zone
from workbench.rehearsal.network.zones import read_zones

LIMIT = 10
SOA = "ns-1.awsdns-1.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
APEX = (
    Record("example.com.", "SOA", 900, (SOA,)),
    Record("example.com.", "NS", 172800, ("ns-1.awsdns-1.com.", "ns-2.awsdns-2.net.")),
)


class Outside:
    """A resolver of the outside world, which remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.socket = bind_udp("127.0.0.1", 0)
        self.address = self.socket.getsockname()
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        while True:
            data, peer = self.socket.recvfrom(4096)
            if data == b"stop":
                return
            query = DNSRecord.parse(data)
            self.asked.append(str(query.q.qname))
            # First what an attacker might send: another id, then another question.
            forged = DNSRecord(DNSHeader(id=query.header.id ^ 1, qr=1), q=query.q)
            forged.add_answer(*RR.fromZone(f"{query.q.qname} 60 A 192.0.2.66"))
            self.socket.sendto(forged.pack(), peer)
            other = DNSRecord.question("other.test")
            other.header.id, other.header.qr = query.header.id, 1
            self.socket.sendto(other.pack(), peer)
            answer = query.reply()
            answer.add_answer(*RR.fromZone(f"{query.q.qname} 60 A 192.0.2.1"))
            self.socket.sendto(answer.pack(), peer)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stopper:
            stopper.sendto(b"stop", self.address)
        self.thread.join()
        self.socket.close()


@pytest.fixture
def outside():
    outside = Outside()
    yield outside
    outside.close()


@pytest.fixture
def zones():
    """The hosted zones; a test may change them while the server runs."""
    return [Zone("example.com.", APEX)]


@pytest.fixture
def server(zones, outside):
    server = DnsServer(lambda: zones, {"acme.rehearsal.internal": "10.0.0.1"}, [outside.address])
    server.start(Listen("127.0.0.1", 0))
    yield server
    server.stop()


@pytest.fixture
def add(zones):
    def add(*records):
        zones[0] = Zone("example.com.", (*zones[0].records, *records))

    return add


def ask(server, name, kind="A", *, tcp=False, query=None):
    query = query or DNSRecord.question(name, kind)
    packet = query.send(*server.addresses[0], tcp=tcp, timeout=LIMIT)
    answer = DNSRecord.parse(packet)
    assert answer.header.id == query.header.id
    return answer


def values(answer):
    return [(QTYPE[each.rtype], str(each.rdata)) for each in answer.rr]


def assert_no_data(answer):
    assert answer.header.rcode == RCODE.NOERROR
    assert answer.rr == []
    assert [QTYPE[each.rtype] for each in answer.auth] == ["SOA"]


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_a_record_is_answered_with_authority_in_any_case(server, add, tcp):
    add(Record("WWW.example.com.", "A", 60, ("127.9.9.9", "127.9.9.8")))
    answer = ask(server, "wWw.eXample.com", tcp=tcp)
    assert values(answer) == [("A", "127.9.9.9"), ("A", "127.9.9.8")]
    assert str(answer.rr[0].rname) == "wWw.eXample.com."
    assert answer.rr[0].ttl == 60
    assert (answer.header.aa, answer.header.ra) == (1, 1)


def test_changes_to_a_zone_are_seen_at_once(server, add):
    assert ask(server, "new.example.com").header.rcode == RCODE.NXDOMAIN
    add(Record("new.example.com", "A", 60, ("127.9.9.9",)))
    assert values(ask(server, "new.example.com")) == [("A", "127.9.9.9")]


def test_a_name_that_does_not_exist_and_a_type_that_does_not(server, add):
    add(Record("a.b.example.com", "TXT", 60, ('"v=1" "two words"',)))
    missing = ask(server, "nowhere.example.com")
    assert missing.header.rcode == RCODE.NXDOMAIN
    assert [(QTYPE[each.rtype], each.ttl) for each in missing.auth] == [("SOA", 900)]
    assert_no_data(ask(server, "example.com", "AAAA"))
    assert_no_data(ask(server, "b.example.com"))  # it exists: something is below it
    assert values(ask(server, "a.b.example.com", "TXT")) == [("TXT", '"v=1","two words"')]


def test_the_apex_says_who_serves_the_zone(server):
    assert [value for _, value in values(ask(server, "example.com", "NS"))] == [
        "ns-1.awsdns-1.com.",
        "ns-2.awsdns-2.net.",
    ]
    assert values(ask(server, "example.com", "SOA")) == [("SOA", SOA)]


def test_a_wildcard_covers_what_does_not_exist_only(server, add):
    add(
        Record("\\052.example.com", "A", 60, ("127.1.1.1",)),
        Record("www.example.com", "TXT", 60, ('"x"',)),
        Record("x.sub.example.com", "A", 60, ("127.2.2.2",)),
    )
    assert values(ask(server, "any.example.com")) == [("A", "127.1.1.1")]
    assert values(ask(server, "any.thing.example.com")) == [("A", "127.1.1.1")]
    assert_no_data(ask(server, "any.example.com", "TXT"))
    assert_no_data(ask(server, "www.example.com"))
    assert ask(server, "y.sub.example.com").header.rcode == RCODE.NXDOMAIN


def test_cnames_are_followed_within_the_zones_and_outside(server, add, zones, outside):
    zones.append(Zone("other.net", (Record("web.other.net", "A", 60, ("127.3.3.3",)),)))
    add(
        Record("one.example.com", "CNAME", 60, ("two.example.com",)),
        Record("two.example.com", "CNAME", 60, ("web.other.net.",)),
        Record("far.example.com", "CNAME", 60, ("far.away.test",)),
        Record("gone.example.com", "CNAME", 60, ("nowhere.example.com",)),
    )
    assert values(ask(server, "one.example.com")) == [
        ("CNAME", "two.example.com."),
        ("CNAME", "web.other.net."),
        ("A", "127.3.3.3"),
    ]
    assert values(ask(server, "far.example.com"))[1] == ("A", "192.0.2.1")
    assert outside.asked == ["far.away.test."]
    gone = ask(server, "gone.example.com")
    assert (gone.header.rcode, len(gone.rr)) == (RCODE.NXDOMAIN, 1)
    assert values(ask(server, "one.example.com", "CNAME")) == [("CNAME", "two.example.com.")]


def test_cnames_in_a_circle_end(server, add):
    add(
        Record("a.example.com", "CNAME", 60, ("b.example.com",)),
        Record("b.example.com", "CNAME", 60, ("a.example.com",)),
    )
    assert ask(server, "a.example.com").header.rcode == RCODE.SERVFAIL


def test_an_alias_answers_with_its_targets_address_under_its_own_name(server, add):
    add(
        Record("example.com", "A", alias="www.example.com."),
        Record("www.example.com", "A", 77, ("127.4.4.4",)),
        Record("loop.example.com", "A", alias="pool.example.com."),
        Record("pool.example.com", "A", alias="loop.example.com."),
        Record("bucket.example.com", "A", alias="s3-website-us-east-1.amazonaws.com."),
    )
    answer = ask(server, "example.com")
    assert values(answer) == [("A", "127.4.4.4")]
    assert (str(answer.rr[0].rname), answer.rr[0].ttl) == ("example.com.", 77)
    assert_no_data(ask(server, "example.com", "AAAA"))
    assert_no_data(ask(server, "loop.example.com"))
    assert values(ask(server, "bucket.example.com")) == [("A", AWS_ENDPOINT_ADDRESS)]


def test_a_delegated_name_is_referred_unless_its_zone_is_hosted_here(server, add, zones):
    add(Record("sub.example.com", "NS", 60, ("ns.elsewhere.test.",)))
    referral = ask(server, "www.sub.example.com")
    assert (referral.header.aa, referral.rr) == (0, [])
    assert [str(each.rdata) for each in referral.auth] == ["ns.elsewhere.test."]
    zones.append(Zone("sub.example.com", (Record("www.sub.example.com", "A", 60, ("127.5.5.5",)),)))
    assert values(ask(server, "www.sub.example.com")) == [("A", "127.5.5.5")]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("s3.us-east-1.amazonaws.com", AWS_ENDPOINT_ADDRESS),
        ("bucket.s3.eu-west-1.amazonaws.com", AWS_ENDPOINT_ADDRESS),
        ("acme.rehearsal.internal", "10.0.0.1"),
        ("ip-10-0-0-7.ec2.internal", "10.0.0.7"),
        ("ip-10-0-0-7.eu-west-1.compute.internal", "10.0.0.7"),
        ("ec2-198-51-100-7.compute-1.amazonaws.com", "198.51.100.7"),
        ("anything.localhost", "127.0.0.1"),
    ],
)
def test_names_that_only_a_rehearsal_knows(server, outside, name, address):
    assert values(ask(server, name)) == [("A", address)]
    assert ask(server, name, "TXT").rr == []
    assert outside.asked == []


@pytest.mark.parametrize(
    "name",
    ["nowhere.example.com", "x.localhost", "secret.internal", "7.0.0.10.in-addr.arpa"],
)
@pytest.mark.parametrize("kind", ["A", "PTR", "MX"])
def test_private_names_are_never_asked_outside(server, outside, name, kind):
    ask(server, name, kind)
    assert outside.asked == []


def test_all_else_is_asked_outside_and_forged_answers_are_not_believed(server, outside):
    assert values(ask(server, "elsewhere.test")) == [("A", "192.0.2.1")]
    assert values(ask(server, "elsewhere.test", tcp=True)) == [("A", "192.0.2.1")]
    assert outside.asked == ["elsewhere.test."] * 2


def test_no_answer_from_outside_is_a_server_failure_in_time(monkeypatch, zones):
    monkeypatch.setattr("workbench.rehearsal.network.upstream.LIMIT", 0.1)
    with bind_udp("127.0.0.1", 0) as silent:
        server = DnsServer(lambda: zones, upstream=[silent.getsockname()])
        server.start(Listen("127.0.0.1", 0))
        try:
            assert ask(server, "elsewhere.test").header.rcode == RCODE.SERVFAIL
        finally:
            server.stop()


def test_a_resolver_that_is_this_server_itself_is_not_asked(zones):
    upstream = []
    server = DnsServer(lambda: zones, upstream=upstream)
    server.start(Listen("127.0.0.1", 0))
    upstream.append(server.addresses[0])
    try:
        assert ask(server, "elsewhere.test").header.rcode == RCODE.SERVFAIL
    finally:
        server.stop()


def test_an_answer_too_long_for_a_datagram_comes_whole_over_tcp(server, add):
    add(Record("big.example.com", "TXT", 60, tuple(f'"{"x" * 200}{n}"' for n in range(5))))
    short = ask(server, "big.example.com", "TXT")
    assert (short.header.tc, short.rr, str(short.q.qname)) == (1, [], "big.example.com.")
    assert len(ask(server, "big.example.com", "TXT", tcp=True).rr) == 5
    query = DNSRecord.question("big.example.com", "TXT")
    query.add_ar(EDNS0(udp_len=1232))
    assert len(ask(server, "", query=query).rr) == 5


def test_what_is_no_query_is_told_so_or_ignored(server):
    query = DNSRecord(DNSHeader(opcode=5), q=DNSRecord.question("example.com").q)
    assert ask(server, "", query=query).header.rcode == RCODE.NOTIMP
    assert ask(server, "", query=DNSRecord(DNSHeader())).header.rcode == RCODE.FORMERR
    assert ask(server, "example.com", "AXFR", tcp=True).header.rcode == RCODE.REFUSED
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(LIMIT)
        client.connect(server.addresses[0])
        client.send(b"junk")
        client.send(DNSRecord.question("example.com").reply().pack())  # an answer
        client.send(DNSRecord.question("example.com", "NS").pack())
        assert DNSRecord.parse(client.recv(4096)).q.qtype == QTYPE.NS


def test_a_record_that_cannot_be_read_fails_alone(server, add, caplog):
    add(
        Record("bad.example.com", "A", 60, ("not an address",)),
        Record("good.example.com", "A", 60, ("127.7.7.7",)),
    )
    assert ask(server, "bad.example.com").header.rcode == RCODE.SERVFAIL
    assert "bad.example.com" in caplog.text
    assert values(ask(server, "good.example.com")) == [("A", "127.7.7.7")]


def test_an_address_that_is_taken_is_one_plain_sentence(server, zones):
    second = DnsServer(lambda: zones)
    with pytest.raises(WorkbenchError, match=r"can't listen on 127\.0\.0\.1:.*listens there"):
        second.start(Listen("127.0.0.1", server.addresses[0][1]))


def test_resolvers_are_read_as_the_system_does(tmp_path):
    path = tmp_path / "resolv.conf"
    path.write_text("# nameserver 192.0.2.9\nsearch a b\nnameserver 192.0.2.1\nnameserver ::1\n")
    assert read_resolvers(path) == [("192.0.2.1", 53), ("::1", 53)]
    assert read_resolvers(tmp_path / "none") == []


@mock_aws
def test_motos_zones_are_read_as_they_are():
    client = boto3.client("route53", region_name="us-east-1")
    zone = client.create_hosted_zone(Name="moto.test", CallerReference="1")["HostedZone"]
    alias = {"HostedZoneId": zone["Id"][12:], "DNSName": "moto.test", "EvaluateTargetHealth": False}
    sets = [
        {"Name": "moto.test", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "127.8.8.8"}]},
        {"Name": "*.moto.test", "Type": "A", "AliasTarget": alias},
    ]
    changes = [{"Action": "CREATE", "ResourceRecordSet": each} for each in sets]
    client.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch={"Changes": changes})
    hosted = route53_backends["123456789012"]["aws"].zones
    server = DnsServer(lambda: read_zones(hosted.values()))
    server.start(Listen("127.0.0.1", 0))
    try:
        assert values(ask(server, "www.moto.test")) == [("A", "127.8.8.8")]
        assert len(ask(server, "moto.test", "NS").rr) == 4
        assert_no_data(ask(server, "moto.test", "AAAA"))
    finally:
        server.stop()
