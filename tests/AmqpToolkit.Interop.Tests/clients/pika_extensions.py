"""RabbitMQ's extensions as a program with pika uses them: `pika_extensions.py URL SCENARIO...` prints "OK SCENARIO" after each and exits with 0."""
import sys
import threading
import time

import pika
import pika.exceptions
from pika.exceptions import ChannelClosedByBroker

from with_pika import connect, drain, expect_closed, name, take

PATIENCE = 60


def publisher(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    return channel


def declare(channel, queue="", **arguments):
    return channel.queue_declare(queue, exclusive=True, arguments=arguments).method.queue


def await_gone(connection, queue):
    """Until it has expired. A look may begin its time anew, which is shorter than the time between looks."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        channel = connection.channel()
        try:
            channel.queue_declare(queue, passive=True)
            channel.close()
        except ChannelClosedByBroker as closed:
            assert closed.reply_code == 404, closed
            return
        connection.sleep(0.05)
    raise AssertionError(f"{queue} is there still")


# Arguments of a binding, and which of the messages below it takes.
HEADERS = [
    ({"x-match": "all", "colour": "red", "x-size": 1}, "abdg"),
    ({"x-match": "any", "colour": "red", "size": 2, "x-size": 1}, "abdeg"),
    ({"x-match": "all-with-x", "colour": "red", "x-size": 1}, "b"),
    ({"x-match": "any-with-x", "colour": "red", "x-size": 1}, "abcdg"),
    ({"colour": "red", "size": 2}, "d"),
    ({"x-match": "all", "size": None}, "de"),
    ({"x-match": "all"}, "abcdefg"),
    ({"x-match": "any"}, ""),
]
MESSAGES = {
    "a": {"colour": "red"},
    "b": {"colour": "red", "x-size": 1},
    "c": {"x-size": 1},
    "d": {"colour": "red", "size": 2},
    "e": {"size": 2},
    "f": {"colour": "blue"},
    "g": {"colour": "red", "x-size": 2},
}


def headers(connection):
    channel, exchange = publisher(connection), name("headers")
    channel.exchange_declare(exchange, "headers", auto_delete=True)
    queues = [declare(channel) for _ in HEADERS]
    for queue, (arguments, _) in zip(queues, HEADERS):
        channel.queue_bind(queue, exchange, "", arguments)
    for body, fields in MESSAGES.items():
        channel.basic_publish(exchange, "", body, pika.BasicProperties(headers=fields))
    for queue, (arguments, expected) in zip(queues, HEADERS):
        found = "".join(body.decode() for _, _, body in drain(channel, queue))
        assert found == expected, (arguments, found)
    expect_closed(406, lambda: channel.queue_bind(queues[0], exchange, "", {"x-match": "some"}))


def spread(connection):
    """x-random and x-modulus-hash share out; the second by the key."""
    for kind in ("x-random", "x-modulus-hash"):
        channel, exchange = publisher(connection), name(kind)
        channel.exchange_declare(exchange, kind, auto_delete=True)
        queues = [declare(channel) for _ in range(2)]
        for queue in queues:
            channel.queue_bind(queue, exchange, "")
        for i in range(100):
            channel.basic_publish(exchange, f"key-{i % 50}", b"", mandatory=True)
        first, second = ([method.routing_key for method, _, _ in drain(channel, queue)] for queue in queues)
        assert len(first) + len(second) == 100 and first and second, (kind, first, second)
        assert kind == "x-random" or not set(first) & set(second), "a key went two ways"


def history(connection):
    """Who comes late gets the last messages."""
    channel, exchange = publisher(connection), name("history")
    channel.exchange_declare(exchange, "x-recent-history", arguments={"x-recent-history-length": 2})
    for body in ("a", "b", "c"):
        channel.basic_publish(exchange, "k", body)
    queue = declare(channel)
    channel.queue_bind(queue, exchange, "")
    assert [(method.exchange, method.routing_key, body) for method, _, body in take(channel, queue, 2, auto_ack=True)] == [(exchange, "k", b"b"), (exchange, "k", b"c")]
    channel.exchange_delete(exchange)


def topicpermissions(_):
    """Keys that hold the user's name, or that of the virtual host; another exchange has no rule."""
    connection = connect("scoped")
    channel = publisher(connection)
    queue = declare(channel)
    for key in ("scoped.#", "/.#"):
        channel.queue_bind(queue, "amq.topic", key)
    channel.queue_bind(queue, "amq.direct", "other")
    channel.basic_publish("amq.topic", "scoped.a", b"own", mandatory=True)
    channel.basic_publish("amq.direct", "other", b"free", mandatory=True)
    assert [body for _, _, body in drain(channel, queue)] == [b"own", b"free"]
    for access, act in (
            ("write", lambda channel: channel.basic_publish("amq.topic", "other.a", b"")),
            ("read", lambda channel: channel.queue_bind(queue, "amq.topic", "other.a"))):
        try:
            act(publisher(connection))
        except ChannelClosedByBroker as closed:
            assert (closed.reply_code, closed.reply_text) == (
                403, f"ACCESS_REFUSED - {access} access to topic 'other.a' in exchange 'amq.topic' in vhost '/' refused for user 'scoped'"), closed
        else:
            raise AssertionError(f"{access} was allowed")
    connection.close()


def policies(connection):
    """What the names of queues say of them: time to live and dead letters, length, expiry, and what an operator allows at most."""
    channel = publisher(connection)
    lettered, dead = declare(channel, name("lettered")), declare(channel)
    channel.queue_bind(dead, "amq.direct", lettered)
    channel.basic_publish("", lettered, b"late")
    (_, properties, body), = take(channel, dead, 1, auto_ack=True)
    channel.cancel()
    death, = properties.headers["x-death"]
    assert (body, death["queue"], death["reason"], death["count"]) == (b"late", lettered, "expired", 1), properties

    short = declare(channel, name("short"))
    outcomes = []
    for _ in range(4):
        try:
            channel.basic_publish("", short, b"")
            outcomes.append("ack")
        except pika.exceptions.NackError:
            outcomes.append("nack")
    assert outcomes == ["ack", "ack", "nack", "nack"], outcomes

    capped = declare(channel, name("capped"), **{"x-max-length": 5})
    for body in ("a", "b", "c", "d"):
        channel.basic_publish("", capped, body)
    assert [body for _, _, body in drain(channel, capped)] == [b"c", b"d"]

    await_gone(connection, declare(channel, name("brief")))


def expires(connection):
    channel = connection.channel()
    await_gone(connection, declare(channel, **{"x-expires": 1}))
    kept = declare(channel, **{"x-expires": 600_000})
    assert channel.queue_declare(kept, passive=True).method.queue == kept


def blocked(_):
    """A connection that publishes while memory is short hears of it, and of its end."""
    control = connect()
    other = control.channel()
    queue = declare(other)

    def fill():
        filling = connect(blocked_timeout=None)
        channel = filling.channel()
        for _ in range(256):
            channel.basic_publish("", queue, bytes(64 * 1024))

    threading.Thread(target=fill, daemon=True).start()
    told = []
    connection = connect(blocked_timeout=None)
    connection.add_on_connection_blocked_callback(lambda _, frame: told.append(frame.method.reason))
    connection.add_on_connection_unblocked_callback(lambda *_: told.append("unblocked"))
    channel = connection.channel()
    until = time.monotonic() + PATIENCE
    while not told and time.monotonic() < until:
        channel.basic_publish("amq.direct", "nobody", b"")
        connection.process_data_events(time_limit=0.05)
    other.queue_delete(queue)  # what the other has still to publish goes nowhere
    while len(told) < 2 and time.monotonic() < until:
        connection.process_data_events(time_limit=1)
    assert told == ["low on memory", "unblocked"], told


for scenario in sys.argv[2:]:
    opened = connect()
    globals()[scenario](opened)
    opened.close()
    print("OK", scenario, flush=True)
