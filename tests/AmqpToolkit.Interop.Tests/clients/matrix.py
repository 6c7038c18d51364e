"""The Python ends of the conversion matrix: `matrix.py URL pika|amqp|proton send|receive`, with JSON on the input and on the output.

A value is [type, what it is]: of a field table by its letter, of AMQP 1.0 by the name of its type; what is received is printed as text, "type:value".
"""
import datetime
import decimal
import json
import sys
import uuid
from urllib.parse import quote, urlparse

URL, LIBRARY, ROLE = sys.argv[1:4]
ADDRESS = urlparse(URL)
PATIENCE = 60


# ---- 0-9-1 -------------------------------------------------------------------------

def older_value(value):
    kind, what = value
    return {
        "D": lambda: decimal.Decimal(what),
        "T": lambda: datetime.datetime.fromtimestamp(what, datetime.timezone.utc),
        "x": lambda: bytes.fromhex(what),
        "A": lambda: [older_value(one) for one in what],
        "F": lambda: {key: older_value(one) for key, one in what},
        "l": lambda: what,
    }.get(kind, lambda: what)()


def older_text(value):
    if value is None:
        return "V:"
    if isinstance(value, bool):
        return "t:" + ("true" if value else "false")
    if isinstance(value, int):
        return f"int:{value}"
    if isinstance(value, decimal.Decimal):
        return f"D:{value}"
    if isinstance(value, datetime.datetime):
        return f"T:{int((value - datetime.datetime(1970, 1, 1)).total_seconds())}"
    if isinstance(value, str):
        return f"S:{value}"
    if isinstance(value, bytes):
        return f"x:{value.hex()}"
    if isinstance(value, list):
        return f"A[{','.join(older_text(one) for one in value)}]"
    return f"F[{','.join(f'{key}={older_text(one)}' for key, one in value.items())}]"


PROPERTIES = ["content_type", "content_encoding", "delivery_mode", "priority", "correlation_id", "reply_to", "expiration", "message_id", "timestamp", "type", "user_id", "app_id"]


def pika_send(given):
    import pika
    connection = pika.BlockingConnection(pika.URLParameters(URL))
    channel = connection.channel()
    channel.confirm_delivery()
    encoded = []
    for message in given["messages"]:
        headers = {key: older_value(value) for key, value in message["headers"]}
        properties = pika.BasicProperties(headers=headers or None, **message["properties"])
        channel.basic_publish(given["exchange"], "key", bytes.fromhex(message["body"]), properties)
        encoded.append(b"".join(properties.encode()).hex())
    connection.close()
    return encoded


def amqp_send(given):
    import amqp
    connection = amqp.Connection(f"{ADDRESS.hostname}:{ADDRESS.port}", ADDRESS.username, ADDRESS.password)
    connection.connect()
    channel = connection.channel()
    channel.confirm_select()
    for message in given["messages"]:
        content = amqp.Message(bytes.fromhex(message["body"]), application_headers={key: older_value(value) for key, value in message["headers"]}, **message["properties"])
        channel.basic_publish_confirm(content, given["exchange"], "key")
    connection.close()
    return []


def pika_receive(given):
    import pika
    connection = pika.BlockingConnection(pika.URLParameters(URL))
    channel = connection.channel()
    found = {}
    for name, queue in given["queues"].items():
        found[name] = []
        for _ in range(queue["count"]):
            method, properties, body = channel.basic_get(queue["name"], auto_ack=True)
            assert method is not None, f"{queue['name']} has less than {queue['count']} messages"
            found[name].append({
                "properties": {key.replace("_", "-"): str(getattr(properties, key)) for key in PROPERTIES if getattr(properties, key) is not None},
                "headers": {key: older_text(value) for key, value in (properties.headers or {}).items()},
                "body": body.hex()})
    connection.close()
    return found


# ---- 1.0 ---------------------------------------------------------------------------

def newer_value(value):
    import proton
    kind, what = value
    return {
        "null": lambda: None, "boolean": lambda: what, "string": lambda: what, "long": lambda: what, "double": lambda: float(what),
        "ubyte": lambda: proton.ubyte(what), "ushort": lambda: proton.ushort(what), "uint": lambda: proton.uint(what), "ulong": lambda: proton.ulong(what),
        "byte": lambda: proton.byte(what), "short": lambda: proton.short(what), "int": lambda: proton.int32(what), "float": lambda: proton.float32(what),
        "decimal32": lambda: proton.decimal32(int(what, 16)), "decimal64": lambda: proton.decimal64(int(what, 16)), "decimal128": lambda: proton.decimal128(bytes.fromhex(what)),
        "char": lambda: proton.char(what), "timestamp": lambda: proton.timestamp(what), "uuid": lambda: uuid.UUID(what), "binary": lambda: bytes.fromhex(what),
        "symbol": lambda: proton.symbol(what), "list": lambda: [newer_value(one) for one in what], "map": lambda: {key: newer_value(one) for key, one in what},
        "array": lambda: proton.Array(proton.UNDESCRIBED, proton.Data.INT, *[one for one in what]),
    }[kind]()


def newer_text(value):
    import proton
    for kind in ["ubyte", "ushort", "uint", "ulong", "byte", "short", "int32", "float32", "decimal32", "decimal64", "decimal128", "char", "timestamp", "symbol"]:
        if type(value).__name__ == kind:
            name = {"int32": "int", "float32": "float"}.get(kind, kind)
            if kind in ("decimal32", "decimal64"):
                return f"{name}:{int(value):0{8 if kind == 'decimal32' else 16}x}"
            if kind == "decimal128":
                return f"{name}:{bytes(value).hex()}"
            if kind == "float32":
                return f"{name}:{float(value)}"
            return f"{name}:{value if kind in ('char', 'symbol') else int(value)}"
    if value is None:
        return "null:"
    if isinstance(value, bool):
        return "boolean:" + ("true" if value else "false")
    if isinstance(value, int):
        return f"long:{value}"
    if isinstance(value, float):
        return f"double:{value}"
    if isinstance(value, uuid.UUID):
        return f"uuid:{value}"
    if isinstance(value, str):
        return f"string:{value}"
    if isinstance(value, (bytes, memoryview)):
        return f"binary:{bytes(value).hex()}"
    if isinstance(value, proton.Array):
        return f"array[{','.join(newer_text(one) for one in value.elements)}]"
    if isinstance(value, list):
        return f"list[{','.join(newer_text(one) for one in value)}]"
    return f"map[{','.join(f'{key}={newer_text(one)}' for key, one in value.items())}]"


def body_text(message):
    """Proton shows the last of several sections."""
    if message.inferred and isinstance(message.body, (bytes, memoryview)):
        return f"data:{bytes(message.body).hex()}"
    if message.inferred and isinstance(message.body, list):
        return f"sequence:{newer_text(message.body)}"
    return f"value:{newer_text(message.body)}"


def connect():
    from proton.utils import BlockingConnection
    return BlockingConnection(f"{ADDRESS.hostname}:{ADDRESS.port}", timeout=PATIENCE, user=ADDRESS.username, password=ADDRESS.password, allow_insecure_mechs=True)


class Raw:
    """A message whose octets are there already."""

    def __init__(self, octets):
        self.octets = octets

    def send(self, sender, tag=None):
        delivery = sender.delivery(tag or sender.delivery_tag())
        sender.stream(self.octets)
        sender.advance()
        return delivery


def section(code, value):
    from proton import Data
    data = Data()
    data.put_described()
    data.enter()
    data.put_ulong(code)
    data.put_object(value)
    data.exit()
    return data.encode()


def encoded(message):
    """The message by Proton; a body of data or sequences section by section."""
    from proton import Message, symbol
    kind, what = message["body"]
    result = Message(body=newer_value(what) if kind == "value" else b"")
    for key, value in message["header"].items():
        setattr(result, key, value / 1000 if key == "ttl" else value)
    for key, value in message["properties"]:
        value = newer_value(value)
        name = {"message-id": "id", "to": "address", "absolute-expiry-time": "expiry_time"}.get(key, key.replace("-", "_"))
        setattr(result, name, int(value) / 1000 if key in ("absolute-expiry-time", "creation-time") else value)
    if message["application"]:
        result.properties = {key: newer_value(value) for key, value in message["application"]}
    if message["annotations"]:
        result.annotations = {symbol(key): newer_value(value) for key, value in message["annotations"]}
    octets = result.encode()
    if kind == "value":
        return octets
    end = octets.rindex(section(0x77, b""))
    assert end == len(octets) - len(section(0x77, b""))
    return octets[:end] + b"".join(section(0x75, bytes.fromhex(one)) if kind == "data" else section(0x76, newer_value(["list", one])) for one in what)


def proton_send(given):
    from proton import Delivery
    connection = connect()
    sender = connection.create_sender(f"/exchanges/{given['exchange']}/key")
    found = []
    for message in given["messages"]:
        octets = encoded(message)
        found.append(octets.hex())
        delivery = sender.send(Raw(octets), error_states=[])
        assert delivery.remote_state == Delivery.ACCEPTED, f"{delivery.remote_state} {delivery.remote.condition}: {message} as {octets.hex()}"
    connection.close()
    return found


def proton_receive(given):
    connection = connect()
    found = {}
    for name, queue in given["queues"].items():
        found[name] = []
        receiver = connection.create_receiver("/queues/" + quote(queue["name"], safe=""), credit=queue["count"], name=name)
        for _ in range(queue["count"]):
            message = receiver.receive(timeout=PATIENCE)
            receiver.accept()
            properties = {
                "message-id": message.id, "user-id": message.user_id or None, "to": message.address, "subject": message.subject, "reply-to": message.reply_to,
                "correlation-id": message.correlation_id, "content-type": message.content_type, "content-encoding": message.content_encoding,
                "absolute-expiry-time": int(message.expiry_time * 1000) or None, "creation-time": int(message.creation_time * 1000) or None,
                "group-id": message.group_id, "group-sequence": message.group_sequence or None, "reply-to-group-id": message.reply_to_group_id}
            found[name].append({
                "durable": message.durable, "priority": message.priority, "hasTtl": message.ttl > 0,
                "properties": {
                    # A number there is a ulong, though Proton shows it as any.
                    key: newer_text(value).replace("long:", "ulong:") if type(value) is int and key in ("message-id", "correlation-id")
                    else newer_text(value) if key in ("message-id", "correlation-id") else value.hex() if isinstance(value, bytes) else str(value)
                    for key, value in properties.items() if str(value) != "None"},
                "application": {key: newer_text(value) for key, value in (message.properties or {}).items()},
                "annotations": {str(key): newer_text(value) for key, value in (message.annotations or {}).items()},
                "body": body_text(message)})
    connection.close()
    return found


print(json.dumps(globals()[f"{LIBRARY}_{ROLE}"](json.load(sys.stdin))))
