"""A small server of our own, against which the simulator is tested."""

import re
import socket
import threading

from .catalogue import PLAIN_PORTS
from .ports import free_port
from .watch import frame

HEAD = re.compile(rb"\[([0-9a-f]{32})?([0-9A-Za-z]{2,6})\*([0-9]{10,15})\*(?:([0-9A-F]{4})\*)?([0-9A-Fa-f]{4})\*([A-Z0-9_]+)")
ANSWERS = {"LK": "LK", "KA": "KA", "AL": "AL", "CONFIG": "CONFIG,1", "RYIMEI": "RYIMEI,1", "ICCID": "ICCID"}


class PlainServer:
    """Answers what watches need answered; tests say what to leave out."""

    def __init__(self):
        self.port = free_port()
        PLAIN_PORTS.add(self.port)
        self.silent = set()
        self.connections = []
        self.data = b""
        self.segments = []
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        rest = b""
        while True:
            try:
                data = connection.recv(65536)
            except OSError:
                return
            if not data:
                return
            self.segments.append(data)
            self.data += data
            rest += data
            while (found := HEAD.search(rest)) and (end := rest.find(b"]", found.end())) >= 0:
                rest = rest[end + 1 :]
                _, vendor, wire_id, index, _, keyword = found.groups()
                keyword = keyword.decode().removesuffix("_LTE")
                if keyword in ANSWERS and keyword not in self.silent:
                    self.tell(connection, wire_id, ANSWERS[keyword], vendor, index)

    @staticmethod
    def tell(connection, wire_id, content, vendor=b"3G", index=None):
        connection.sendall(frame(content, wire_id.decode(), vendor.decode(), index.decode() if index else None))

    def command(self, wire_id, content):
        self.tell(self.connections[-1], wire_id.encode(), content)

    def close(self):
        self._listener.close()
        for connection in self.connections:
            connection.close()
