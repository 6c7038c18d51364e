// What a program with amqplib does: `node with_amqplib.js URL SCENARIO` prints "OK SCENARIO" and exits with 0.
'use strict';

const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const amqp = require('amqplib');

const [url, scenario] = process.argv.slice(2);
const name = (prefix) => `${prefix}-${randomUUID().slice(0, 8)}`;
const text = (message) => message.content.toString();

// Consumes until `count` messages were handled; rejects when they do not come in 20 s.
const consume = (channel, queue, count, handle, options) =>
  new Promise((resolve, reject) => {
    let seen = 0;
    const timer = setTimeout(() => reject(new Error(`${seen} of ${count} messages came`)), 20000);
    channel.consume(queue, (message) => {
      try {
        handle(message);
        if (++seen === count) {
          clearTimeout(timer);
          resolve();
        }
      } catch (error) {
        reject(error);
      }
    }, options).catch(reject);
  });

const scenarios = {
  async confirms(connection) {
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    for (let i = 0; i < 100; i++) channel.sendToQueue(queue, Buffer.from(`${i}`), { persistent: true });
    await channel.waitForConfirms();
    assert.equal((await channel.checkQueue(queue)).messageCount, 100);
  },

  async prefetch(connection) {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    for (let i = 0; i < 50; i++) channel.sendToQueue(queue, Buffer.from(`${i}`));
    await channel.prefetch(5);
    const seen = [];
    let unacked = 0;
    await consume(channel, queue, 50, (message) => {
      seen.push(Number(text(message)));
      assert.ok(++unacked <= 5, `${unacked} unacknowledged`);
      if (unacked === 5) {
        channel.ack(message, true);
        unacked = 0;
      }
    });
    assert.deepEqual(seen, [...Array(50).keys()]);
  },

  async rpc(connection) {
    const server = await connection.createChannel();
    const client = await connection.createChannel();
    const questions = (await server.assertQueue('', { exclusive: true })).queue;
    const answers = (await client.assertQueue('', { exclusive: true })).queue;
    await server.consume(questions, (message) => {
      const { replyTo, correlationId } = message.properties;
      server.sendToQueue(replyTo, Buffer.from(`${Number(text(message)) ** 2}`), { correlationId });
      server.ack(message);
    });
    const replies = {};
    for (let i = 0; i < 10; i++) client.sendToQueue(questions, Buffer.from(`${i}`), { replyTo: answers, correlationId: `${i}` });
    await consume(client, answers, 10, (message) => { replies[message.properties.correlationId] = Number(text(message)); }, { noAck: true });
    for (let i = 0; i < 10; i++) assert.equal(replies[i], i * i);
  },

  async topic(connection) {
    const channel = await connection.createConfirmChannel();
    const exchange = name('topic');
    await channel.assertExchange(exchange, 'topic', { autoDelete: true, durable: false });
    const wanted = { '#': 4, 'log.*': 2, '*.error': 2, 'log.error': 1, '#.deep': 1, nothing: 0 };
    const queues = {};
    for (const pattern of Object.keys(wanted)) {
      queues[pattern] = (await channel.assertQueue('', { exclusive: true })).queue;
      await channel.bindQueue(queues[pattern], exchange, pattern);
    }
    for (const key of ['log.error', 'log.info', 'app.error', 'log.very.deep']) channel.publish(exchange, key, Buffer.from(key));
    await channel.waitForConfirms();
    for (const [pattern, count] of Object.entries(wanted)) assert.equal((await channel.checkQueue(queues[pattern])).messageCount, count, pattern);
  },

  async mandatory(connection) {
    const channel = await connection.createConfirmChannel();
    const returned = [];
    channel.on('return', (message) => returned.push(message));
    channel.publish('amq.direct', 'nobody', Buffer.from('back'), { mandatory: true });
    await channel.waitForConfirms();
    assert.equal(returned.length, 1, 'the return comes before the confirm');
    const { replyCode, replyText, exchange, routingKey } = returned[0].fields;
    assert.deepEqual([replyCode, replyText, exchange, routingKey, text(returned[0])], [312, 'NO_ROUTE', 'amq.direct', 'nobody', 'back']);
  },

  async large(connection) {
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const body = Buffer.alloc(8 * 1024 * 1024, Buffer.from([...Array(251).keys()]));
    channel.sendToQueue(queue, body);
    await channel.waitForConfirms();
    const found = await channel.get(queue, { noAck: true });
    assert.ok(body.equals(found.content), 'the body came out changed');
  },

  async nack(connection) {
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    for (const body of ['a', 'b', 'c']) channel.sendToQueue(queue, Buffer.from(body));
    await channel.waitForConfirms();
    for (let i = 0; i < 3; i++) assert.equal((await channel.get(queue)).fields.redelivered, false);
    channel.nackAll(true);
    const found = [];
    for (let i = 0; i < 3; i++) found.push(await channel.get(queue));
    assert.deepEqual(found.map((message) => [text(message), message.fields.redelivered]), [['a', true], ['b', true], ['c', true]]);
    channel.nack(found[2], true, false);
    assert.equal(await channel.get(queue), false);
  },

  async exclusive(connection) {
    const queue = name('exclusive');
    const owner = await amqp.connect(url);
    await (await owner.createChannel()).assertQueue(queue, { exclusive: true });
    const look = async () => {
      const channel = await connection.createChannel();
      channel.on('error', () => {});
      await channel.checkQueue(queue);
    };
    await assert.rejects(look, (error) => error.code === 405);
    await owner.close();
    await assert.rejects(look, (error) => error.code === 404);
  },

  // A user that may do things with limited-* alone.
  async permissions() {
    const limited = await amqp.connect(url.replace('guest:guest', 'limited:limited'));
    const refused = async (act, expected) => {
      const channel = await limited.createConfirmChannel();
      const failed = new Promise((resolve) => channel.on('error', resolve));
      act(channel).catch(() => {});
      const error = await failed;
      assert.equal(error.code, 403);
      assert.match(error.message, expected);
    };
    await refused((channel) => channel.assertQueue('other'), /configure access to queue 'other' in vhost '\/' refused for user 'limited'/);
    await refused(async (channel) => { channel.publish('amq.topic', 'other.key', Buffer.from('')); }, /write access to topic 'other\.key'/);
    const channel = await limited.createConfirmChannel();
    await channel.assertQueue(name('limited'), { exclusive: true });
    channel.publish('amq.topic', 'limited.key', Buffer.from(''));
    await channel.waitForConfirms();
    await limited.close();
  },

  // An exchange that gets an alternate by its name.
  async policy(connection) {
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, 'amq.fanout', '');
    const exchange = name('policed');
    await channel.assertExchange(exchange, 'direct', { durable: false });
    channel.publish(exchange, 'nobody', Buffer.from('caught'), { mandatory: true });
    await channel.waitForConfirms();
    assert.equal(text(await channel.get(queue, { noAck: true })), 'caught');
    await channel.deleteExchange(exchange);
  },
};

(async () => {
  const connection = await amqp.connect(url);
  await scenarios[scenario](connection);
  await connection.close();
  console.log('OK', scenario);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
