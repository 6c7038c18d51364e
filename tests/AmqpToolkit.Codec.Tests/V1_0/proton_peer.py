"""Reads values of AMQP 1.0 in hex, one a line, with qpid-proton's Data; prints what they are, a tab, and the octets that Data makes of them."""
import struct
import sys

from proton import Data

TEXT = {Data.STRING: "string", Data.SYMBOL: "symbol"}
NUMBERS = {
    Data.UBYTE: ("ubyte", "get_ubyte"), Data.USHORT: ("ushort", "get_ushort"), Data.UINT: ("uint", "get_uint"), Data.ULONG: ("ulong", "get_ulong"),
    Data.BYTE: ("byte", "get_byte"), Data.SHORT: ("short", "get_short"), Data.INT: ("int", "get_int"), Data.LONG: ("long", "get_long"),
    Data.TIMESTAMP: ("timestamp", "get_timestamp"), Data.DECIMAL32: ("decimal32", "get_decimal32"), Data.DECIMAL64: ("decimal64", "get_decimal64"),
}
NAMES = {
    Data.NULL: "null", Data.BOOL: "boolean", Data.FLOAT: "float", Data.DOUBLE: "double", Data.DECIMAL128: "decimal128", Data.CHAR: "char",
    Data.UUID: "uuid", Data.BINARY: "binary", Data.LIST: "list", Data.MAP: "map", Data.ARRAY: "array", Data.DESCRIBED: "described",
    **TEXT, **{kind: name for kind, (name, _) in NUMBERS.items()},
}


def children(data, count):
    data.enter()
    found = []
    for _ in range(count):
        data.next()
        found.append(canonical(data))
    data.exit()
    return found


def canonical(data):
    kind = data.type()
    if kind in NUMBERS:
        name, getter = NUMBERS[kind]
        return "%s:%d" % (name, int(getattr(data, getter)()))
    if kind in TEXT:
        value = data.get_string() if kind == Data.STRING else data.get_symbol()
        return "%s:%s" % (TEXT[kind], str(value).encode("utf-8").hex())
    if kind == Data.NULL:
        return "null"
    if kind == Data.BOOL:
        return "boolean:" + ("true" if data.get_bool() else "false")
    if kind == Data.CHAR:
        return "char:%d" % ord(data.get_char())
    if kind == Data.FLOAT:
        return "float:" + struct.pack(">f", data.get_float()).hex()
    if kind == Data.DOUBLE:
        return "double:" + struct.pack(">d", data.get_double()).hex()
    if kind == Data.DECIMAL128:
        return "decimal128:" + bytes(data.get_decimal128()).hex()
    if kind == Data.UUID:
        return "uuid:" + data.get_uuid().hex
    if kind == Data.BINARY:
        return "binary:" + bytes(data.get_binary()).hex()
    if kind == Data.LIST:
        return "[" + ",".join(children(data, data.get_list())) + "]"
    if kind == Data.MAP:
        return "{" + ",".join(children(data, data.get_map())) + "}"
    if kind == Data.DESCRIBED:
        return "(%s)" % " ".join(children(data, 2))
    if kind == Data.ARRAY:
        count, described, element = data.get_array()
        found = children(data, count + (1 if described else 0))
        descriptor = found.pop(0) + " " if described else ""
        return "<%s%s>" % (descriptor, ",".join([NAMES[element]] + found))
    raise ValueError(kind)


for line in sys.stdin:
    octets = bytes.fromhex(line.strip())
    values = Data()
    read = values.decode(octets)
    if read != len(octets):
        print("read %d of %d" % (read, len(octets)), flush=True)
        continue
    values.rewind()
    values.next()
    text = canonical(values)
    print("%s\t%s" % (text, values.encode().hex().upper()), flush=True)
