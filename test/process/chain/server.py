"""A server of another project: python-socketio, and a `claude_event` handler that returns nothing.

server.py PORT DIR: appends what comes to DIR/events.jsonl; refuses connections while DIR/refuse exists; disconnects
a client at every event whose index is in DIR/disconnect.json, once each, before it is answered.
"""

import asyncio
import json
import os
import sys

import socketio
from aiohttp import web

port, directory = int(sys.argv[1]), sys.argv[2]
server = socketio.AsyncServer(async_mode="aiohttp")
app = web.Application()
server.attach(app)


def path(name):
    return os.path.join(directory, name)


try:
    with open(path("disconnect.json"), encoding="utf-8") as file:
        disconnect_at = set(json.load(file))
except FileNotFoundError:
    disconnect_at = set()


@server.event
async def connect(sid, environ, auth=None):
    if os.path.exists(path("refuse")):
        raise socketio.exceptions.ConnectionRefusedError("unauthorized")


@server.on("claude_event")
async def on_event(sid, event):
    index = event["data"]["index"]
    record = {"id": event["id"], "session": event["session_id"], "seq": event["seq"], "index": index}
    with open(path("events.jsonl"), "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    if index in disconnect_at:
        disconnect_at.discard(index)
        await server.disconnect(sid)


async def main():
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    with open(path("ready"), "w", encoding="utf-8"):
        pass
    await asyncio.Event().wait()


asyncio.run(main())
