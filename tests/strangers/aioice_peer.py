"""aioice as the other side: of Debian (python3-aioice), or newer from PyPI."""

import asyncio
import sys
from importlib.metadata import version

import aioice
from aioice import ice

import lines


def connection(flags):
    options = {}
    for scheme, host, port, transport, username, credential in lines.servers(flags):
        if scheme.startswith("stun"):
            options.setdefault("stun_server", (host, port))
        else:
            options.setdefault("turn_server", (host, port))
            options.setdefault("turn_transport", transport)
            options.setdefault("turn_ssl", scheme == "turns")
            options.update(turn_username=username, turn_password=credential)
    if flags.relay_only and hasattr(ice, "TransportPolicy"):
        options["transport_policy"] = ice.TransportPolicy.RELAY
    elif flags.relay_only:
        options.update(use_ipv4=False, use_ipv6=False, stun_server=None)
    return aioice.Connection(ice_controlling=flags.offer, **options)


async def connect(agent, clock):
    shown = lambda candidate: (candidate.type, candidate.host, candidate.port)
    clock.status("checking")
    try:
        await agent.connect()
    except ConnectionError as error:
        print(error, file=sys.stderr)
        return clock.status("failed")
    pair = agent._nominated[1]
    clock.status("connected", shown(pair.local_candidate), shown(pair.remote_candidate))


async def add(agent, line):
    try:
        await agent.add_remote_candidate(line and aioice.Candidate.from_sdp(line.removeprefix("candidate:")))
    except ValueError as error:
        print(f"left out: {error}: {line}", file=sys.stderr)


async def main():
    flags = lines.flags()
    agent = connection(flags)
    await agent.gather_candidates()
    own = [f"candidate:{candidate.to_sdp()}" for candidate in agent.local_candidates]
    role, name = "offer" if flags.offer else "answer", f"aioice {version('aioice')}"
    describe = lambda: lines.describe(role, agent.local_username, agent.local_password, own, name)
    if flags.offer:
        describe()
    said, task = lines.heard(), None
    loop = asyncio.get_running_loop()
    while message := await loop.run_in_executor(None, next, said, None):
        if message["type"] == "description":
            agent.remote_username, agent.remote_password = message["ufrag"], message["pwd"]
            agent.remote_is_lite = message.get("lite", False)
            for line in message.get("candidates", []):
                await add(agent, line)
            if not flags.offer:
                describe()
        elif message["type"] == "candidate":
            await add(agent, message["candidate"])
        # It wants to know all before it begins.
        if message["type"] == "complete" or message.get("complete"):
            await add(agent, None)
            task = asyncio.create_task(connect(agent, lines.Clock()))
    if task:
        task.cancel()
    await agent.close()


asyncio.run(main())
