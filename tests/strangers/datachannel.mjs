// libjuice, within libdatachannel, as the other side. Nothing comes of the DTLS that it begins.

import { createRequire } from "node:module";
import { candidates, clock, credentials, describe, flags, listen, say, sdp, urls } from "./lines.mjs";

const require = createRequire(`${process.env.STRANGERS}/js/`);
const { PeerConnection, getLibraryVersion } = require("node-datachannel");

const { offer, relayOnly, servers, bind } = flags();
const RELAYS = { udp: "TurnUdp", tcp: "TurnTcp" };
const iceServers = [...urls(servers)].map(({ scheme, host, port, transport, username, credential }) => {
  if (scheme.startsWith("stun")) return `stun:${host}:${port}`;
  return { hostname: host, port, username, password: credential, relayType: scheme === "turns" ? "TurnTls" : RELAYS[transport] };
});

const peer = new PeerConnection("stranger", {
  iceServers, iceTransportPolicy: relayOnly ? "relay" : "all", disableFingerprintVerification: true,
  ...(bind && { bindAddress: bind }),
});
let status;
peer.onLocalDescription((own) => describe(offer, ...credentials(own), `libdatachannel ${getLibraryVersion()}`));
peer.onLocalCandidate((candidate) => say("candidate", { candidate: candidate.replace(/^a=/, "") }));
peer.onGatheringStateChange((state) => state === "complete" && say("complete"));
peer.onIceStateChange((state) => {
  const pair = ["connected", "completed"].includes(state) ? peer.getSelectedCandidatePair() : undefined;
  status?.(state, pair?.local, pair?.remote);
});
if (offer) peer.createDataChannel("ice");

await listen((message) => {
  const [lines] = candidates(message);
  if (message.type === "description") {
    status = clock();
    peer.setRemoteDescription(sdp(message, !offer), offer ? "answer" : "offer");
  }
  for (const line of lines) {
    try {
      peer.addRemoteCandidate(line, "0");
    } catch (error) {
      console.error(`${error}: ${line}`);
    }
  }
});
process.exit(0);
