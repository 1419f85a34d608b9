"""Frames of an attacker, made by scapy and sent over and over, until a signal ends it.

attack.py KIND INTERFACE: out of the interface, to whatever has its other end.
attack.py KIND INTERFACE FROM TO: in VXLAN over UDP between two IPv4 addresses, as a peer sends them.

Prints "sending" when the first of each have been sent, and how many have been when it is ended.
"""

import random
import signal
import socket
import sys

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptMTU,
    ICMPv6NDOptSrcLLAddr,
    ICMPv6NDOptUnknown,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    Jumbo,
    PadN,
    RouterAlert,
    fragment6,
)
from scapy.layers.l2 import Dot1Q, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

VNI = 0x000001  # the last 24 bits of the network ID
COPIES = 20  # of each kind of frame, with other numbers

# A, B and C of hosts.ts.
A = "fc9c:56c2:e389:e92c:eee5::1"
B = "fc9c:56c2:e3de:adbe:ef01::1"
C = "fc9c:56c2:e311:2233:4455::1"
MAC = {A: "02:89:e9:30:0c:27", B: "02:de:ad:a2:0d:c3", C: "02:11:22:2f:a6:97"}


def suffix():
    return "%x:%x:%x" % tuple(random.randrange(1, 0x10000) for _ in range(3))


def other(node):
    """An address of the node's /80."""
    return node[: node.rindex("::")] + ":" + suffix()


def mac():
    return "02:%02x:%02x:%02x:%02x:%02x" % tuple(random.randrange(256) for _ in range(5))


def group(target):
    low = socket.inet_pton(socket.AF_INET6, target)[-3:]
    return "ff02::1:ff%02x:%02x%02x" % tuple(low), "33:33:ff:%02x:%02x:%02x" % tuple(low)


def ask(target, source=A, hardware=MAC[A], headers=None, options=None, **fields):
    """A solicitation, with headers before it, and other fields or options than it should have."""
    to, multicast = group(target)
    ip = IPv6(src=source, dst=to, hlim=fields.pop("hlim", 255))
    message = ICMPv6ND_NS(tgt=target, **fields)
    if options is None:
        options = ICMPv6NDOptSrcLLAddr(lladdr=hardware) if source != "::" else None
    packet = ip / headers / message if headers else ip / message
    return Ether(src=hardware, dst=multicast) / (packet / options if options else packet)


def spoofed():
    """Solicitations in other hosts' names, well formed and not."""
    for _ in range(COPIES):
        target = other(C)
        yield ask(target, source=other(B), hardware=MAC[B])
        yield ask(target, source="2001:db8::%s" % suffix(), hardware=mac())
        yield ask(target, source=target)
        yield ask(target, source="::1")
        yield ask(target, source="ff02::1")
        yield ask(target, hardware="33:33:00:00:00:01")
        yield ask(target, hardware=MAC[C])
        yield ask(target, options=ICMPv6NDOptSrcLLAddr(lladdr=MAC[C]))
        yield ask(target, hlim=64)
        yield ask(target, code=1)
        yield ask(target, cksum=0xBAD)
        yield ask(target, options=ICMPv6NDOptUnknown(type=1, len=0, data=b""))
        yield ask(target, options=ICMPv6NDOptSrcLLAddr(len=4, lladdr=MAC[A]))
        yield ask(target, options=ICMPv6NDOptMTU() / Raw(b"\x05\x07\x00"))
        yield ask("ff02::1:ff00:1")


def evasion():
    """Solicitations behind extension headers and VLAN tags."""
    for _ in range(COPIES):
        target = other(C)
        yield ask(target, headers=IPv6ExtHdrHopByHop(options=[RouterAlert()]))
        yield ask(target, headers=IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 200)]))
        yield ask(target, headers=IPv6ExtHdrHopByHop(options=[Jumbo(jumboplen=32)]))
        yield ask(target, headers=IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)]))
        yield ask(target, headers=IPv6ExtHdrRouting(addresses=[target]))
        yield ask(target, headers=IPv6ExtHdrDestOpt() / IPv6ExtHdrDestOpt() / IPv6ExtHdrDestOpt())
        chain = IPv6ExtHdrDestOpt()
        for _ in range(40):
            chain = chain / IPv6ExtHdrDestOpt()
        yield ask(target, headers=chain)
        plain = ask(target)
        tagged = Ether(src=plain.src, dst=plain.dst) / Dot1Q(vlan=5)
        yield tagged / plain.payload
        yield tagged / Dot1Q(vlan=0) / plain.payload


def fragments():
    """Solicitations in fragments: whole in one, in two, overlapping, and without an end."""
    for number in range(COPIES):
        target = other(C)
        plain = ask(target)
        yield ask(target, headers=IPv6ExtHdrFragment(id=number))
        for piece in fragment6(IPv6(bytes(ask(target, headers=IPv6ExtHdrFragment(id=number))[IPv6])), 1280):
            yield Ether(src=plain.src, dst=plain.dst) / piece
        ip = IPv6(src=A, dst=plain[IPv6].dst, hlim=255)
        message = bytes(plain[ICMPv6ND_NS])
        for offset, more, part in [(0, 1, message[:16]), (1, 1, message[8:24]), (2, 0, message[16:]), (0, 1, b"")]:
            header = IPv6ExtHdrFragment(nh=58, offset=offset, m=more, id=number)
            yield Ether(src=plain.src, dst=plain.dst) / ip / header / Raw(part)


def duplicates():
    """Duplicate address detection for addresses of others, with and without what it must not have."""
    for _ in range(COPIES):
        target = other(C)
        yield ask(target, source="::")
        yield ask(target, source="::", options=ICMPv6NDOptSrcLLAddr(lladdr=MAC[A]))
        yield ask(A, source="::", hardware=mac())


def advertised(target, source, hardware, solicited=0):
    """An advertisement to all nodes."""
    message = ICMPv6ND_NA(tgt=target, R=0, S=solicited, O=1) / ICMPv6NDOptDstLLAddr(lladdr=hardware)
    return Ether(src=hardware, dst="33:33:00:00:00:01") / IPv6(src=source, dst="ff02::1", hlim=255) / message


def peer():
    """What a peer, B, may not send, and what it may, but to no effect."""
    for _ in range(COPIES):
        target = other(C)
        yield ask(target, source=B, hardware=MAC[B])  # the owner is not here to answer
        yield ask(target, source=C, hardware=MAC[C])
        yield ask(target, source=A)
        yield ask(target, source="::", hardware=mac())
        yield ask(A, source=other(C), hardware=MAC[B])
        yield ask(A, source="ff02::1", hardware=MAC[B])
        yield ask(A, source=B, hardware=MAC[B], hlim=64)
        yield ask(A, source=B, hardware=MAC[B], headers=IPv6ExtHdrFragment(id=7))
        yield ask(A, source=B, hardware=MAC[B], options=ICMPv6NDOptUnknown(type=1, len=0, data=b""))
        yield advertised(A, A, MAC[A])
        yield advertised(A, A, MAC[B])
        yield advertised(target, target, MAC[C])
        yield advertised(target, target, MAC[B])
        yield advertised(target, "fe80::11:22ff:fe2f:a697", MAC[B])
        yield Ether(src=MAC[B], dst=MAC[A], type=0x86DD) / Raw(b"\x60" * 8)


KINDS = {kind.__name__: kind for kind in (spoofed, evasion, fragments, duplicates, peer)}


def main(kind, interface, source=None, target=None):
    frames = list(KINDS[kind]())
    if source:
        packets = [IP(src=source, dst=target) / UDP(sport=4789, dport=4789) / VXLAN(vni=VNI, flags=8) / frame
                   for frame in frames]
        sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        send = lambda data: sender.sendto(data, (target, 0))
    else:
        packets = frames
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        sender.bind((interface, 0))
        send = sender.send
    data = [bytes(packet) for packet in packets]

    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    sent = 0
    while not ended:
        for one in data:
            try:
                send(one)
                sent += 1
            except OSError:  # no room, as for anyone who sends faster than is read
                pass
        if sent <= len(data):
            print("sending", flush=True)
    print(sent, flush=True)


main(*sys.argv[1:])
