"""What a program of AMQP 1.0 with Qpid Proton does: `with_proton.py URL SCENARIO` prints "OK SCENARIO" and exits with 0. Queues are declared with pika."""
import sys
import time
import uuid
from urllib.parse import quote, urlparse

import pika
from proton import ConnectionException, Delivery, Described, Link, Message, Terminus, int32, symbol, ulong
from proton.handlers import MessagingHandler
from proton.reactor import AtMostOnce, Container, Copy, DurableSubscription, Filter, LinkOption, ReceiverOption, Selector
from proton.utils import BlockingConnection, LinkDetached, SendException

URL, SCENARIO = sys.argv[1:3]
ADDRESS = urlparse(URL)
HOST = f"{ADDRESS.hostname}:{ADDRESS.port}"
PATIENCE = 30


def connect(**options):
    options.setdefault("user", ADDRESS.username)
    options.setdefault("password", ADDRESS.password)
    return BlockingConnection(HOST, timeout=PATIENCE, allow_insecure_mechs=True, **options)


def name(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


class Queue:
    """A queue of 0-9-1, its state, and its messages."""

    def __init__(self, prefix="one", durable=False, arguments=None):
        self.connection = pika.BlockingConnection(pika.URLParameters(URL))
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()
        self.name = name(prefix)
        self.channel.queue_declare(self.name, durable=durable, arguments=arguments)

    def count(self):
        return self.channel.queue_declare(self.name, passive=True).method.message_count

    def expect(self, count, connection=None):
        """Outcomes are not answered, so that their effect is waited for; a blocking connection of Proton sends only while it waits."""
        end = time.monotonic() + PATIENCE
        while self.count() != count:
            assert time.monotonic() < end, f"{self.count()} messages are in the queue, not {count}"
            if connection is None:
                time.sleep(0.01)
            else:
                connection.container.do_work(0.01)

    def get(self):
        end = time.monotonic() + PATIENCE
        while True:
            method, properties, body = self.channel.basic_get(self.name, auto_ack=True)
            if method is not None:
                return method, properties, body
            assert time.monotonic() < end, "no message came"
            time.sleep(0.01)

    def publish(self, body, properties=None):
        self.channel.basic_publish("", self.name, body, properties, mandatory=True)

    def delete(self):
        self.channel.queue_delete(self.name)


def sendreceive():
    queue = Queue()
    for options in [{}, {"user": None, "password": None}]:
        connection = connect(**options)
        sender = connection.create_sender(queue.name)
        receiver = connection.create_receiver(queue.name, credit=10)
        for i in range(100):
            sender.send(Message(id=i, subject="s", body=f"hello {i}", properties={"n": i}))
        for i in range(100):
            message = receiver.receive(timeout=PATIENCE)
            assert (message.id, message.subject, message.body, message.properties) == (i, "s", f"hello {i}", {"n": i}), message
            assert message.first_acquirer and message.delivery_count == 0
            receiver.accept()
        connection.close()
        queue.expect(0)
    queue.delete()


def presettled():
    queue = Queue()
    connection = connect()
    sender = connection.create_sender(f"/queues/{queue.name}", options=AtMostOnce())
    for i in range(50):
        sender.send(Message(body=i))
    queue.expect(50, connection)
    receiver = connection.create_receiver(f"/queues/{queue.name}", credit=50, options=AtMostOnce())
    assert [receiver.receive(timeout=PATIENCE).body for _ in range(50)] == list(range(50))
    connection.close()
    queue.expect(0)
    queue.delete()


def outcomes():
    dead = Queue("dead")
    queue = Queue("one", arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead.name})
    connection = connect()
    sender = connection.create_sender(queue.name)
    receiver = connection.create_receiver(queue.name, credit=1)

    def take():
        message = receiver.receive(timeout=PATIENCE)
        return message, receiver.fetcher.unsettled.popleft()

    def settle(delivery, state):
        delivery.update(state)
        delivery.settle()
        receiver.flow(1)

    receiver.flow(0)
    sender.send(Message(body="first"))
    message, delivery = take()
    settle(delivery, Delivery.RELEASED)
    message, delivery = take()
    assert message.delivery_count == 0 and not message.first_acquirer, message
    delivery.local.failed = True
    settle(delivery, Delivery.MODIFIED)
    message, delivery = take()
    assert message.delivery_count == 1 and not message.first_acquirer, message
    delivery.local.annotations = {symbol("x-opt-note"): "seen"}
    settle(delivery, Delivery.MODIFIED)
    message, delivery = take()
    assert message.delivery_count == 1 and message.annotations == {"x-opt-note": "seen"}, message
    settle(delivery, Delivery.REJECTED)
    dead.expect(1, connection)
    sender.send(Message(body="second"))
    message, delivery = take()
    delivery.local.undeliverable = True
    settle(delivery, Delivery.MODIFIED)
    dead.expect(2, connection)
    sender.send(Message(body="third"))
    message, delivery = take()
    receiver.link.close()
    queue.expect(1, connection)
    connection.close()
    queue.delete()
    dead.delete()


def order():
    """What is released goes back to its place."""
    queue = Queue()
    connection = connect()
    sender = connection.create_sender(queue.name)
    for i in range(10):
        sender.send(Message(body=i))
    receiver = connection.create_receiver(queue.name, credit=10)
    assert [receiver.receive(timeout=PATIENCE).body for _ in range(10)] == list(range(10))
    deliveries = list(receiver.fetcher.unsettled)
    for delivery in reversed(deliveries):
        delivery.update(Delivery.RELEASED)
        delivery.settle()
    receiver.fetcher.unsettled.clear()
    receiver.flow(10)
    assert [receiver.receive(timeout=PATIENCE).body for _ in range(10)] == list(range(10))
    connection.close()
    queue.delete()


def drain():
    queue = Queue()
    connection = connect()
    sender = connection.create_sender(queue.name)
    for i in range(3):
        sender.send(Message(body=i))

    class Drain(MessagingHandler):
        def __init__(self):
            super().__init__(prefetch=0, auto_accept=True)
            self.bodies = []

        def on_start(self, event):
            self.receiver = event.container.create_receiver(
                event.container.connect(HOST, user=ADDRESS.username, password=ADDRESS.password, allow_insecure_mechs=True), queue.name)

        def on_link_opened(self, event):
            event.receiver.drain(10)

        def on_message(self, event):
            self.bodies.append(event.message.body)

        def on_link_flow(self, event):
            if event.receiver is not None and not event.receiver.credit:
                self.drained = event.receiver.drained()
                event.connection.close()

    handler = Drain()
    Container(handler).run()
    assert handler.bodies == [0, 1, 2] and handler.drained == 7, (handler.bodies, handler.drained)
    connection.close()
    queue.delete()


def large():
    queue = Queue()
    connection = connect()
    sender = connection.create_sender(queue.name)
    receiver = connection.create_receiver(queue.name, credit=1)
    for octets in [65_535, 65_536, 200_000, 10_000_000]:
        body = bytes(range(256)) * (octets // 256 + 1)
        body = body[:octets]
        sender.send(Message(body=body, inferred=True))
        message = receiver.receive(timeout=PATIENCE)
        assert message.body == body, f"{len(message.body)} octets of {octets}"
        receiver.accept()
        sender.send(Message(body=body.hex()[:octets]))
        assert receiver.receive(timeout=PATIENCE).body == body.hex()[:octets]
        receiver.accept()
    connection.close()
    queue.delete()


def second():
    """Exactly once as far as one connection goes: the receiver settles last."""
    queue = Queue()

    class Second(LinkOption):
        def apply(self, link):
            link.rcv_settle_mode = Link.RCV_SECOND

    class Handler(MessagingHandler):
        def __init__(self):
            super().__init__(auto_accept=False, auto_settle=False)
            self.states = []

        def on_start(self, event):
            connection = event.container.connect(HOST, user=ADDRESS.username, password=ADDRESS.password, allow_insecure_mechs=True)
            self.sender = event.container.create_sender(connection, queue.name, options=Second())
            event.container.create_receiver(connection, queue.name, options=Second())

        def on_sendable(self, event):
            if "sent" not in self.states:
                self.states.append("sent")
                event.sender.send(Message(body="once"))

        def on_delivery(self, event):
            delivery = event.delivery
            if event.link.is_sender and delivery.remote_state == Delivery.ACCEPTED:
                self.states.append("accepted by the broker" + (", settled" if delivery.settled else ""))
                delivery.settle()
            elif event.link.is_receiver and delivery.readable and not delivery.partial:
                event.link.recv(delivery.pending)
                event.link.advance()
                delivery.update(Delivery.ACCEPTED)
            elif event.link.is_receiver and delivery.settled:
                self.states.append("settled by the broker")
                delivery.settle()
            if len(self.states) == 3:
                event.connection.close()

    handler = Handler()
    Container(handler).run()
    assert sorted(handler.states) == ["accepted by the broker", "sent", "settled by the broker"], handler.states
    queue.expect(0)
    queue.delete()


def refused():
    connection = connect()
    for role in [connection.create_sender, connection.create_receiver]:
        for address, condition in [(name("missing"), "amqp:not-found"), ("/queues/" + name("missing"), "amqp:not-found"), ("/queues/a/b", "amqp:invalid-field")]:
            try:
                role(address)
                raise AssertionError(f"{address} was attached")
            except LinkDetached as detached:
                assert detached.condition == condition, detached
    connection.close()
    for options, word in [({"password": "wrong"}, "Authentication failed"), ({"virtual_host": "vhost:missing"}, "amqp:not-found")]:
        try:
            connect(**options)
            raise AssertionError(f"{options} was let in")
        except ConnectionException as refusal:
            assert word in str(refusal), refusal


def permissions():
    connection = connect(user="limited", password="limited")
    queue = Queue()
    for role in [connection.create_sender, connection.create_receiver]:
        try:
            role(queue.name)
            raise AssertionError("attached")
        except LinkDetached as detached:
            assert detached.condition == "amqp:unauthorized-access", detached
    connection.create_sender("/exchanges/amq.topic/limited.one")
    try:
        connection.create_sender("/exchanges/amq.topic/others.one")
        raise AssertionError("attached")
    except LinkDetached as detached:
        assert detached.condition == "amqp:unauthorized-access", detached
    connection.close()
    queue.delete()


def deleted():
    queue = Queue()
    connection = connect()
    receiver = connection.create_receiver(queue.name, credit=1)
    queue.delete()
    try:
        receiver.receive(timeout=PATIENCE)
        raise AssertionError("a message came")
    except LinkDetached as detached:
        assert detached.condition == "amqp:resource-deleted", detached
    connection.close()


def exchanges():
    queue = Queue("a queue / with %")
    queue.channel.queue_bind(queue.name, "amq.topic", "one.*")
    connection = connect()
    connection.create_sender("/exchanges/amq.topic/one.two").send(Message(body=1))
    connection.create_sender("amq.topic/one.three").send(Message(body=2))
    connection.create_sender("amq.topic").send(Message(subject="one.four", body=3))
    unroutable = connection.create_sender("/exchanges/amq.topic/two")
    try:
        unroutable.send(Message(body=4))
        raise AssertionError("it went somewhere")
    except SendException as refused:
        assert refused.state == Delivery.RELEASED, refused
    receiver = connection.create_receiver("/queues/" + quote(queue.name, safe=""), credit=3)
    assert [receiver.receive(timeout=PATIENCE).body for _ in range(3)] == [1, 2, 3]
    connection.close()
    queue.delete()


def full():
    queue = Queue(arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    connection = connect()
    sender = connection.create_sender(queue.name)
    sender.send(Message(body=1))
    try:
        sender.send(Message(body=2))
        raise AssertionError("a full queue took a message")
    except SendException as refused:
        assert refused.state == Delivery.REJECTED, refused
    connection.close()
    queue.delete()


def fromolder():
    """A message of 0-9-1, read with 1.0: every property that has a place there."""
    queue = Queue()
    when = 1_700_000_000
    queue.publish(b"octets", pika.BasicProperties(
        content_type="text/plain", content_encoding="gzip", delivery_mode=2, priority=3, correlation_id="c", reply_to="answers", expiration="60000", message_id="m",
        timestamp=when, type="kind", user_id="guest", app_id="app", headers={"n": 5, "s": "text", "b": True, "x-note": "noted", "table": {"a": 1}}))
    connection = connect()
    receiver = connection.create_receiver(queue.name, credit=1)
    message = receiver.receive(timeout=PATIENCE)
    assert bytes(message.body) == b"octets" and message.inferred is not None, message
    assert (message.durable, message.priority, message.first_acquirer) == (True, 3, True), message
    assert 0 < message.ttl <= 60, message.ttl
    assert (message.content_type, message.content_encoding, message.id, message.correlation_id) == ("text/plain", "gzip", "m", "c"), message
    assert (message.reply_to, message.creation_time, message.user_id, message.group_id) == ("/queues/answers", when, b"guest", "app"), message
    assert message.properties["n"] == 5 and message.properties["s"] == "text" and message.properties["b"] is True, message.properties
    assert "table" not in message.properties, message.properties
    annotations = dict(message.annotations)
    assert annotations["x-basic-type"] == "kind" and annotations["x-note"] == "noted", annotations
    assert annotations["x-exchange"] == "" and annotations["x-routing-key"] == queue.name, annotations
    receiver.accept()
    connection.close()
    queue.delete()


def toolder():
    """A message of 1.0, read with 0-9-1."""
    queue = Queue()
    connection = connect()
    sender = connection.create_sender(queue.name)
    identity = uuid.uuid4()
    sender.send(Message(
        body=b"octets", inferred=True, durable=True, priority=3, ttl=60, id=identity, correlation_id=7, content_type="text/plain", content_encoding="gzip",
        reply_to="/queues/answers", creation_time=1_700_000_000, user_id=b"guest", group_id="app", properties={"n": 5, "s": "text", "b": True},
        annotations={symbol("x-note"): "noted"}))
    method, properties, body = queue.get()
    assert body == b"octets" and not method.redelivered, body
    assert (properties.delivery_mode, properties.priority, properties.content_type, properties.content_encoding) == (2, 3, "text/plain", "gzip"), properties
    assert (properties.message_id, properties.correlation_id, properties.reply_to) == (f"urn:uuid:{identity}", "7", "answers"), properties
    assert (properties.timestamp, properties.user_id, properties.app_id) == (1_700_000_000, "guest", "app"), properties
    assert 0 < int(properties.expiration) <= 60_000, properties
    assert (properties.headers["n"], properties.headers["s"], properties.headers["b"], properties.headers["x-note"]) == (5, "text", True, "noted"), properties
    sender.send(Message(body={"a": [1, 2]}))
    method, properties, body = queue.get()
    assert properties.type == "amqp-1.0" and body.startswith(b"\x00\x53\x77"), (properties, body)
    big = bytes(range(256)) * 4096
    sender.send(Message(body=big, inferred=True))
    method, properties, body = queue.get()
    assert body == big, len(body)
    receiver = connection.create_receiver(queue.name, credit=1)
    queue.publish(big)
    assert bytes(receiver.receive(timeout=PATIENCE).body) == big
    receiver.accept()
    connection.close()
    queue.delete()


def there_and_back():
    """What a consumer of 0-9-1 gives back is what it was for one of 1.0."""
    queue = Queue()
    connection = connect()
    sender = connection.create_sender(queue.name)
    sent = Message(body={"k": [1, None, "x"]}, id=2**64 - 1, subject="s", properties={"c": 1.5}, annotations={symbol("x-opt-a"): 1})
    sender.send(sent)
    method, _, _ = queue.channel.basic_get(queue.name)
    queue.channel.basic_nack(method.delivery_tag, requeue=True)
    receiver = connection.create_receiver(queue.name, credit=1)
    message = receiver.receive(timeout=PATIENCE)
    assert (message.body, message.id, message.subject, message.properties, message.annotations) == (sent.body, sent.id, "s", {"c": 1.5}, {"x-opt-a": 1}), message
    assert not message.first_acquirer
    receiver.accept()
    connection.close()
    queue.delete()


def deaths():
    """A dead letter tells both versions of its death."""
    dead = Queue("dead")
    queue = Queue("one", arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead.name})
    connection = connect()
    sender = connection.create_sender(queue.name)
    receiver = connection.create_receiver(queue.name, credit=2)
    for body in ["first", "second"]:
        sender.send(Message(body=body))
        receiver.receive(timeout=PATIENCE)
        receiver.reject()
    dead.expect(2, connection)
    method, properties, body = dead.get()
    death = properties.headers["x-death"][0]
    assert (death["queue"], death["reason"], death["count"], death["routing-keys"]) == (queue.name, "rejected", 1, [queue.name]), properties.headers
    assert properties.headers["x-first-death-queue"] == queue.name, properties.headers
    reader = connection.create_receiver(dead.name, credit=1)
    message = reader.receive(timeout=PATIENCE)
    deaths = list(message.annotations["x-opt-deaths"])
    assert (deaths[0]["queue"], deaths[0]["reason"], deaths[0]["count"]) == (queue.name, "rejected", 1), deaths
    assert message.body == "second" and message.annotations["x-first-death-reason"] == "rejected", message
    reader.accept()
    connection.close()
    queue.delete()
    dead.delete()


def expiry():
    """What has expired in a circle of queues is dropped, of whatever version."""
    queue = Queue("one", arguments={"x-message-ttl": 1, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "nobody"})
    connection = connect()
    connection.create_sender(queue.name).send(Message(body="x", ttl=1000))
    queue.expect(0, connection)
    connection.close()
    queue.delete()


def headers():
    """Exchanges that look into messages see those of 1.0 as well, and x-cc names more keys."""
    queue = Queue()
    exchange = name("headers")
    queue.channel.exchange_declare(exchange, "headers")
    queue.channel.queue_bind(queue.name, exchange, "", {"x-match": "all", "colour": "red"})
    other = Queue()
    connection = connect()
    sender = connection.create_sender(f"/exchanges/{exchange}")
    sender.send(Message(body=1, properties={"colour": "red"}))
    try:
        sender.send(Message(body=2, properties={"colour": "blue"}))
        raise AssertionError("it went somewhere")
    except SendException as refused:
        assert refused.state == Delivery.RELEASED, refused
    connection.create_sender(queue.name).send(Message(body=3, annotations={symbol("x-cc"): [other.name]}))
    queue.expect(2)
    other.expect(1)
    connection.close()
    queue.channel.exchange_delete(exchange)
    queue.delete()
    other.delete()


def requestreply():
    """A request whose answer comes to a node that was made for it, over a link without an address."""
    queue = Queue()
    asking, answering = connect(), connect()
    replies = asking.create_receiver(None, dynamic=True, credit=1)
    address = replies.link.remote_source.address
    asking.create_sender(queue.name).send(Message(body="question", reply_to=address, correlation_id="1"))
    requests = answering.create_receiver(queue.name, credit=1)
    request = requests.receive(timeout=PATIENCE)
    requests.accept()
    answering.create_sender(None).send(Message(address=request.reply_to, correlation_id=request.correlation_id, body=request.body.upper()))
    answer = replies.receive(timeout=PATIENCE)
    assert (answer.body, answer.correlation_id) == ("QUESTION", "1"), answer
    replies.accept()
    asking.close()
    answering.close()
    queue.delete()


def subscription():
    """A durable subscriber, as Proton's examples have it: what comes while it is away waits for it."""
    container, link = name("container"), name("link")

    def subscriber():
        reactor = Container()
        reactor.container_id = container
        connection = connect(container=reactor)
        return connection, connection.create_receiver("amq.topic/news.*", credit=10, name=link, options=DurableSubscription())

    publisher = connect()
    sender = publisher.create_sender("amq.topic/news.today")
    connection, receiver = subscriber()
    sender.send(Message(body="one"))
    assert receiver.receive(timeout=PATIENCE).body == "one"
    receiver.accept()
    receiver.detach()
    connection.close()
    sender.send(Message(body="two"))
    connection, receiver = subscriber()
    assert receiver.receive(timeout=PATIENCE).body == "two"
    receiver.accept()
    receiver.close()
    connection.close()
    try:
        sender.send(Message(body="three"))
        raise AssertionError("somebody was there still")
    except SendException as refused:
        assert refused.state == Delivery.RELEASED, refused
    publisher.close()


def named(container):
    """A connection of a container of that name."""
    reactor = Container()
    reactor.container_id = container
    return connect(container=reactor)


def released(sender, body):
    try:
        sender.send(Message(body=body))
        return False
    except SendException as refused:
        assert refused.state == Delivery.RELEASED, refused
        return True


def ending():
    """A durable subscription is ended by a receiver of its name, without an address: Proton sends a source all the same."""
    container, link = name("container"), name("link")
    publisher = connect()
    sender = publisher.create_sender("amq.topic/ending.one")
    connection = named(container)
    connection.create_receiver("amq.topic/ending.*", name=link, options=DurableSubscription()).detach()
    connection.close()
    assert not released(sender, "one")
    connection = named(container)
    receiver = connection.create_receiver(None, name=link, credit=1)
    assert receiver.receive(timeout=PATIENCE).body == "one"
    receiver.accept()
    receiver.close()
    assert released(sender, "two")
    try:
        connection.create_receiver(None, name=link)
        raise AssertionError("it is there still")
    except LinkDetached as detached:
        assert detached.condition == "amqp:not-found", detached
    connection.close()
    publisher.close()


def timeout():
    """A durable subscription that is to last two seconds without a link."""
    class Timed(ReceiverOption):
        def apply(self, receiver):
            receiver.source.durability = Terminus.DELIVERIES
            receiver.source.expiry_policy = Terminus.EXPIRE_WITH_LINK
            receiver.source.timeout = 2

    publisher = connect()
    sender = publisher.create_sender("amq.topic/timed.one")
    connection = named(name("container"))
    receiver = connection.create_receiver("amq.topic/timed.*", name=name("link"), options=Timed())
    assert (receiver.link.remote_source.timeout, receiver.link.remote_source.expiry_policy) == (2, Terminus.EXPIRE_WITH_LINK)
    assert not released(sender, "before")

    receiver.detach()
    end = time.monotonic() + PATIENCE
    while not released(sender, "after"):
        assert time.monotonic() < end, "it is there still"

        # A blocking connection writes what it was told, the detach as well, only while it works.
        connection.container.do_work(0.1)
    connection.close()
    publisher.close()


def selector():
    """A stream, read from its beginning by a selector."""
    queue = Queue("stream", durable=True, arguments={"x-queue-type": "stream"})
    connection = connect()
    sender = connection.create_sender(queue.name)
    for i in range(20):
        sender.send(Message(body=i, properties={"colour": "red" if i % 2 else "blue", "weight": i}))

    class First(Filter):
        def __init__(self):
            super().__init__({
                symbol("rabbitmq:stream-offset-spec"): Described(symbol("rabbitmq:stream-offset-spec"), "first"),
                symbol("selector"): Described(symbol("apache.org:selector-filter:string"), "colour = 'red' AND weight > 3")})

    class Offset(Filter):
        def __init__(self, value):
            super().__init__({symbol("rabbitmq:stream-offset-spec"): Described(symbol("rabbitmq:stream-offset-spec"), value)})

    for offset in [17, ulong(17), int32(17)]:
        receiver = connection.create_receiver(queue.name, credit=3, options=Offset(offset))
        assert [receiver.receive(timeout=PATIENCE).body for _ in range(3)] == [17, 18, 19], offset
        receiver.close()
    try:
        connection.create_receiver(queue.name, options=Offset("bogus"))
        raise AssertionError("attached")
    except LinkDetached as detached:
        assert detached.condition == "amqp:invalid-field", detached

    receiver = connection.create_receiver(queue.name, credit=20, options=First())
    for i in range(5, 20, 2):
        assert receiver.receive(timeout=PATIENCE).body == i
        receiver.accept()
    connection.close()
    queue.delete()


def queueselector():
    """A receiver picks messages of a queue, and another gets the rest, in their order."""
    queue = Queue()
    connection = connect()
    sender = connection.create_sender(queue.name)
    for i in range(20):
        sender.send(Message(body=i, properties={"colour": "red" if i % 2 else "blue", "weight": i}))
    picky = connection.create_receiver(queue.name, credit=20, options=Selector("colour = 'red' AND weight > 3"))
    for i in range(5, 20, 2):
        assert picky.receive(timeout=PATIENCE).body == i
        picky.accept()
    sender.send(Message(body=20, properties={"colour": "red", "weight": 20}))
    assert picky.receive(timeout=PATIENCE).body == 20
    picky.accept()
    other = connection.create_receiver(queue.name, credit=20, name="other")
    for i in [0, 1, 2, 3, *range(4, 20, 2)]:
        assert other.receive(timeout=PATIENCE).body == i
        other.accept()
    queue.expect(0, connection)
    connection.close()
    queue.delete()


def browser():
    """Copies of what waits, and the messages stay."""
    queue = Queue()
    connection = connect()
    sender = connection.create_sender(queue.name)
    for i in range(10):
        sender.send(Message(body=i))
    for _ in range(2):
        receiver = connection.create_receiver(queue.name, credit=10, options=Copy())
        for i in range(10):
            assert receiver.receive(timeout=PATIENCE).body == i
            receiver.accept()
        receiver.close()
    assert queue.count() == 10
    connection.close()
    queue.delete()


globals()[SCENARIO]()
print(f"OK {SCENARIO}")
