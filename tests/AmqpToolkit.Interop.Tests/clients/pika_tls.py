"""pika over TLS: `pika_tls.py URL#FOLDER SCENARIO` prints "OK SCENARIO" and exits with 0. The folder has authority.pem, app.pem and so on."""
import os
import ssl
import sys
from urllib.parse import urlparse

import pika
import pika.exceptions

URL, SCENARIO = sys.argv[1:3]
ADDRESS = urlparse(URL)


def connect(certificate=None):
    context = ssl.create_default_context(cafile=os.path.join(ADDRESS.fragment, "authority.pem"))
    if certificate:
        context.load_cert_chain(os.path.join(ADDRESS.fragment, certificate))
    credentials = pika.credentials.ExternalCredentials() if certificate else pika.PlainCredentials(ADDRESS.username, ADDRESS.password)
    return pika.BlockingConnection(pika.ConnectionParameters(
        ADDRESS.hostname, ADDRESS.port, credentials=credentials, ssl_options=pika.SSLOptions(context, "localhost"), socket_timeout=60, stack_timeout=60))


def roundtrip(connection, user):
    channel = connection.channel()
    channel.confirm_delivery()
    queue = channel.queue_declare("", exclusive=True).method.queue
    body = bytes(range(256)) * 4000
    # Only the user itself may say that a message is its own.
    channel.basic_publish("", queue, body, pika.BasicProperties(user_id=user), mandatory=True)
    method, _, found = channel.basic_get(queue, auto_ack=True)
    assert found == body
    connection.close()


def password():
    roundtrip(connect(), "guest")


def certificate():
    roundtrip(connect("app.pem"), "app")


def refused():
    for name in ("stranger.pem", "expired.pem", "foreign.pem"):
        try:
            connect(name)
        except (pika.exceptions.AMQPConnectionError, ssl.SSLError, ConnectionError):
            continue
        raise AssertionError(f"{name} was let in")


globals()[SCENARIO]()
print("OK", SCENARIO)
