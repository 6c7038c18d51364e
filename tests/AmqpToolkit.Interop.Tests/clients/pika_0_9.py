"""with_pika.py by a client that sends the header of 0-9, as some do that mean 0-9-1 with all extensions."""
import runpy
from pathlib import Path

import pika.frame

assert pika.frame.ProtocolHeader().marshal() == b"AMQP\x00\x00\x09\x01"
pika.frame.ProtocolHeader.marshal = lambda self: b"AMQP\x01\x01\x00\x09"
runpy.run_path(str(Path(__file__).with_name("with_pika.py")), run_name="__main__")
