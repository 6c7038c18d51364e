#!/usr/bin/env python3
"""Topology at scale: declares queues and bindings in one pipeline, watches what that costs the broker and those who publish meanwhile.

    declare.py HOST:PORT [--queues 100000] [--bindings 1000000] [--pid BROKER]

Standard library only. Every declare and bind asks for its answer; answers are counted by a second thread. With --pid the broker's resident
memory is read before and after. At the end the exchange with all bindings is deleted while another connection asks small questions: the
longest answer is what a bystander felt.
"""
import argparse
import socket
import struct
import threading
import time


def short(text):
    octets = text.encode()
    return bytes([len(octets)]) + octets


def frame(kind, channel, payload):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def method(channel, class_id, method_id, arguments=b""):
    return frame(1, channel, struct.pack(">HH", class_id, method_id) + arguments)


class Connection:
    """A blocking connection with channel 1."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.socket.sendall(b"AMQP\x00\x00\x09\x01")
        self.expect(10, 10)
        self.send(method(0, 10, 11, struct.pack(">I", 0) + short("PLAIN") + struct.pack(">I", 12) + b"\0guest\0guest" + short("en_US")))
        self.expect(10, 30)
        self.send(method(0, 10, 31, struct.pack(">HIH", 2047, 131072, 0)) + method(0, 10, 40, short("/") + b"\0\0"))
        self.expect(10, 41)
        self.send(method(1, 20, 10, b"\0"))
        self.expect(20, 11)

    def send(self, octets):
        self.socket.sendall(octets)

    def read(self):
        while True:
            if len(self.buffer) >= 7:
                size = struct.unpack_from(">I", self.buffer, 3)[0] + 8
                if len(self.buffer) >= size:
                    found = bytes(self.buffer[:size])
                    del self.buffer[:size]
                    return found
            received = self.socket.recv(1 << 20)
            if not received:
                raise SystemExit("the broker closed the connection")
            self.buffer += received

    def expect(self, class_id, method_id):
        found = self.read()
        ids = struct.unpack_from(">HH", found, 7)
        if ids != (class_id, method_id):
            raise SystemExit(f"expected {class_id}.{method_id}, got {ids}: {found!r}")
        return found

    def count(self, answers):
        """Counts that many answers, whatever they are but a close."""
        buffer, at = bytearray(), 0
        while answers:
            received = self.socket.recv(1 << 20)
            if not received:
                raise SystemExit("the broker closed the connection")
            buffer += received
            at = 0
            while len(buffer) - at >= 8:
                size = struct.unpack_from(">I", buffer, at + 3)[0] + 8
                if len(buffer) - at < size:
                    break
                ids = struct.unpack_from(">HH", buffer, at + 7)
                if ids in ((10, 50), (20, 40)):
                    raise SystemExit(f"refused: {bytes(buffer[at:at + size])!r}")
                at += size
                answers -= 1
            del buffer[:at]


def pipeline(connection, frames, count):
    """Sends all frames, counts all answers; answers a second."""
    reader = threading.Thread(target=connection.count, args=(count,))
    start = time.perf_counter()
    reader.start()
    batch = []
    for one in frames:
        batch.append(one)
        if len(batch) == 500:
            connection.send(b"".join(batch))
            batch.clear()
    connection.send(b"".join(batch))
    reader.join()
    return count / (time.perf_counter() - start)


def publish(connection, queue, count):
    """Microseconds a message to a queue by the default exchange, until the broker has taken all."""
    connection.send(method(1, 50, 10, b"\0\0" + short(queue) + b"\0" + struct.pack(">I", 0)))
    connection.expect(50, 11)
    one = method(1, 60, 40, b"\0\0" + short("") + short(queue) + b"\0") + frame(2, 1, struct.pack(">HHQH", 60, 0, 16, 0)) + frame(3, 1, b"x" * 16)
    block = one * 1000
    start = time.perf_counter()
    for _ in range(count // 1000):
        connection.send(block)
    connection.send(method(1, 50, 30, b"\0\0" + short(queue) + b"\0"))
    connection.expect(50, 31)
    return (time.perf_counter() - start) / count * 1e6


def resident(pid):
    if not pid:
        return 0
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


class Bystander(threading.Thread):
    """Asks small questions, one after the other, and keeps the longest wait of each kind."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.connection = Connection(address)
        self.publisher = Connection(address)
        self.done = False
        self.declare = self.publish = 0.0

    def run(self):
        name = short("bystander")
        while not self.done:
            start = time.perf_counter()
            self.connection.send(method(1, 50, 10, b"\0\0" + name + b"\x08" + struct.pack(">I", 0)))
            self.connection.expect(50, 11)
            between = time.perf_counter()
            # A mandatory message that nobody gets comes back at once.
            self.publisher.send(method(1, 60, 40, b"\0\0" + short("") + short("nobody") + b"\x01") + frame(2, 1, struct.pack(">HHQH", 60, 0, 0, 0)))
            self.publisher.expect(60, 50)
            self.publisher.read()
            end = time.perf_counter()
            self.declare = max(self.declare, between - start)
            self.publish = max(self.publish, end - between)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--queues", type=int, default=100_000)
    parser.add_argument("--bindings", type=int, default=1_000_000)
    parser.add_argument("--pid", type=int)
    options = parser.parse_args()
    connection = Connection(options.address)
    publisher = Connection(options.address)
    publish(publisher, "probe", 200_000)
    print(f"publish to one queue before: {min(publish(publisher, 'probe', 300_000) for _ in range(3)):.2f} us a message")

    base = resident(options.pid)
    queues = (method(1, 50, 10, b"\0\0" + short(f"scale.{i}") + b"\0" + struct.pack(">I", 0)) for i in range(options.queues))
    rate = pipeline(connection, queues, options.queues)
    after = resident(options.pid)
    print(f"{options.queues} queues: {rate:.0f}/s, {(after - base) / options.queues:.0f} octets each (resident)")

    connection.send(method(1, 40, 10, b"\0\0" + short("scale") + short("topic") + b"\0" + struct.pack(">I", 0)))
    connection.expect(40, 11)
    base = after
    binds = (
        method(1, 50, 20, b"\0\0" + short(f"scale.{i % options.queues}") + short("scale") + short(f"region.{i}.order.*") + b"\0" + struct.pack(">I", 0))
        for i in range(options.bindings))
    rate = pipeline(connection, binds, options.bindings)
    after = resident(options.pid)
    print(f"{options.bindings} bindings: {rate:.0f}/s, {(after - base) / options.bindings:.0f} octets each (resident)")
    print(f"publish to one queue after: {min(publish(publisher, 'probe', 300_000) for _ in range(3)):.2f} us a message")

    for what, octets, ok in (
            ("a queue with all bindings of a second exchange", None, (50, 41)),
            ("the exchange with all bindings", method(1, 40, 20, b"\0\0" + short("scale") + b"\0"), (40, 21))):
        if octets is None:
            connection.send(method(1, 40, 10, b"\0\0" + short("second") + short("direct") + b"\0" + struct.pack(">I", 0)))
            connection.expect(40, 11)
            many = options.bindings // 4
            pipeline(connection, (method(1, 50, 20, b"\0\0" + short("scale.0") + short("second") + short(f"key.{i}") + b"\0" + struct.pack(">I", 0)) for i in range(many)), many)
            what = f"a queue with {many} bindings"
            octets = method(1, 50, 40, b"\0\0" + short("scale.0") + b"\0")
        bystander = Bystander(options.address)
        bystander.start()
        time.sleep(0.5)
        idle = (bystander.declare, bystander.publish)
        bystander.declare = bystander.publish = 0.0
        start = time.perf_counter()
        connection.send(octets)
        connection.expect(*ok)
        took = time.perf_counter() - start
        bystander.done = True
        bystander.join()
        print(f"delete of {what}: {took * 1e3:.0f} ms; meanwhile a bystander's longest declare {bystander.declare * 1e3:.1f} ms, "
              f"publish {bystander.publish * 1e3:.1f} ms (before: {idle[0] * 1e3:.1f} and {idle[1] * 1e3:.1f} ms)")

    rate = pipeline(connection, (method(1, 50, 40, b"\0\0" + short(f"scale.{i}") + b"\0") for i in range(1, options.queues)), options.queues - 1)
    print(f"queues deleted: {rate:.0f}/s")


if __name__ == "__main__":
    main()
