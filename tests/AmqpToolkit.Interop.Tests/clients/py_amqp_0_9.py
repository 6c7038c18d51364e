"""with_py_amqp.py by a client that sends the header of 0-9."""
import runpy
from pathlib import Path

import amqp.transport

assert amqp.transport.AMQP_PROTOCOL_HEADER == b"AMQP\x00\x00\x09\x01"
amqp.transport.AMQP_PROTOCOL_HEADER = b"AMQP\x01\x01\x00\x09"
runpy.run_path(str(Path(__file__).with_name("with_py_amqp.py")), run_name="__main__")
