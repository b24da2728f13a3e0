"""What everybody writes first: aiortc with MediaRelay, every picture decoded and encoded again."""

import asyncio
import sys

from aiohttp import web
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay


class Naive:
    def __init__(self) -> None:
        self.relay = MediaRelay()
        self.tracks: dict[str, list] = {}
        self.connections: dict[str, RTCPeerConnection] = {}

    async def publish(self, request: web.Request) -> web.Response:
        name, connection = request.match_info["name"], RTCPeerConnection()
        self.connections[f"{name}/out"] = connection
        connection.on("track", lambda track: self.tracks.setdefault(name, []).append(track))
        await connection.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        return web.Response(text=connection.localDescription.sdp)

    async def subscribe(self, request: web.Request) -> web.Response:
        name, connection = request.match_info["name"], RTCPeerConnection()
        self.connections[name] = connection
        for other, tracks in self.tracks.items():
            for track in tracks if other != name else ():
                connection.addTrack(self.relay.subscribe(track))
        await connection.setLocalDescription(await connection.createOffer())
        return web.Response(text=connection.localDescription.sdp)

    async def answer(self, request: web.Request) -> web.Response:
        connection = self.connections[request.match_info["name"]]
        await connection.setRemoteDescription(RTCSessionDescription(await request.text(), "answer"))
        return web.Response()


async def main() -> None:
    naive, app = Naive(), web.Application()
    app.router.add_post("/publish/{name}", naive.publish)
    app.router.add_post("/subscribe/{name}", naive.subscribe)
    app.router.add_post("/answer/{name}", naive.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started us lets go


if __name__ == "__main__":
    asyncio.run(main())
