// Chromium or Firefox as the other side: a page of ours in it, which talks to us by plain HTTP on loopback.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flags, listen, say, sdp } from "./lines.mjs";

const flag = { type: "boolean", default: false };
const { offer, relayOnly, servers, firefox, mdns } = flags({ firefox: flag, mdns: flag });

const profile = mkdtempSync(join(tmpdir(), "stranger-"));
const queue = [];
let waiting;
const page = readFileSync(new URL("browser.html", import.meta.url), "utf8");
const asked = { offer, configuration: { iceServers: servers, iceTransportPolicy: relayOnly ? "relay" : "all" } };

function tell(message) {
  queue.push(message);
  waiting?.end(JSON.stringify(queue.splice(0)));
  waiting = undefined;
}

const server = createServer(async (request, response) => {
  response.setHeader("Cache-Control", "no-store");
  if (request.method === "POST") {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { type, ...fields } = JSON.parse(body);
    type === "error" ? console.error(fields.text) : say(type, fields);
    response.end();
  } else if (request.url === "/heard") {
    if (queue.length) response.end(JSON.stringify(queue.splice(0)));
    else waiting = response;
  } else if (request.url === "/") {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(page.replace("ASKED", () => JSON.stringify(asked)));
  } else {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, "localhost", ready));
const url = `http://localhost:${server.address().port}/`;

/** A browser that ends with this program, however that ends. */
function run(...command) {
  return spawn("setpriv", ["--pdeathsig", "KILL", "--", ...command], { stdio: "ignore" });
}

function start() {
  if (firefox) {
    const settings = { "media.peerconnection.ice.obfuscate_host_addresses": mdns, "browser.shell.checkDefaultBrowser": false };
    const lines = Object.entries(settings).map(([name, value]) => `user_pref("${name}", ${value});\n`);
    writeFileSync(join(profile, "user.js"), lines.join(""));
    return run("firefox-esr", "--headless", "--no-remote", "--profile", profile, url);
  }
  const names = mdns ? [] : ["--disable-features=WebRtcHideLocalIpsWithMdns"];
  const plain = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
  return run("chromium", ...plain, ...names, `--user-data-dir=${profile}`, url);
}

const browser = start();
const gone = new Promise((gone) => browser.on("exit", gone));
async function leave() {
  browser.kill("SIGKILL");
  await gone;
  // Its own children may still be writing; a folder for temporary files is no great loss.
  try { rmSync(profile, { recursive: true, force: true, maxRetries: 10 }); } catch {}
  process.exit(0);
}
process.on("SIGTERM", leave);
browser.on("error", (error) => console.error(`${error}`));

// A description becomes an SDP here, so that the page need not know how.
await listen((message) => tell(message.type === "description" ? { ...message, sdp: sdp(message, !offer) } : message));
leave();
