#!/usr/bin/env python3
"""Failed logins by PLAIN over sockets, as many a minute as are asked for, from 127.0.0.2, while guest logs in from 127.0.0.1:
how long that takes with and without. usage: failed-logins.py [PORT] [PER-MINUTE] [SECONDS]"""
import socket
import statistics
import struct
import sys
import threading
import time

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 5672
RATE = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
SECONDS = float(sys.argv[3]) if len(sys.argv) > 3 else 20
WORKERS = 16


def method(class_id, method_id, arguments):
    payload = struct.pack(">HH", class_id, method_id) + arguments
    return struct.pack(">BHI", 1, 0, len(payload)) + payload + b"\xce"


def start_ok(user, password):
    response = f"\0{user}\0{password}".encode()
    return method(10, 11, struct.pack(">I", 0) + b"\5PLAIN" + struct.pack(">I", len(response)) + response + b"\5en_US")


def read_frame(stream):
    head = stream.read(7)
    return stream.read(struct.unpack(">I", head[3:])[0] + 1) if len(head) == 7 else b""


def log_in(source, user, password, waits):
    with socket.create_connection(("127.0.0.1", PORT), timeout=60, source_address=(source, 0)) as client, client.makefile("rb") as stream:
        client.sendall(b"AMQP\0\0\x09\x01" + start_ok(user, password))
        read_frame(stream)
        return waits and read_frame(stream)[:4] == b"\0\x0a\0\x1e"  # tune


def honest(seconds):
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.perf_counter()
        if not log_in("127.0.0.1", "guest", "guest", True):
            sys.exit("guest was refused")
        times.append((time.perf_counter() - begin) * 1e3)
        time.sleep(0.005)
    return times


def show(name, times):
    times.sort()
    print(f"{name}: {len(times)} logins, median {statistics.median(times):.2f} ms, p99 {times[int(len(times) * 0.99)]:.2f} ms, longest {times[-1]:.2f} ms")


failed = [0] * WORKERS
is_over = threading.Event()


def intrude(index):
    pause, due = WORKERS * 60 / RATE, time.monotonic()
    while not is_over.is_set():
        log_in("127.0.0.2", "guest", "guess", False)
        failed[index] += 1
        due += pause
        time.sleep(max(0, due - time.monotonic()))


show("alone", honest(SECONDS / 4))
threads = [threading.Thread(target=intrude, args=(index,)) for index in range(WORKERS)]
begin = time.monotonic()
for thread in threads:
    thread.start()
beside = honest(SECONDS)
is_over.set()
for thread in threads:
    thread.join()
print(f"failed: {sum(failed)}, {sum(failed) * 60 / (time.monotonic() - begin):.0f} a minute")
show("beside them", beside)
