"""What a program with py-amqp does: `with_py_amqp.py URL SCENARIO` prints "OK SCENARIO" and exits with 0."""
import socket
import sys
import uuid
from urllib.parse import unquote, urlsplit

import amqp
from amqp.exceptions import NotFound, ResourceLocked

URL, SCENARIO = urlsplit(sys.argv[1]), sys.argv[2]
BIG = bytes(range(256)) * (8 * 1024 * 4)  # 8 MiB


def connect(**options):
    connection = amqp.Connection(
        host=f"{URL.hostname}:{URL.port or 5672}", userid=URL.username or "guest", password=URL.password or "guest",
        virtual_host=unquote(URL.path[1:]) or "/", connect_timeout=20, read_timeout=20, write_timeout=20, **options)
    connection.connect()
    return connection


def drain(connection, done):
    while not done():
        connection.drain_events(timeout=20)


def declare(channel, **options):
    return channel.queue_declare("", exclusive=True, **options).queue


def confirms(_):
    connection = connect(confirm_publish=True)
    channel = connection.channel()
    queue = declare(channel)
    for i in range(100):
        channel.basic_publish(amqp.Message(b"%d" % i, delivery_mode=2), routing_key=queue)
    assert channel.queue_declare(queue, passive=True).message_count == 100
    connection.close()


def prefetch(connection):
    channel = connection.channel()
    queue = declare(channel)
    for i in range(50):
        channel.basic_publish(amqp.Message(b"%d" % i), routing_key=queue)
    channel.basic_qos(0, 5, False)
    seen, unacked = [], []

    def deliver(message):
        seen.append(int(message.body))
        unacked.append(message.delivery_tag)
        assert len(unacked) <= 5, f"{len(unacked)} unacknowledged"
        if len(unacked) == 5:
            channel.basic_ack(unacked[-1], multiple=True)
            unacked.clear()

    channel.basic_consume(queue, callback=deliver)
    drain(connection, lambda: len(seen) == 50)
    assert seen == list(range(50)), seen


def rpc(connection):
    server, client = connection.channel(), connection.channel()
    questions, answers = declare(server), declare(client)
    replies = {}

    def answer(message):
        server.basic_publish(amqp.Message(str(int(message.body) ** 2), correlation_id=message.correlation_id), routing_key=message.reply_to)
        server.basic_ack(message.delivery_tag)

    server.basic_consume(questions, callback=answer)
    client.basic_consume(answers, no_ack=True, callback=lambda message: replies.update({message.correlation_id: int(message.body)}))
    for i in range(10):
        client.basic_publish(amqp.Message(b"%d" % i, reply_to=answers, correlation_id=f"{i}"), routing_key=questions)
    drain(connection, lambda: len(replies) == 10)
    assert replies == {f"{i}": i * i for i in range(10)}, replies


def topic(_):
    connection = connect(confirm_publish=True)
    channel = connection.channel()
    exchange = f"topic-{uuid.uuid4().hex[:8]}"
    channel.exchange_declare(exchange, "topic", auto_delete=True)
    wanted = {"#": 4, "log.*": 2, "*.error": 2, "log.error": 1, "#.deep": 1, "nothing": 0}
    queues = {}
    for pattern in wanted:
        queues[pattern] = declare(channel)
        channel.queue_bind(queues[pattern], exchange, pattern)
    for key in ("log.error", "log.info", "app.error", "log.very.deep"):
        channel.basic_publish(amqp.Message(key), exchange=exchange, routing_key=key)
    for pattern, count in wanted.items():
        assert channel.queue_declare(queues[pattern], passive=True).message_count == count, pattern
    connection.close()


def mandatory(connection):
    channel = connection.channel()
    returned = []
    channel.events["basic_return"].add(lambda *arguments: returned.append(arguments))
    channel.basic_publish(amqp.Message("back"), exchange="amq.direct", routing_key="nobody", mandatory=True)
    drain(connection, lambda: returned)
    error, exchange, key, message = returned[0]
    assert (error.reply_code, exchange, key, message.body) == (312, "amq.direct", "nobody", "back"), returned


def large(_):
    connection = connect(confirm_publish=True)
    channel = connection.channel()
    queue = declare(channel)
    channel.basic_publish(amqp.Message(BIG), routing_key=queue)
    assert channel.basic_get(queue, no_ack=True).body == BIG
    connection.close()


def nack(connection):
    # py-amqp sends no basic.nack; reject and recover are what it has.
    channel = connection.channel()
    queue = declare(channel)
    for body in ("a", "b", "c"):
        channel.basic_publish(amqp.Message(body), routing_key=queue)
    first = [channel.basic_get(queue) for _ in range(3)]
    channel.basic_reject(first[1].delivery_tag, requeue=True)
    again = channel.basic_get(queue)
    assert (again.delivery_info["redelivered"], again.body) == (True, "b")
    channel.basic_recover(requeue=True)
    bodies = [channel.basic_get(queue, no_ack=True).body for _ in range(3)]
    assert bodies == ["a", "b", "c"], bodies
    assert channel.basic_get(queue) is None


def tx(connection):
    channel, other = connection.channel(), connection.channel()
    queue = declare(channel)
    channel.tx_select()
    channel.basic_publish(amqp.Message("rolled back"), routing_key=queue)
    channel.tx_rollback()
    channel.basic_publish(amqp.Message("committed"), routing_key=queue)
    assert other.basic_get(queue) is None
    channel.tx_commit()
    assert other.basic_get(queue, no_ack=True).body == "committed"
    assert other.basic_get(queue) is None


def exclusive(connection):
    queue = f"exclusive-{uuid.uuid4().hex[:8]}"
    owner = connect()
    owner.channel().queue_declare(queue, exclusive=True)
    for error, act in ((ResourceLocked, owner.close), (NotFound, lambda: None)):
        try:
            connection.channel().queue_declare(queue, passive=True)
        except error:
            act()
        else:
            raise AssertionError(f"expected {error}")


opened = connect()
globals()[SCENARIO](opened)
opened.close()
print("OK", SCENARIO)
