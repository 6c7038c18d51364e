"""proton over TLS: `proton_tls.py URL#FOLDER SCENARIO` prints "OK SCENARIO" and exits with 0. The folder has authority.pem, app.pem and so on."""
import os
import sys
from urllib.parse import urlparse

from proton import ConnectionException, Message, SSLDomain
from proton.utils import BlockingConnection

URL, SCENARIO = sys.argv[1:3]
ADDRESS = urlparse(URL)


def connect(certificate=None):
    domain = SSLDomain(SSLDomain.MODE_CLIENT)
    domain.set_trusted_ca_db(os.path.join(ADDRESS.fragment, "authority.pem"))
    domain.set_peer_authentication(SSLDomain.VERIFY_PEER_NAME)
    options = {"user": ADDRESS.username, "password": ADDRESS.password, "allowed_mechs": "PLAIN"}
    if certificate:
        path = os.path.join(ADDRESS.fragment, certificate)
        domain.set_credentials(path, path, None)
        options = {"allowed_mechs": "EXTERNAL"}
    return BlockingConnection(f"amqps://{ADDRESS.hostname}:{ADDRESS.port}", timeout=60, ssl_domain=domain, **options)


def roundtrip(connection):
    receiver = connection.create_receiver(None, dynamic=True, credit=1)
    body = bytes(range(256)) * 4000
    connection.create_sender(receiver.link.remote_source.address).send(Message(body=body))
    assert bytes(receiver.receive(timeout=60).body) == body
    receiver.accept()
    connection.close()


def password():
    roundtrip(connect())


def certificate():
    roundtrip(connect("app.pem"))


def refused():
    for name in ("stranger.pem", "expired.pem", "foreign.pem"):
        try:
            connect(name)
        except ConnectionException:
            continue
        raise AssertionError(f"{name} was let in")


globals()[SCENARIO]()
print("OK", SCENARIO)
