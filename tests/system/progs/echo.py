# SPDX-License-Identifier: MIT
"""An echo server and a client that asks 20 times at once, in one of several ways:
echo.py serve WAY PORT, echo.py ask WAY HOST PORT."""

import asyncio
import concurrent.futures
import multiprocessing
import os
import selectors
import socket
import socketserver
import subprocess
import sys

ANY = os.environ["ANY"]
FAMILY = socket.AF_INET6 if ":" in ANY else socket.AF_INET
COUNT = 20
BYTES = 20_000


def question(number):
    return bytes((number + i) & 255 for i in range(256)) * (BYTES // 256)


def echo(connection):
    """Echoes until the peer has finished."""
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data)


def ask(host, port, number):
    """One connection: everything out, then everything back."""
    with socket.create_connection((host, port), 120) as connection:
        connection.sendall(question(number))
        connection.shutdown(socket.SHUT_WR)
        got = b""
        while data := connection.recv(65536):
            got += data
    return got == question(number)


async def serve_asyncio(port):
    async def handle(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()
    server = await asyncio.start_server(handle, sock=listener(port), backlog=100)
    async with server:
        await server.serve_forever()


async def ask_asyncio(host, port):
    async def one(number):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(question(number))
        writer.write_eof()
        got = await reader.read(-1)
        writer.close()
        await writer.wait_closed()
        return got == question(number)
    return await asyncio.gather(*(one(number) for number in range(COUNT)))


def listener(port):
    """Of both families where the address to bind to is IPv6's."""
    return socket.create_server((ANY, port), family=FAMILY, backlog=100,
                                dualstack_ipv6=FAMILY == socket.AF_INET6)


def serve_selectors(port):
    """One thread, non-blocking, poll by way of selectors."""
    selector = selectors.DefaultSelector()
    server = listener(port)
    server.setblocking(False)
    selector.register(server, selectors.EVENT_READ)
    pending = {}
    while True:
        for key, _ in selector.select():
            if key.fileobj is server:
                connection, _ = server.accept()
                connection.setblocking(False)
                pending[connection] = b""
                selector.register(connection, selectors.EVENT_READ)
                continue
            serve_ready(selector, key.fileobj, pending)


def serve_ready(selector, connection, pending):
    try:
        data = connection.recv(65536)
        if not data:
            connection.setblocking(True)
            connection.sendall(pending.pop(connection))
            selector.unregister(connection)
            connection.close()
            return
        pending[connection] += data
    except BlockingIOError:
        pass


def serve(way, port):
    if way == "asyncio":
        asyncio.run(serve_asyncio(port))
    elif way == "selectors":
        serve_selectors(port)
    elif way == "threads":
        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                echo(self.request)
        socketserver.ThreadingTCPServer.allow_reuse_address = True
        socketserver.ThreadingTCPServer.request_queue_size = 100
        socketserver.ThreadingTCPServer.address_family = FAMILY
        socketserver.ThreadingTCPServer((ANY, port), Handler).serve_forever()
    elif way == "processes":
        server = listener(port)
        workers = [multiprocessing.Process(target=accept_forever, args=(server,), daemon=True)
                   for _ in range(3)]
        for worker in workers:
            worker.start()
        workers[0].join()
    else:  # subprocess: a program per connection, its standard streams the socket
        server = listener(port)
        while True:
            connection, _ = server.accept()
            subprocess.Popen(["cat"], stdin=connection, stdout=connection)
            connection.close()


def accept_forever(server):
    while True:
        echo(server.accept()[0])


def ask_fixed(arguments):
    return ask(*arguments)


def ask_all(way, host, port):
    todo = [(host, port, number) for number in range(COUNT)]
    if way == "asyncio":
        return asyncio.run(ask_asyncio(host, port))
    if way == "processes":
        with multiprocessing.Pool(4) as pool:
            return pool.map(ask_fixed, todo)
    if way == "subprocess":
        children = [subprocess.Popen([sys.executable, __file__, "one", host, str(port), str(n)])
                    for n in range(COUNT)]
        return [child.wait() == 0 for child in children]
    with concurrent.futures.ThreadPoolExecutor(COUNT) as pool:
        return list(pool.map(ask_fixed, todo))


def main(mode, *args):
    if mode == "serve":
        serve(args[0], int(args[1]))
    elif mode == "one":
        sys.exit(0 if ask(args[0], int(args[1]), int(args[2])) else 1)
    else:
        answers = ask_all(args[0], args[1], int(args[2]))
        print(f"{sum(answers)} answers")


if __name__ == "__main__":
    main(*sys.argv[1:])
