"""What a program with kombu does: `with_kombu.py URL SCENARIO` prints "OK SCENARIO" and exits with 0."""
import sys
import uuid

from kombu import Connection, Consumer, Exchange, Producer, Queue

URL, SCENARIO = sys.argv[1].replace("amqp://", "pyamqp://"), sys.argv[2]
BIG = bytes(range(256)) * (8 * 1024 * 4)  # 8 MiB


def connect(**options):
    return Connection(URL, connect_timeout=20, transport_options={"read_timeout": 20, **options})


def name(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def declare(channel, **options):
    return Queue(name("q"), exclusive=True, **options)(channel)


def drain(connection, done):
    while not done():
        connection.drain_events(timeout=20)


def confirms(_):
    with connect(confirm_publish=True) as connection, connection.channel() as channel:
        queue = declare(channel)
        queue.declare()
        producer = Producer(channel)
        for i in range(100):
            producer.publish({"number": i}, routing_key=queue.name, serializer="json", delivery_mode=2)
        assert channel.queue_declare(queue.name, passive=True).message_count == 100


def prefetch(connection):
    channel = connection.channel()
    queue = declare(channel)
    seen, unacked = [], []

    def deliver(body, message):
        seen.append(body["number"])
        unacked.append(message)
        assert len(unacked) <= 5, f"{len(unacked)} unacknowledged"
        if len(unacked) == 5:
            for one in unacked:
                one.ack()
            unacked.clear()

    with Consumer(channel, [queue], callbacks=[deliver], prefetch_count=5):
        producer = Producer(channel)
        for i in range(50):
            producer.publish({"number": i}, routing_key=queue.name)
        drain(connection, lambda: len(seen) == 50)
    assert seen == list(range(50)), seen


def rpc(connection):
    channel = connection.channel()
    questions = declare(channel)
    answers = Queue(channel.queue_declare("", exclusive=True).queue, exclusive=True, no_declare=True)(channel)
    producer = Producer(channel)
    replies = {}

    def answer(body, message):
        producer.publish(body ** 2, routing_key=message.properties["reply_to"], correlation_id=message.properties["correlation_id"])
        message.ack()

    def reply(body, message):
        replies[message.properties["correlation_id"]] = body

    with Consumer(channel, [questions], callbacks=[answer]), Consumer(channel, [answers], callbacks=[reply], no_ack=True):
        for i in range(10):
            producer.publish(i, routing_key=questions.name, reply_to=answers.name, correlation_id=f"{i}")
        drain(connection, lambda: len(replies) == 10)
    assert replies == {f"{i}": i * i for i in range(10)}, replies


def topic(_):
    with connect(confirm_publish=True) as connection, connection.channel() as channel:
        exchange = Exchange(name("topic"), "topic", auto_delete=True, durable=False)
        wanted = {"#": 4, "log.*": 2, "*.error": 2, "log.error": 1, "#.deep": 1, "nothing": 0}
        queues = {pattern: declare(channel, exchange=exchange, routing_key=pattern) for pattern in wanted}
        for queue in queues.values():
            queue.declare()
        producer = Producer(channel, exchange)
        for key in ("log.error", "log.info", "app.error", "log.very.deep"):
            producer.publish(key, routing_key=key)
        for pattern, count in wanted.items():
            assert channel.queue_declare(queues[pattern].name, passive=True).message_count == count, pattern


def mandatory(connection):
    channel = connection.channel()
    returned = []
    producer = Producer(channel, Exchange("amq.direct", "direct"), auto_declare=False, on_return=lambda *arguments: returned.append(arguments))
    producer.publish("back", routing_key="nobody", mandatory=True)
    drain(connection, lambda: returned)
    error, exchange, key, message = returned[0]
    assert (error.reply_code, exchange, key, message.body) == (312, "amq.direct", "nobody", "back"), returned


def large(_):
    with connect(confirm_publish=True) as connection, connection.channel() as channel:
        queue = declare(channel)
        queue.declare()
        Producer(channel).publish(BIG, routing_key=queue.name, serializer="raw")
        assert bytes(queue.get(no_ack=True).body) == BIG


def nack(connection):
    channel = connection.channel()
    queue = declare(channel)
    queue.declare()
    for body in ("a", "b", "c"):
        Producer(channel).publish(body, routing_key=queue.name)
    first = [queue.get() for _ in range(3)]
    for message in first:
        message.requeue()
    second = [queue.get() for _ in range(3)]
    assert [(one.payload, one.delivery_info["redelivered"]) for one in second] == [("a", True), ("b", True), ("c", True)]
    for message in second:
        message.reject()
    assert queue.get() is None


def exclusive(connection):
    queue = name("exclusive")
    owner = connect()
    owner.channel().queue_declare(queue, exclusive=True)
    for code, act in ((405, owner.release), (404, lambda: None)):
        try:
            connection.channel().queue_declare(queue, passive=True)
        except connection.channel_errors as error:
            assert error.reply_code == code, error
            act()
        else:
            raise AssertionError(f"expected {code}")


with connect() as opened:
    globals()[SCENARIO](opened)
print("OK", SCENARIO)
