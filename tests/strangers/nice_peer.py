"""libnice as the other side: Debian's python3-gi and gir1.2-nice-0.1."""

import ctypes
import socket
import threading

import gi

gi.require_version("Nice", "0.1")
from gi.repository import GLib, Nice  # noqa: E402

import lines  # noqa: E402

COMPONENT = 1
RELAYS = {"udp": Nice.RelayType.UDP, "tcp": Nice.RelayType.TCP}
KINDS = {"HOST": "host", "SERVER_REFLEXIVE": "srflx", "PEER_REFLEXIVE": "prflx", "RELAYED": "relay"}
RECEIVER = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)


def show(candidate):
    kind = KINDS[candidate.type.value_nick.upper().replace("-", "_")]
    return kind, candidate.addr.dup_string(), candidate.addr.get_port()


class Peer:
    def __init__(self, flags):
        self.offers, self.clock, self.pair = flags.offer, None, ()
        self.loop = GLib.MainLoop()
        agent = Nice.Agent.new_full(
            self.loop.get_context(), Nice.Compatibility.RFC5245,
            Nice.AgentOption.REGULAR_NOMINATION | Nice.AgentOption.ICE_TRICKLE | Nice.AgentOption.CONSENT_FRESHNESS,
        )
        self.agent = agent
        agent.set_property("controlling-mode", flags.offer)
        agent.set_property("ice-tcp", False)
        agent.set_property("upnp", False)
        agent.set_property("force-relay", flags.relay_only)
        self.stream = agent.add_stream(1)
        agent.set_stream_name(self.stream, "application")
        for scheme, host, port, transport, username, credential in lines.servers(flags):
            address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][4][0]
            if scheme.startswith("stun"):
                agent.set_property("stun-server", address)
                agent.set_property("stun-server-port", port)
            else:
                kind = Nice.RelayType.TLS if scheme == "turns" else RELAYS[transport]
                agent.set_relay_info(self.stream, COMPONENT, address, port, username, credential, kind)
        # Without a receiver it does not read; the call is not in the bindings.
        self.receiver = RECEIVER(lambda *_: None)
        ctypes.CDLL("libnice.so.10").nice_agent_attach_recv(
            ctypes.c_void_p(hash(agent)), self.stream, COMPONENT,
            ctypes.c_void_p(hash(self.loop.get_context())), self.receiver, None,
        )
        agent.connect("candidate-gathering-done", lambda *_: self.gathered())
        agent.connect("new-selected-pair-full", lambda _a, _s, _c, *pair: self.selected(pair))
        agent.connect("component-state-changed", lambda _a, _s, _c, state: self.changed(state))

    def run(self):
        self.agent.gather_candidates(self.stream)
        self.loop.run()

    def gathered(self):
        if self.offers:
            self.describe()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for message in lines.heard():
            GLib.idle_add(self.take, message)
        GLib.idle_add(self.loop.quit)

    def describe(self):
        _, ufrag, pwd = self.agent.get_local_credentials(self.stream)
        own = self.agent.get_local_candidates(self.stream, COMPONENT)
        own = [self.agent.generate_local_candidate_sdp(candidate).removeprefix("a=") for candidate in own]
        lines.describe("offer" if self.offers else "answer", ufrag, pwd, own, "libnice 0.1.21")

    def take(self, message):
        if message["type"] == "description":
            if not self.offers:
                self.describe()
            self.clock = lines.Clock()
            self.clock.status("checking")
            self.agent.set_remote_credentials(self.stream, message["ufrag"], message["pwd"])
            self.add(message.get("candidates", []))
        elif message["type"] == "candidate":
            self.add([message["candidate"]])
        if message["type"] == "complete" or message.get("complete"):
            self.agent.peer_candidate_gathering_done(self.stream)

    def add(self, candidates):
        read = [self.agent.parse_remote_candidate_sdp(self.stream, f"a={line}") for line in candidates]
        self.agent.set_remote_candidates(self.stream, COMPONENT, [candidate for candidate in read if candidate])

    def selected(self, pair):
        self.pair = [show(candidate) for candidate in pair]

    def changed(self, state):
        if state == Nice.ComponentState.FAILED:
            self.clock.status("failed")
        elif state == Nice.ComponentState.READY:
            self.clock.status("connected", *self.pair)


Peer(lines.flags()).run()
