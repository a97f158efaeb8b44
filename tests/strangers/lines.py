"""What the peers written in Python have in common: their flags, and the lines that they exchange."""

import argparse
import json
import sys
import time


def flags():
    parser = argparse.ArgumentParser()
    parser.add_argument("--offer", action="store_true", help="make the offer, and control")
    parser.add_argument("--relay-only", action="store_true", help="use nothing but relayed candidates")
    parser.add_argument("--ice-servers", metavar="FILE", help="a JSON list of RTCIceServer")
    return parser.parse_args()


def servers(flags):
    """Each URL of each server: scheme, host, port, transport, username, credential."""
    if not flags.ice_servers:
        return
    with open(flags.ice_servers, encoding="utf-8") as file:
        listed = json.load(file)
    for server in listed:
        urls = server["urls"]
        for url in [urls] if isinstance(urls, str) else urls:
            scheme, rest = url.split(":", 1)
            address, _, query = rest.partition("?")
            host, _, port = address.rpartition(":")
            if not host or not port.isdigit():
                host, port = address, 5349 if scheme.endswith("s") else 3478
            transport = query.removeprefix("transport=") or ("tcp" if scheme == "turns" else "udp")
            yield scheme, host.strip("[]"), int(port), transport, server.get("username"), server.get("credential")


def say(kind, **fields):
    print(json.dumps({"type": kind, **fields}), flush=True)


def describe(role, ufrag, pwd, candidates, agent):
    """The first line of a side, with all of its candidates."""
    say("description", role=role, ufrag=ufrag, pwd=pwd, lite=False, candidates=candidates, complete=True, agent=agent)


def heard():
    """What the other side says, until it leaves."""
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("type") == "bye":
            return
        yield message


class Clock:
    """Milliseconds since the other side's description was read."""

    def __init__(self):
        self.began = time.monotonic()

    def status(self, state, *pair):
        """Of a selected pair, the local and the remote candidate: kind, host, port."""
        ms = round((time.monotonic() - self.began) * 1000, 1)
        selected = {}
        for side, (kind, host, port) in zip(("local", "remote"), pair):
            selected[side] = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            selected[f"{side}Type"] = kind
        say("status", state=state, ms=ms, **({"selected": selected} if selected else {}))
