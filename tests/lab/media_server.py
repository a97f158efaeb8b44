"""A WHIP and WHEP server over aiortc, as a stranger to test against: /whip and /whep, with what is asked for in the
environment: BEARER, LINK (a Link header), TRICKLE=no (501 to PATCH), COUNTER=406|201 (offers in its turn)."""

import asyncio, os, sys, uuid
from aiohttp import web
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack
from aiortc.sdp import candidate_from_sdp

sessions = {}


def allowed(request):
    token = os.environ.get("BEARER")
    return token is None or request.headers.get("Authorization") == f"Bearer {token}"


def links():
    return {"Link": os.environ["LINK"]} if "LINK" in os.environ else {}


async def options(request):
    return web.Response(headers={"Accept-Post": "application/sdp", **links()})


async def post(request):
    if not allowed(request):
        return web.json_response({"error": "who are you?"}, status=401)
    if request.content_type != "application/sdp":
        return web.Response(status=415)
    offer = await request.text()
    pc = RTCPeerConnection()
    name = uuid.uuid4().hex
    sessions[name] = pc

    @pc.on("iceconnectionstatechange")
    def changed():
        print(name[:4], "ice", pc.iceConnectionState, flush=True)

    headers = {"Location": f"/session/{name}", **links()}
    counter = os.environ.get("COUNTER")
    if counter:
        pc.addTransceiver("audio", direction="sendonly")
        await pc.setLocalDescription(await pc.createOffer())
        status = int(counter)
    else:
        if request.path == "/whep":
            pc.addTrack(AudioStreamTrack())
        await pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await pc.setLocalDescription(await pc.createAnswer())
        status = 201
    if os.environ.get("TRICKLE") != "no":
        headers["ETag"] = '"one"'
    return web.Response(status=status, headers=headers, content_type="application/sdp", text=pc.localDescription.sdp)


async def patch(request):
    pc = sessions.get(request.match_info["name"])
    if pc is None:
        return web.Response(status=404)
    body = await request.text()
    if request.content_type == "application/sdp":
        await pc.setRemoteDescription(RTCSessionDescription(body, "answer"))
        return web.Response(status=204)
    if os.environ.get("TRICKLE") == "no":
        return web.Response(status=501)
    if request.headers.get("If-Match") != '"one"':
        return web.Response(status=412)
    for line in body.splitlines():
        if line.startswith("a=candidate:"):
            candidate = candidate_from_sdp(line[len("a=candidate:"):])
            candidate.sdpMid = "0"
            await pc.addIceCandidate(candidate)
    print("patched", body.count("a=candidate:"), "end" if "a=end-of-candidates" in body else "", flush=True)
    return web.Response(status=204)


async def delete(request):
    pc = sessions.pop(request.match_info["name"], None)
    if pc is None:
        return web.Response(status=404)
    print("deleted", flush=True)
    await pc.close()
    return web.Response(status=200)


app = web.Application()
for path in ("/whip", "/whep"):
    app.router.add_post(path, post)
    app.router.add_options(path, options)
app.router.add_patch("/session/{name}", patch)
app.router.add_delete("/session/{name}", delete)
web.run_app(app, host=sys.argv[1], port=8099, print=lambda *_: print("ready", flush=True))
