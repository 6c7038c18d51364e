"""Reads a frame in hex a line; answers its name, its fields and the frame encoded again, separated by tabs."""
import datetime
import decimal
import struct
import sys

from pamqp import frame, header


def canonical(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return "d:" + struct.pack(">d", value).hex()
    if isinstance(value, str):
        return "s:" + value.encode().hex()
    if isinstance(value, (bytes, bytearray)):
        return "x:" + bytes(value).hex()
    if isinstance(value, decimal.Decimal):
        return "D:" + format(value, "f")
    if isinstance(value, datetime.datetime):
        return "T:" + str(int(value.timestamp()))
    if isinstance(value, list):
        return "[" + ",".join(canonical(element) for element in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(key.encode().hex() + "=" + canonical(value[key]) for key in value) + "}"
    raise TypeError(type(value))


for line in sys.stdin:
    _, channel, value = frame.unmarshal(bytes.fromhex(line))
    fields = value.properties if isinstance(value, header.ContentHeader) else value
    parts = [value.name] + [name + "=" + canonical(field) for name, field in fields]
    if isinstance(value, header.ContentHeader):
        parts.append("body_size=" + str(value.body_size))
    if not isinstance(value, header.ContentHeader):
        type(value).validate = lambda self: None  # it refuses channel.open as it reads it itself
    try:
        again = frame.marshal(value, channel).hex().upper()
    except struct.error as error:  # pamqp cannot write all that it reads: small negative integers
        again = str(error)
    print("\t".join(parts + [again]), flush=True)
