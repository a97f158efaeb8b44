// werift as the other side, ICE without anything on top.

import { createRequire } from "node:module";
import { candidates, clock, describe, flags, listen, say, urls } from "./lines.mjs";

const require = createRequire(import.meta.url);
// Its ICE agent is not among what it exports.
const folder = `${process.env.STRANGERS}/js/node_modules/werift`;
const { Candidate, Connection } = require(`${folder}/lib/ice/src/index.js`);
const { version } = require(`${folder}/package.json`);

const { offer, relayOnly, servers } = flags();
const options = { forceTurn: relayOnly };
for (const { scheme, host, port, transport, username, credential } of urls(servers)) {
  if (scheme.startsWith("stun")) options.stunServer ??= [host, port];
  else {
    options.turnServer ??= [host, port];
    options.turnTransport ??= scheme === "turns" ? "tls" : transport;
    options.turnTlsOptions = { rejectUnauthorized: false };
    Object.assign(options, { turnUsername: username, turnPassword: credential });
  }
}

const agent = new Connection(offer, options);
let status;
const shown = (candidate) => candidate && { ...candidate, address: candidate.host };
agent.onIceCandidate.subscribe((candidate) => say("candidate", { candidate: `candidate:${candidate.toSdp()}` }));
agent.stateChanged.subscribe((state) => {
  const pair = agent.nominated;
  status?.(state, shown(pair?.localCandidate), shown(pair?.remoteCandidate));
});

async function begin() {
  describe(offer, agent.localUsername, agent.localPassword, `werift ${version}`);
  await agent.gatherCandidates();
  say("complete");
}

if (offer) await begin();
await listen(async (message) => {
  const [lines, last] = candidates(message);
  if (message.type === "description") {
    if (!offer) await begin();
    agent.setRemoteParams({ iceLite: message.lite ?? false, usernameFragment: message.ufrag, password: message.pwd });
  }
  for (const line of lines) await agent.addRemoteCandidate(Candidate.fromSdp(line.replace(/^candidate:/, "")));
  if (last) await agent.addRemoteCandidate(undefined);
  if (message.type === "description") {
    status = clock();
    agent.connect().catch((error) => console.error(error));
  }
});
process.exit(0);
