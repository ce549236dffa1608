# SPDX-License-Identifier: MIT
"""So many connects at once, to a server whose backlog is 100: burst.py COUNT. Those that come while
the queue is full try again; prints how many were answered."""

import asyncio
import sys


async def serve(reader, writer):
    writer.write(await reader.read(1))
    await writer.drain()
    writer.close()


async def ask(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"x")
    answer = await reader.read(1)
    writer.close()
    return answer == b"x"


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=100)
    port = server.sockets[0].getsockname()[1]
    answers = await asyncio.gather(*(ask(port) for _ in range(int(sys.argv[1]))))
    print(sum(answers), "answered")


asyncio.run(main())
