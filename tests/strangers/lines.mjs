// What the peers written in JavaScript have in common: their flags, and the lines that they exchange.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const text = { type: "string" };
const flag = { type: "boolean", default: false };

/** The flags, with the list of servers in place of its file. */
export function flags(more = {}) {
  const options = { offer: flag, "relay-only": flag, "ice-servers": text, bind: text, ...more };
  const { values } = parseArgs({ options });
  const list = values["ice-servers"];
  return { ...values, relayOnly: values["relay-only"], servers: list ? JSON.parse(readFileSync(list, "utf8")) : [] };
}

/** Each URL of each server. */
export function* urls(servers) {
  for (const { urls, username, credential } of servers) {
    for (const url of [urls].flat()) {
      const [, scheme, host, port, transport] = /^(\w+):(\[.*?\]|[^:?]+)(?::(\d+))?(?:\?transport=(\w+))?$/.exec(url);
      const secure = scheme.endsWith("s");
      yield {
        scheme, username, credential,
        host: host.replace(/^\[|\]$/g, ""),
        port: port ? Number(port) : secure ? 5349 : 3478,
        transport: transport ?? (scheme === "turns" ? "tcp" : "udp"),
      };
    }
  }
}

export const say = (type, fields = {}) => process.stdout.write(`${JSON.stringify({ type, ...fields })}\n`);

/** The first line of a side, whose candidates follow. */
export function describe(offer, ufrag, pwd, agent) {
  const role = offer ? "offer" : "answer";
  say("description", { role, ufrag, pwd, lite: false, candidates: [], complete: false, agent });
}

/** Calls `take` with what the other side says, and ends when it leaves. */
export async function listen(take) {
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line);
    if (message.type === "bye") break;
    await take(message);
  }
}

/** The candidates that a message brings, and whether they are the last. */
export function candidates(message) {
  const one = message.type === "candidate" ? [message.candidate] : [];
  return [[...(message.candidates ?? []), ...one], message.type === "complete" || message.complete === true];
}

/** Tells of states, with the time since the other side's description, and of a pair's two candidates. */
export function clock() {
  const began = performance.now();
  return (state, ...pair) => {
    const ms = Math.round((performance.now() - began) * 10) / 10;
    const shown = ({ address, port }) => `${address.includes(":") ? `[${address}]` : address}:${port}`;
    const [local, remote] = pair;
    const selected = local && {
      local: shown(local), localType: local.type, remote: shown(remote), remoteType: remote.type,
    };
    say("status", { state, ms, ...(selected && { selected }) });
  };
}

/** An SDP with one data channel, for libraries that want to be told in one. */
export function sdp({ ufrag, pwd, lite }, offer) {
  const fingerprint = Array(32).fill("AB").join(":");
  return [
    "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", ...(lite ? ["a=ice-lite"] : []), "a=group:BUNDLE 0",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:0",
    `a=ice-ufrag:${ufrag}`, `a=ice-pwd:${pwd}`, "a=ice-options:trickle",
    `a=fingerprint:sha-256 ${fingerprint}`, `a=setup:${offer ? "actpass" : "active"}`, "a=sctp-port:5000", "",
  ].join("\r\n");
}

/** The credentials in an SDP. */
export const credentials = (sdp) => ["ufrag", "pwd"].map((word) => new RegExp(`a=ice-${word}:(\\S+)`).exec(sdp)[1]);
