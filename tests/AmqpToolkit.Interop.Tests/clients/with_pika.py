"""What a program with pika does: `with_pika.py URL SCENARIO` prints "OK SCENARIO" and exits with 0."""
import datetime
import sys
import uuid

import pika
import pika.exceptions
from pika.exceptions import ChannelClosedByBroker, UnroutableError

URL, SCENARIO = sys.argv[1:3]
BIG = bytes(range(256)) * (8 * 1024 * 4)  # 8 MiB


def connect(user="guest", blocked_timeout=30):
    parameters = pika.URLParameters(URL.replace("guest:guest", f"{user}:{user}"))
    parameters.blocked_connection_timeout = blocked_timeout
    return pika.BlockingConnection(parameters)


def name(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def take(channel, queue, count, auto_ack=False):
    found = []
    for method, properties, body in channel.consume(queue, auto_ack=auto_ack, inactivity_timeout=20):
        assert method is not None, f"{len(found)} of {count} messages came"
        found.append((method, properties, body))
        if len(found) == count:
            break
    return found


def confirms(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    queue = channel.queue_declare("", exclusive=True).method.queue
    for i in range(100):
        channel.basic_publish("", queue, b"%d" % i, pika.BasicProperties(delivery_mode=2), mandatory=True)
    assert channel.queue_declare(queue, passive=True).method.message_count == 100


def read_stream(connection, queue, offset, count, prefetch=10):
    """Reads from an offset on: what came, as (offset, body)."""
    channel = connection.channel()
    channel.basic_qos(prefetch_count=prefetch)
    arguments = {} if offset is None else {"x-stream-offset": offset}
    found = []
    for method, properties, body in channel.consume(queue, arguments=arguments, inactivity_timeout=20):
        assert method is not None, f"{len(found)} of {count} messages came"
        found.append((properties.headers["x-stream-offset"], body))
        channel.basic_ack(method.delivery_tag)
        if len(found) == count:
            break
    channel.close()
    return found


def stream(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    queue = name("stream")
    arguments = {"x-queue-type": "stream", "x-max-age": "7D", "x-max-length-bytes": 1_000_000_000, "x-stream-max-segment-size-bytes": 1_000_000}
    channel.queue_declare(queue, durable=True, arguments=arguments)
    try:
        for i in range(50):
            channel.basic_publish("", queue, b"%d" % i, mandatory=True)
        started = datetime.datetime.now(datetime.timezone.utc)
        everything = [(i, b"%d" % i) for i in range(50)]
        assert read_stream(connection, queue, "first", 50) == everything
        assert read_stream(connection, queue, 0, 50, prefetch=1) == everything
        assert read_stream(connection, queue, 30, 20) == everything[30:]
        assert read_stream(connection, queue, "1h", 50) == everything
        assert read_stream(connection, queue, started - datetime.timedelta(hours=1), 50) == everything
        assert read_stream(connection, queue, "last", 1)[-1][0] <= 49

        # From now on: what comes after the subscription and nothing of before.
        reading = connection.channel()
        reading.basic_qos(prefetch_count=10)
        found = []
        reading.basic_consume(queue, lambda ch, method, properties, body: (found.append((properties.headers["x-stream-offset"], body)), ch.basic_ack(method.delivery_tag)))
        channel.basic_publish("", queue, b"new", mandatory=True)
        connection.process_data_events(time_limit=0.2)
        while not found:
            connection.process_data_events(time_limit=20)
        assert found == [(50, b"new")], found
        reading.close()

        # Nothing was taken away, and many read beside each other.
        assert read_stream(connection, queue, "first", 51) == everything + [(50, b"new")]
        for wrong, code in ((lambda ch: ch.basic_get(queue), 540), (lambda ch: ch.queue_purge(queue), 540)):
            other = connect()
            try:
                wrong(other.channel())
                raise AssertionError("it was taken")
            except pika.exceptions.ConnectionClosedByBroker as closed:
                assert closed.reply_code == code, closed
        try:
            connection.channel().basic_consume(queue, print)
            raise AssertionError("a consumer without a prefetch was taken")
        except ChannelClosedByBroker as closed:
            assert closed.reply_code == 406, closed
    finally:
        connection.channel().queue_delete(queue)


def prefetch(connection):
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    for i in range(50):
        channel.basic_publish("", queue, b"%d" % i)
    channel.basic_qos(prefetch_count=5)
    seen, unacked = [], []

    def deliver(ch, method, properties, body):
        seen.append(int(body))
        unacked.append(method.delivery_tag)
        assert len(unacked) <= 5, f"{len(unacked)} unacknowledged"
        if len(unacked) == 5:
            ch.basic_ack(unacked[-1], multiple=True)
            unacked.clear()
        if len(seen) == 50:
            ch.stop_consuming()

    channel.basic_consume(queue, deliver)
    connection.call_later(30, channel.stop_consuming)
    channel.start_consuming()
    assert seen == list(range(50)), seen


def rpc(connection):
    server, client = connection.channel(), connection.channel()
    questions = server.queue_declare("", exclusive=True).method.queue
    answers = client.queue_declare("", exclusive=True).method.queue
    replies = {}

    def answer(ch, method, properties, body):
        ch.basic_publish("", properties.reply_to, str(int(body) ** 2).encode(), pika.BasicProperties(correlation_id=properties.correlation_id))
        ch.basic_ack(method.delivery_tag)

    server.basic_consume(questions, answer)
    client.basic_consume(answers, lambda ch, method, properties, body: replies.update({properties.correlation_id: body}), auto_ack=True)
    for i in range(10):
        client.basic_publish("", questions, b"%d" % i, pika.BasicProperties(reply_to=answers, correlation_id=f"{i}"))
    for _ in range(200):
        connection.process_data_events(time_limit=0.1)
        if len(replies) == 10:
            break
    assert replies == {f"{i}": b"%d" % (i * i) for i in range(10)}, replies


def topic(connection):
    channel = connection.channel()
    exchange = name("topic")
    channel.exchange_declare(exchange, "topic", auto_delete=True)
    wanted = {"#": 4, "log.*": 2, "*.error": 2, "log.error": 1, "#.deep": 1, "nothing": 0}
    queues = {}
    for pattern in wanted:
        queues[pattern] = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queues[pattern], exchange, pattern)
    channel.confirm_delivery()
    for key in ("log.error", "log.info", "app.error", "log.very.deep"):
        channel.basic_publish(exchange, key, key.encode())
    for pattern, count in wanted.items():
        assert channel.queue_declare(queues[pattern], passive=True).method.message_count == count, pattern


def mandatory(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    try:
        channel.basic_publish("amq.direct", "nobody", b"back", mandatory=True)
    except UnroutableError as error:
        returned = error.messages[0]
        assert (returned.method.reply_code, returned.method.reply_text, returned.body) == (312, "NO_ROUTE", b"back")
    else:
        raise AssertionError("the message did not come back")
    channel.basic_publish("amq.direct", "nobody", b"dropped")


def large(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.basic_publish("", queue, BIG)
    assert take(channel, queue, 1)[0][2] == BIG


def nack(connection):
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    for body in (b"a", b"b", b"c"):
        channel.basic_publish("", queue, body)
    first = [channel.basic_get(queue)[0] for _ in range(3)]
    assert [method.redelivered for method in first] == [False] * 3
    channel.basic_nack(first[-1].delivery_tag, multiple=True, requeue=True)
    second = [channel.basic_get(queue) for _ in range(3)]
    assert [(method.redelivered, body) for method, _, body in second] == [(True, b"a"), (True, b"b"), (True, b"c")]
    channel.basic_reject(second[0][0].delivery_tag, requeue=False)
    assert channel.basic_get(queue) == (None, None, None)


def tx(connection):
    channel, other = connection.channel(), connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.tx_select()
    channel.basic_publish("", queue, b"rolled back")
    channel.tx_rollback()
    channel.basic_publish("", queue, b"committed")
    assert other.basic_get(queue) == (None, None, None)
    channel.tx_commit()
    assert other.basic_get(queue, auto_ack=True)[2] == b"committed"
    assert other.basic_get(queue) == (None, None, None)


def exclusive(connection):
    queue = name("exclusive")
    owner = connect()
    owner.channel().queue_declare(queue, exclusive=True)
    try:
        connection.channel().queue_declare(queue, passive=True)
    except ChannelClosedByBroker as error:
        assert error.reply_code == 405, error
    else:
        raise AssertionError("somebody else's exclusive queue was there to see")
    owner.close()
    try:
        connection.channel().queue_declare(queue, passive=True)
    except ChannelClosedByBroker as error:
        assert error.reply_code == 404, error
    else:
        raise AssertionError("the exclusive queue outlived its connection")


def permissions(connection):
    """A user that may do things with limited-* alone."""
    limited = connect("limited")
    queue = name("limited")
    limited.channel().queue_declare(queue, exclusive=True)

    def refused(act, text):
        channel = limited.channel()
        channel.confirm_delivery()
        try:
            act(channel)
        except ChannelClosedByBroker as error:
            assert (error.reply_code, error.reply_text) == (403, f"ACCESS_REFUSED - {text} refused for user 'limited'"), error
        else:
            raise AssertionError(f"{text} was allowed")

    refused(lambda channel: channel.queue_declare("other"), "configure access to queue 'other' in vhost '/'")
    refused(lambda channel: channel.basic_publish("", queue, b""), "write access to exchange 'amq.default' in vhost '/'")
    refused(lambda channel: channel.basic_get("other"), "read access to queue 'other' in vhost '/'")
    refused(lambda channel: channel.basic_publish("amq.topic", "other.key", b""), "write access to topic 'other.key' in exchange 'amq.topic' in vhost '/'")
    channel = limited.channel()
    channel.confirm_delivery()
    channel.basic_publish("amq.topic", "limited.key", b"")
    try:
        channel.basic_publish("amq.topic", "limited.key", b"", pika.BasicProperties(user_id="guest"))
    except ChannelClosedByBroker as error:
        assert error.reply_code == 406 and "user_id property set to 'guest'" in error.reply_text, error
    else:
        raise AssertionError("it published in another's name")
    limited.close()


def policy(connection):
    """An exchange that gets an alternate by its name."""
    channel = connection.channel()
    channel.confirm_delivery()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, "amq.fanout")
    exchange = name("policed")
    channel.exchange_declare(exchange, "direct", auto_delete=False)
    channel.basic_publish(exchange, "nobody", b"caught", mandatory=True)
    assert channel.basic_get(queue, auto_ack=True)[2] == b"caught"
    channel.exchange_delete(exchange)


def drain(channel, queue):
    found = []
    while True:
        method, properties, body = channel.basic_get(queue, auto_ack=True)
        if method is None:
            return found
        found.append((method, properties, body))


def directreply(connection):
    server, client = connection.channel(), connection.channel()
    questions = server.queue_declare("", exclusive=True).method.queue
    replies = {}

    def answer(ch, method, properties, body):
        assert properties.reply_to.startswith("amq.rabbitmq.reply-to."), properties.reply_to
        ch.basic_publish("", properties.reply_to, str(int(body) ** 2).encode(), pika.BasicProperties(correlation_id=properties.correlation_id))
        ch.basic_ack(method.delivery_tag)

    server.basic_consume(questions, answer)
    client.basic_consume("amq.rabbitmq.reply-to", lambda ch, method, properties, body: replies.update({properties.correlation_id: body}), auto_ack=True)
    for i in range(10):
        client.basic_publish("", questions, b"%d" % i, pika.BasicProperties(reply_to="amq.rabbitmq.reply-to", correlation_id=f"{i}"))
    for _ in range(200):
        connection.process_data_events(time_limit=0.1)
        if len(replies) == 10:
            break
    assert replies == {f"{i}": b"%d" % (i * i) for i in range(10)}, replies


def copies(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    first, second, blind = (channel.queue_declare("", exclusive=True).method.queue for _ in range(3))
    channel.basic_publish("", first, b"to all", pika.BasicProperties(headers={"CC": [second, first], "BCC": [blind], "kept": 1}))
    for queue in (first, second, blind):
        (method, properties, body), = drain(channel, queue)
        assert (method.routing_key, body, properties.headers) == (first, b"to all", {"CC": [second, first], "kept": 1}), properties


def alternate(connection):
    channel = connection.channel()
    caught, exchange = name("caught"), name("main")
    channel.exchange_declare(caught, "fanout", auto_delete=True)
    channel.exchange_declare(exchange, "direct", auto_delete=True, arguments={"alternate-exchange": caught})
    routed, rest = (channel.queue_declare("", exclusive=True).method.queue for _ in range(2))
    channel.queue_bind(routed, exchange, "known")
    channel.queue_bind(rest, caught)
    channel.confirm_delivery()
    channel.basic_publish(exchange, "known", b"routed", mandatory=True)
    channel.basic_publish(exchange, "unknown", b"caught", mandatory=True)
    assert [body for _, _, body in drain(channel, routed)] == [b"routed"]
    assert [(method.exchange, method.routing_key, body) for method, _, body in drain(channel, rest)] == [(exchange, "unknown", b"caught")]


def exchanges(connection):
    channel = connection.channel()
    source, destination = name("source"), name("destination")
    channel.exchange_declare(source, "direct", auto_delete=True)
    channel.exchange_declare(destination, "topic")
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, destination, "a.#")
    channel.exchange_bind(destination, source, "a.b")
    channel.confirm_delivery()
    channel.basic_publish(source, "a.b", b"through")
    channel.basic_publish(source, "a.c", b"lost")
    assert [(method.exchange, body) for method, _, body in drain(channel, queue)] == [(source, b"through")]
    channel.exchange_unbind(destination, source, "a.b")
    channel.exchange_delete(destination)


def delayed(connection):
    channel = connection.channel()
    exchange = name("delayed")
    channel.exchange_declare(exchange, "x-delayed-message", auto_delete=True, arguments={"x-delayed-type": "direct"})
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, exchange, "k")
    channel.confirm_delivery()
    for body, delay in ((b"last", 4000), (b"middle", 2000), (b"first", 0)):
        channel.basic_publish(exchange, "k", body, pika.BasicProperties(headers={"x-delay": delay}))
    found = take(channel, queue, 3, auto_ack=True)
    assert [(body, properties.headers["x-delay"]) for _, properties, body in found] == [(b"first", 0), (b"middle", -2000), (b"last", -4000)], found


def consistenthash(connection):
    channel = connection.channel()
    exchange = name("hash")
    channel.exchange_declare(exchange, "x-consistent-hash", auto_delete=True)
    queues = [channel.queue_declare("", exclusive=True).method.queue for _ in range(2)]
    for queue, weight in zip(queues, ("1", "3")):
        channel.queue_bind(queue, exchange, weight)
    for i in range(400):
        channel.basic_publish(exchange, f"key-{i % 200}", b"")
    found = [[method.routing_key for method, _, _ in drain(channel, queue)] for queue in queues]
    assert sum(map(len, found)) == 400 and 40 <= len(found[0]) <= 180, [len(keys) for keys in found]
    assert not set(found[0]) & set(found[1]), "a key went two ways"


# What a queue with arguments does: messages published, arguments of the queue, what is left in it, what is left in the queue of the dead with its reason.
LIMITED = {
    "ttl": (["a", "b"], {"x-message-ttl": 0}, [], [("a", "expired"), ("b", "expired")]),
    "maxlength": (["a", "b", "c"], {"x-max-length": 2}, ["b", "c"], [("a", "maxlen")]),
    "maxbytes": (["aaaa", "bb", "cc"], {"x-max-length-bytes": 4}, ["bb", "cc"], [("aaaa", "maxlen")]),
    "reject": (["a", "b"], {"x-max-length": 1, "x-overflow": "reject-publish-dlx"}, ["a"], [("b", "maxlen")]),
    "priority": (["a", "b!3", "c!9", "d!3"], {"x-max-priority": 5}, ["c", "b", "d", "a"], []),
}


def limits(connection):
    for case, (published, arguments, left, dead) in LIMITED.items():
        channel = connection.channel()
        dead_letters = channel.queue_declare("", exclusive=True).method.queue
        queue = channel.queue_declare("", exclusive=True, arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead_letters, **arguments}).method.queue
        for message in published:
            body, _, priority = message.partition("!")
            channel.basic_publish("", queue, body.encode(), pika.BasicProperties(priority=int(priority or 0)))
        found = take(channel, dead_letters, len(dead), auto_ack=True) if dead else []
        assert [(body.decode(), properties.headers["x-death"][0]["reason"]) for _, properties, body in found] == dead, (case, found)
        channel.cancel()
        found = take(channel, queue, len(left), auto_ack=True) if left else []
        assert [body.decode() for _, _, body in found] == left, (case, found)
        channel.close()


def nacked(connection):
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}).method.queue
    channel.confirm_delivery()
    channel.basic_publish("", queue, b"fits")
    try:
        channel.basic_publish("", queue, b"does not")
        raise AssertionError("a message too many was confirmed")
    except pika.exceptions.NackError:
        pass


def deaths(connection):
    channel = connection.channel()
    waiting = name("waiting")
    work = channel.queue_declare("", exclusive=True, arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": waiting}).method.queue
    channel.queue_declare(waiting, exclusive=True, arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": work, "x-message-ttl": 10})
    channel.basic_publish("", work, b"again", pika.BasicProperties(expiration="60000"))
    for round in range(3):
        (method, properties, _), = take(channel, work, 1)
        found = [(death["queue"], death["reason"], death["count"]) for death in (properties.headers or {}).get("x-death", [])]
        assert found == ([] if round == 0 else [(waiting, "expired", round), (work, "rejected", round)]), found
        channel.basic_nack(method.delivery_tag, requeue=round == 2)
    assert properties.headers["x-first-death-reason"] == "rejected" and properties.expiration is None, properties


def deliverylimit(connection):
    channel = connection.channel()
    dead_letters, queue = channel.queue_declare("", exclusive=True).method.queue, name("quorum")
    channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum", "x-delivery-limit": 2, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead_letters, "x-expires": 60000})
    channel.basic_publish("", queue, b"poison")
    for method, properties, _ in (one for _ in range(3) for one in take(channel, queue, 1)):
        channel.basic_reject(method.delivery_tag, requeue=True)
    assert properties.headers["x-delivery-count"] == 2, properties
    channel.cancel()
    (_, properties, _), = take(channel, dead_letters, 1, auto_ack=True)
    assert properties.headers["x-death"][0]["reason"] == "delivery_limit", properties


def consumers(connection):
    """Single active consumers hand over, consumers of a higher priority come first."""
    for arguments, priorities, expected in (({"x-single-active-consumer": True}, (None, None), ["first"] * 4 + ["second"] * 2), ({}, (1, 5), ["second"] * 4 + ["first"] * 2)):
        channel, seen = connection.channel(), []
        queue = channel.queue_declare("", exclusive=True, arguments=arguments).method.queue
        for tag, priority in zip(("first", "second"), priorities):
            channel.basic_consume(queue, lambda ch, method, *_: seen.append(method.consumer_tag), consumer_tag=tag, auto_ack=True, arguments=priority and {"x-priority": priority})
        for count, leaves in ((4, expected[0]), (6, None)):
            while channel.is_open and len(seen) < count:
                channel.basic_publish("", queue, b"")
                before = len(seen)
                while len(seen) == before:
                    connection.process_data_events(time_limit=20)
            if leaves:
                channel.basic_cancel(leaves)
        assert seen == expected, seen
        channel.close()


def userid(connection):
    """A message in another's name closes its channel."""
    channel = connection.channel()
    expect_closed(406, lambda: (channel.basic_publish("", "nobody", b"", pika.BasicProperties(user_id="another")), channel.queue_declare("", exclusive=True)))


def consumertimeout(connection):
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True, arguments={"x-consumer-timeout": 100}).method.queue
    channel.basic_publish("", queue, b"late")
    take(channel, queue, 1)

    for _ in range(40):
        connection.sleep(0.5)
        if not channel.is_open:
            break
    assert not channel.is_open, "the channel is open"
    assert connection.channel().basic_get(queue, auto_ack=True)[2] == b"late"


def expect_closed(code, act):
    try:
        act()
        raise AssertionError(f"nothing was closed with {code}")
    except ChannelClosedByBroker as closed:
        assert closed.reply_code == code, closed


if __name__ == "__main__":
    opened = connect()
    globals()[SCENARIO](opened)
    opened.close()
    print("OK", SCENARIO)
