"""Two containers of qpid-proton that talk, for a recording: proton_conversation.py port-to-connect port-to-listen"""
import sys
import threading
import uuid

from proton import Condition, Delivery, Message, int32, symbol, timestamp, ubyte, ulong
from proton.handlers import MessagingHandler
from proton.reactor import AtLeastOnce, AtMostOnce, Container, DynamicNodeProperties, Selector

LISTENING = threading.Event()


class Server(MessagingHandler):
    def __init__(self, port):
        super().__init__(auto_accept=False, prefetch=5)
        self.port = port
        self.seen = 0

    def on_start(self, event):
        self.acceptor = event.container.listen(f"127.0.0.1:{self.port}")
        LISTENING.set()

    def on_connection_bound(self, event):
        event.transport.max_frame_size = 4096

    def on_link_opening(self, event):
        link = event.link
        if link.remote_source.dynamic:
            link.source.address = "dynamic-1"
            link.source.dynamic = True
        else:
            link.source.copy(link.remote_source)
        link.target.copy(link.remote_target)

    def on_link_opened(self, event):
        if event.link.is_sender and event.link.remote_source.address == "refused":
            event.link.condition = Condition("amqp:not-found", "no such node", {symbol("node"): "refused"})
            event.link.close()

    def on_message(self, event):
        self.seen += 1
        outcomes = [Delivery.ACCEPTED, Delivery.REJECTED, Delivery.RELEASED, Delivery.MODIFIED]
        if not event.delivery.settled:
            event.delivery.update(outcomes[self.seen % 4])
        event.delivery.settle()

    def on_sendable(self, event):
        if event.link.remote_source.address == "numbers" and not getattr(event.link, "done", False):
            event.link.done = True
            for n in range(3):
                event.link.send(Message(id=n, body=f"number {n}"))

    def on_connection_closed(self, event):
        self.acceptor.close()


class Client(MessagingHandler):
    def __init__(self, port):
        super().__init__(prefetch=0)
        self.port = port
        self.settled = 0
        self.received = 0
        self.messages = [
            Message(body="grüße"),
            Message(
                id=uuid.UUID(int=7), user_id=b"guest", address="orders", subject="a subject", reply_to="answers", correlation_id="c-1",
                content_type=symbol("text/plain"), content_encoding=symbol("utf-8"), expiry_time=1700000001, creation_time=1700000000,
                group_id="g", group_sequence=4, reply_to_group_id="r", durable=True, priority=7, ttl=30, first_acquirer=True, delivery_count=2,
                properties={"text": "t", "integer": int32(-5), "large": ulong(2 ** 60), "flag": True, "real": 1.5, "when": timestamp(1700000000123), "id": uuid.UUID(int=9)},
                annotations={symbol("x-opt-one"): 1}, instructions={symbol("x-opt-two"): "two"}, body=b"\x00\x01\x02", inferred=True),
            Message(body={"map": {"deep": [1, "two", None]}, "small": ubyte(3)}),
            Message(body=[1, [2, [3]], "x"], inferred=True),
            Message(body="x" * 20000),
        ]

    def on_start(self, event):
        connection = event.container.connect(f"127.0.0.1:{self.port}", reconnect=False, max_frame_size=4096, virtual_host="recorded", properties={"answer": 42})
        self.connection = connection
        self.sender = event.container.create_sender(connection, "orders", name="sender-1", options=AtLeastOnce())
        self.quick = event.container.create_sender(connection, "quick", name="sender-2", options=AtMostOnce())
        self.receiver = event.container.create_receiver(connection, "numbers", name="receiver-1", options=[Selector("colour = 'green'")])
        event.container.create_receiver(connection, None, dynamic=True, name="receiver-2", options=DynamicNodeProperties({"lifetime-policy": symbol("amqp:delete-on-close:list")}))
        self.refused = event.container.create_receiver(connection, "refused", name="receiver-3")
        self.receiver.flow(10)
        self.sent = False
        self.was_refused = False

    def on_sendable(self, event):
        if event.link == self.sender and not self.sent:
            self.sent = True
            for message in self.messages:
                self.sender.send(message)
        elif event.link == self.quick and not getattr(self, "hurried", False):
            self.hurried = True
            self.quick.send(Message(body="quick"))

    def on_settled(self, event):
        if event.link == self.sender:
            self.settled += 1
            self.done()

    def on_message(self, event):
        self.received += 1
        self.done()

    def on_link_error(self, event):
        self.was_refused = True
        event.link.close()
        self.done()

    def done(self):
        if self.settled == len(self.messages) and self.received == 3 and self.was_refused:
            self.sender.close()
            self.connection.close()


server = threading.Thread(target=lambda: Container(Server(int(sys.argv[2]))).run(), daemon=True)
server.start()
assert LISTENING.wait(20)
client = Client(int(sys.argv[1]))
Container(client).run()
assert client.received == 3 and client.was_refused
