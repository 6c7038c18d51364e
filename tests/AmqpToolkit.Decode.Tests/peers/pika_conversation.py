"""A conversation with every common method, for a recording: pika_conversation.py port"""
import datetime
import decimal
import sys

import pika

parameters = pika.ConnectionParameters(
    "127.0.0.1", int(sys.argv[1]), credentials=pika.PlainCredentials("guest", "guest"), client_properties={"answer": 42})
connection = pika.BlockingConnection(parameters)
channel = connection.channel()
channel.exchange_declare("recorded", "topic", auto_delete=True, arguments={"x-note": "one"})
channel.exchange_declare("source", "fanout", auto_delete=True)
channel.exchange_bind("recorded", "source", "key")
channel.queue_declare("first", exclusive=True, arguments={"x-max-length": 1000, "x-list": [1, "two", {"three": 3}]})
channel.queue_bind("first", "recorded", "eu.#")
channel.basic_qos(prefetch_count=10)
channel.confirm_delivery()
properties = pika.BasicProperties(
    content_type="text/plain", content_encoding="utf-8", delivery_mode=2, priority=4, correlation_id="c-1", reply_to="answers",
    expiration="60000", message_id="m-1", timestamp=1700000000, type="greeting", user_id="guest", app_id="recorder",
    headers={
        "integer": 7, "large": 2 ** 40, "text": "grüße", "flag": True, "nothing": None, "money": decimal.Decimal("12.50"),
        "when": datetime.datetime(2023, 11, 14, 22, 13, 20), "table": {"inner": {"deep": [1, [2, "x"]]}}})
for n in range(3):
    channel.basic_publish("recorded", f"eu.{n}", b"message %d" % n, properties, mandatory=True)
channel.basic_publish("source", "eu.large", b"x" * 300_000)
seen = []


def take(ch, method, header, body):
    seen.append(body)
    if len(seen) == 1:
        ch.basic_ack(method.delivery_tag)
    elif len(seen) == 2:
        ch.basic_nack(method.delivery_tag, requeue=False)
    else:
        ch.basic_reject(method.delivery_tag, requeue=False)
    if len(seen) == 4:
        ch.stop_consuming()


channel.basic_consume("first", take, consumer_tag="consumer-1")
channel.start_consuming()
assert channel.basic_get("first")[0] is None
channel.basic_publish("", "first", b"to be got")
assert channel.basic_get("first", auto_ack=True)[2] == b"to be got"
channel.queue_purge("first")
channel.queue_unbind("first", "recorded", "eu.#")
transaction = connection.channel()
transaction.tx_select()
transaction.basic_publish("", "first", b"")
transaction.tx_rollback()
transaction.tx_commit()
transaction.basic_recover(requeue=True)
try:
    connection.channel().queue_declare("no such queue", passive=True)
except pika.exceptions.ChannelClosedByBroker as error:
    assert error.reply_code == 404
channel.exchange_unbind("recorded", "source", "key")
channel.queue_delete("first")
channel.exchange_delete("source")
channel.close()
connection.close()
