"""What a program of 2008 with py-amqplib (0-8, header 1 1 9 1) does: `with_amqplib_0_8.py URL SCENARIO` prints "OK SCENARIO" and exits with 0."""
import datetime
import sys
import uuid
from urllib.parse import unquote, urlsplit

import amqplib.client_0_8 as amqp

URL, SCENARIO = urlsplit(sys.argv[1]), sys.argv[2]
BIG = bytes(range(256)) * (8 * 1024)  # 2 MiB


def connect(**options):
    return amqp.Connection(
        host=f"{URL.hostname}:{URL.port or 5672}", userid=URL.username or "guest", password=URL.password or "guest",
        virtual_host=unquote(URL.path[1:]) or "/", connect_timeout=20, **options)


def name(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def declare(channel, queue="", **options):
    return channel.queue_declare(queue, **{"exclusive": True, "auto_delete": False, **options})[0]


def text(message):
    return message.body if isinstance(message.body, str) else message.body.decode()


def consume(connection):
    channel = connection.channel()
    channel.access_request("/data", active=True, write=True, read=True)
    exchange = name("x")
    channel.exchange_declare(exchange, "topic", durable=False, auto_delete=True)
    queue = declare(channel)
    channel.queue_bind(queue, exchange, routing_key="a.#")
    channel.basic_qos(0, 5, False)
    found = []

    def take(message):
        found.append(text(message))
        channel.basic_ack(message.delivery_tag)

    tag = channel.basic_consume(queue, callback=take)
    for i in range(50):
        channel.basic_publish(amqp.Message("%d" % i, delivery_mode=2), exchange, "a.b")
    channel.basic_publish(amqp.Message("lost"), exchange, "b")
    while len(found) < 50:
        channel.wait()
    assert found == ["%d" % i for i in range(50)], found
    channel.basic_cancel(tag)
    assert channel.queue_purge(queue) == 0
    channel.queue_delete(queue)
    channel.close()


def large(connection):
    channel = connection.channel()
    queue = declare(channel)
    channel.basic_publish(amqp.Message(BIG), routing_key=queue)
    message = channel.basic_get(queue, no_ack=True)
    body = message.body if isinstance(message.body, bytes) else message.body.encode("latin-1")
    assert body == BIG, len(body)


def properties(connection):
    channel = connection.channel()
    queue = declare(channel)
    sent = dict(
        content_type="text/plain", content_encoding="UTF-8", delivery_mode=2, priority=5, correlation_id="c", reply_to="r", expiration="600000", message_id="m",
        timestamp=datetime.datetime(2008, 9, 10, 11, 12, 13), type="t", user_id="guest", app_id="a", cluster_id="k", application_headers={"text": "x", "number": 7, "table": {"deep": "y"}})
    channel.basic_publish(amqp.Message("hello", **sent), routing_key=queue)
    got = channel.basic_get(queue).properties
    assert {key: got[key] for key in sent} == sent, got


def returned(connection):
    channel = connection.channel()
    channel.basic_publish(amqp.Message("back"), routing_key="nobody", mandatory=True)
    channel.queue_declare("", exclusive=True)
    reply_code, reply_text, _, key, message = channel.returned_messages.get_nowait()
    assert (reply_code, reply_text, key, message.body) == (312, "NO_ROUTE", "nobody", "back")


def transactions(connection):
    channel, other = connection.channel(), connection.channel()
    queue = declare(other)
    channel.tx_select()
    channel.basic_publish(amqp.Message("one"), routing_key=queue)
    channel.tx_rollback()
    channel.basic_publish(amqp.Message("two"), routing_key=queue)
    assert other.basic_get(queue) is None
    channel.tx_commit()
    assert other.basic_get(queue).body == "two"


def again(connection):
    channel = connection.channel()
    queue = declare(channel)
    channel.basic_publish(amqp.Message("one"), routing_key=queue)
    first = channel.basic_get(queue)
    channel.basic_reject(first.delivery_tag, True)
    second = channel.basic_get(queue)
    assert second.body == "one" and second.delivery_info["redelivered"], second.delivery_info
    channel.basic_recover(True)
    assert channel.basic_get(queue).body == "one"


def mistakes(connection):
    for code, act in [
        (404, lambda channel: channel.queue_declare(name("missing"), passive=True)),
        (406, lambda channel: channel.exchange_declare("amq.direct", "fanout", durable=True, auto_delete=False)),
        (403, lambda channel: channel.queue_declare("amq.mine")),
    ]:
        channel = connection.channel()
        try:
            act(channel)
            raise AssertionError(f"nothing was closed with {code}")
        except amqp.AMQPChannelException as closed:
            assert closed.amqp_reply_code == code, closed
    connection.channel().queue_declare("", exclusive=True)
    other = connect()
    try:
        other.channel().exchange_declare(name("x"), "direct", durable=False, auto_delete=True)
        channel = other.channel()
        channel.basic_qos(1, 0, False)
        raise AssertionError("nothing was closed with 540")
    except amqp.AMQPConnectionException as closed:
        assert closed.amqp_reply_code == 540, closed


def alert(plain):
    connection = connect(client_properties={"capabilities": {"channel.alert": 1}})
    channel, other = connection.channel(), plain.channel()
    queue = declare(channel, name("shared"), exclusive=False)
    channel.basic_consume(queue, consumer_tag="mine", callback=lambda message: None)
    other.queue_delete(queue)
    channel.wait()
    reply_code, reply_text, details = channel.alerts.get_nowait()
    assert reply_code == 404 and queue in reply_text and details == {"consumer-tag": "mine"}, (reply_code, reply_text, details)
    connection.close()


def newer(connection):
    """Messages to and from a client of 0-9-1, and what it alone can write into a header."""
    import pika
    with pika.BlockingConnection(pika.URLParameters(sys.argv[1])) as today:
        there, here = today.channel(), connection.channel()
        queue = declare(here, name("between"), exclusive=False)
        here.basic_publish(amqp.Message("from 0-8", message_id="m", application_headers={"n": 1}), routing_key=queue)

        # Nothing orders two connections: an answer tells that what went before it was taken.
        here.queue_declare(queue, passive=True)
        _, found, body = there.basic_get(queue, auto_ack=True)
        assert (body, found.message_id, found.headers) == (b"from 0-8", "m", {"n": 1}), (body, found)
        there.basic_publish("", queue, b"from 0-9-1", pika.BasicProperties(message_id="n", delivery_mode=2, headers={"text": "x", "number": 1 << 20}))
        there.queue_declare(queue, passive=True)
        message = here.basic_get(queue, no_ack=True)
        assert (text(message), message.message_id, message.application_headers) == ("from 0-9-1", "n", {"text": "x", "number": 1 << 20}), message.properties
        here.queue_delete(queue)


def newest(connection):
    """The same with a client of 1.0."""
    from proton import Message
    from proton.utils import BlockingConnection
    channel = connection.channel()
    queue = declare(channel, name("between"), exclusive=False)
    today = BlockingConnection(f"{URL.hostname}:{URL.port}", user="guest", password="guest", allowed_mechs="PLAIN", timeout=30)
    channel.basic_publish(amqp.Message("from 0-8", message_id="m", content_type="text/plain", cluster_id="k", application_headers={"n": 1}), routing_key=queue)
    receiver = today.create_receiver(f"/queues/{queue}", credit=1)
    found = receiver.receive(timeout=30)
    assert (bytes(found.body), found.id, found.content_type, found.properties) == (b"from 0-8", "m", "text/plain", {"n": 1}), found
    receiver.accept()
    receiver.close()
    today.create_sender(f"/queues/{queue}").send(Message(body=b"from 1.0", inferred=True, id="n", properties={"text": "x"}))
    message = channel.basic_get(queue, no_ack=True)
    assert (text(message), message.message_id, message.application_headers["text"]) == ("from 1.0", "n", "x"), message.properties
    today.close()
    channel.queue_delete(queue)


if __name__ == "__main__":
    opened = connect()
    globals()[SCENARIO](opened)
    opened.close()
    print("OK", SCENARIO)
