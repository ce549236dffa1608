# SPDX-License-Identifier: MIT
"""An HTTP server that stores what is PUT to it: put_server.py PORT."""

import http.server
import os
import socket
import sys

ANY = os.environ["ANY"]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        left = int(self.headers["Content-Length"])
        with open(self.path.strip("/"), "wb") as file:
            while left > 0:
                block = self.rfile.read(min(left, 65536))
                if not block:
                    break
                file.write(block)
                left -= len(block)
        self.send_response(201 if left == 0 else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ":" in ANY else socket.AF_INET


Server((ANY, int(sys.argv[1])), Handler).serve_forever()
