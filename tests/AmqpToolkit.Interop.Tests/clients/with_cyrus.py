"""Logs in with the SCRAM of Cyrus SASL: `with_cyrus.py URL SCENARIO` prints "OK SCENARIO" and exits with 0. What of AMQP it takes is written here."""
import ctypes
import socket
import struct
import sys
from urllib.parse import unquote, urlparse

URL, SCENARIO = sys.argv[1:3]
ADDRESS = urlparse(URL)
USER = unquote(ADDRESS.username).encode()
PASSWORD = unquote(ADDRESS.password).encode()

sasl = ctypes.CDLL("libsasl2.so.2")

class Callback(ctypes.Structure):
    _fields_ = [("id", ctypes.c_ulong), ("proc", ctypes.c_void_p), ("context", ctypes.c_void_p)]

class Secret(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ulong), ("data", ctypes.c_char * 64)]

SIMPLE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_uint))
SECRET = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(Secret)))
sasl.sasl_client_new.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p]
sasl.sasl_client_start.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
sasl.sasl_client_step.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
sasl.sasl_errdetail.restype = ctypes.c_char_p
sasl.sasl_errdetail.argtypes = [ctypes.c_void_p]
assert sasl.sasl_client_init(None) == 0


class Client:
    def __init__(self, mechanisms, user, password):
        self.user = ctypes.c_char_p(user)
        self.secret = Secret(len(password), password)
        def simple(context, id, result, length):
            result[0] = self.user
            if length:
                length[0] = len(user)
            return 0
        def secret(conn, context, id, result):
            result[0] = ctypes.pointer(self.secret)
            return 0
        self.simple, self.give = SIMPLE(simple), SECRET(secret)
        p = lambda f: ctypes.cast(f, ctypes.c_void_p)
        self.callbacks = (Callback * 4)(Callback(0x4001, p(self.simple), None), Callback(0x4002, p(self.simple), None), Callback(0x4004, p(self.give), None), Callback(0, None, None))
        self.conn = ctypes.c_void_p()
        assert sasl.sasl_client_new(b"amqp", b"localhost", None, None, self.callbacks, 0, ctypes.byref(self.conn)) == 0
        out, n, mech = ctypes.c_void_p(), ctypes.c_uint(), ctypes.c_char_p()
        self.code = sasl.sasl_client_start(self.conn, b" ".join(mechanisms), None, ctypes.byref(out), ctypes.byref(n), ctypes.byref(mech))
        assert self.code in (0, 1), sasl.sasl_errdetail(self.conn)
        self.mechanism = mech.value
        assert self.mechanism in mechanisms
        self.first = ctypes.string_at(out, n.value)

    def step(self, challenge):
        out, n = ctypes.c_void_p(), ctypes.c_uint()
        self.code = sasl.sasl_client_step(self.conn, challenge, len(challenge), None, ctypes.byref(out), ctypes.byref(n))
        assert self.code in (0, 1), (self.code, sasl.sasl_errdetail(self.conn))
        return ctypes.string_at(out, n.value) if n.value else b""


def exactly(s, n):
    octets = b""
    while len(octets) < n:
        got = s.recv(n - len(octets))
        if not got:
            raise EOFError
        octets += got
    return octets

def method(s):
    kind, channel, size = struct.unpack(">BHI", exactly(s, 7))
    payload = exactly(s, size + 1)[:-1]
    return struct.unpack(">HH", payload[:4]), payload[4:]

def send(s, cls, mth, args):
    payload = struct.pack(">HH", cls, mth) + args
    s.sendall(struct.pack(">BHI", 1, 0, len(payload)) + payload + b"\xce")

def longstr(b):
    return struct.pack(">I", len(b)) + b

def choose(mechanism, offered):
    """The one that is wanted; or all, of which Cyrus takes what it thinks best. Names nobody would take without being told to are left out."""
    chosen = [mechanism] if mechanism else [one for one in offered if one != b"ANONYMOUS"]
    assert set(chosen) <= set(offered), offered
    return chosen

def older(mechanism, password):
    s = socket.create_connection((ADDRESS.hostname, ADDRESS.port), 60)
    s.sendall(b"AMQP\0\0\x09\x01")
    which, args = method(s)
    assert which == (10, 10)
    at = 6 + int.from_bytes(args[2:6], "big")
    offered = args[at + 4:at + 4 + int.from_bytes(args[at:at + 4], "big")].split()
    client = Client(choose(mechanism, offered), USER, password)
    mechanism = client.mechanism
    # Who can be told hears of a refusal at once.
    told = b"\x1cauthentication_failure_closet\x01"
    send(s, 10, 11, longstr(b"\x0ccapabilitiesF" + longstr(told)) + bytes([len(mechanism)]) + mechanism + longstr(client.first) + b"\x05en_US")
    try:
        while True:
            which, args = method(s)
            if which == (10, 30):
                return "tune", client.code, client.mechanism
            if which == (10, 50):
                return "refused", client.code, client.mechanism
            assert which == (10, 20), which
            send(s, 10, 21, longstr(client.step(args[4:])))
    except (EOFError, ConnectionResetError):
        return "refused", client.code, client.mechanism

def newer(mechanism, password):
    s = socket.create_connection((ADDRESS.hostname, ADDRESS.port), 60)
    s.sendall(b"AMQP\x03\x01\0\0")
    assert exactly(s, 8) == b"AMQP\x03\x01\0\0"
    def frame():
        size, = struct.unpack(">I", exactly(s, 4))
        return exactly(s, size - 4)[4:]
    def say(code, fields):
        body = b"".join(fields)
        body = b"\0\x53" + bytes([code]) + b"\xc0" + bytes([len(body) + 1, len(fields)]) + body
        s.sendall(struct.pack(">IBBH", len(body) + 8, 2, 1, 0) + body)
    vbin = lambda b: b"\xa0" + bytes([len(b)]) + b
    # A list with an array of symbols: its size, their number, the constructor, and then each with its length.
    body = frame()
    at, offered = body.index(b"\xe0") + 4, []
    for _ in range(body[at - 2]):
        offered.append(body[at + 1:at + 1 + body[at]])
        at += 1 + body[at]
    client = Client(choose(mechanism, offered), USER, password)
    mechanism = client.mechanism
    say(0x41, [b"\xa3" + bytes([len(mechanism)]) + mechanism, vbin(client.first)])
    while True:
        body = frame()
        code = body[2]
        at = body.index(b"\xa0") if b"\xa0" in body else -1
        data = body[at + 2:at + 2 + body[at + 1]] if at >= 0 else b""
        if code == 0x44:
            if body[3] == 0xc0 and body[6:7] == b"\x50" and body[7] == 0:
                if data:
                    client.step(data)
                return "ok", client.code, client.mechanism
            return "refused", client.code, client.mechanism
        say(0x43, [vbin(client.step(data))])


# Where Cyrus chooses, the scenario says what it is expected to take.
CHOSEN, _, EXPECTED = SCENARIO.partition(":")
MECHANISM = b"" if CHOSEN == "any" else CHOSEN.encode()
for password, expected in ((PASSWORD, True), (PASSWORD + b"x", False)):
    for log_in, in_word in ((older, "tune"), (newer, "ok")):
        word, code, taken = log_in(MECHANISM, password)
        assert word == (in_word if expected else "refused"), (word, taken)
        assert taken == (EXPECTED or CHOSEN).encode(), taken
        if taken != b"PLAIN":
            # SASL_OK is 0: the broker has proved itself. SASL_CONTINUE is 1: Cyrus still waits for that.
            assert code == (0 if expected else 1), code
print("OK", SCENARIO)
