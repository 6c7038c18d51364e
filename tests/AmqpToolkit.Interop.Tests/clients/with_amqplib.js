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

  async directreply(connection) {
    const server = await connection.createChannel();
    const client = await connection.createChannel();
    const { queue } = await server.assertQueue('', { exclusive: true });
    await server.consume(queue, (message) => {
      const { replyTo, correlationId } = message.properties;
      assert.match(replyTo, /^amq\.rabbitmq\.reply-to\..+/);
      server.sendToQueue(replyTo, Buffer.from(`${Number(text(message)) ** 2}`), { correlationId });
      server.ack(message);
    });
    const replies = {};
    const answered = consume(client, 'amq.rabbitmq.reply-to', 10, (message) => { replies[message.properties.correlationId] = Number(text(message)); }, { noAck: true });
    for (let i = 0; i < 10; i++) client.sendToQueue(queue, Buffer.from(`${i}`), { replyTo: 'amq.rabbitmq.reply-to', correlationId: `${i}` });
    await answered;
    for (let i = 0; i < 10; i++) assert.equal(replies[i], i * i);
  },

  async copies(connection) {
    const channel = await connection.createConfirmChannel();
    const queues = [];
    for (let i = 0; i < 3; i++) queues.push((await channel.assertQueue('', { exclusive: true })).queue);
    channel.sendToQueue(queues[0], Buffer.from('to all'), { CC: [queues[1], queues[0]], BCC: queues[2] });
    await channel.waitForConfirms();
    for (const queue of queues) {
      const found = await channel.get(queue, { noAck: true });
      assert.equal(text(found), 'to all');
      assert.deepEqual(found.properties.headers.CC, [queues[1], queues[0]]);
      assert.equal(found.properties.headers.BCC, undefined);
      assert.equal(await channel.get(queue), false);
    }
  },

  async alternate(connection) {
    const channel = await connection.createConfirmChannel();
    const [caught, exchange] = [name('caught'), name('main')];
    await channel.assertExchange(caught, 'fanout', { autoDelete: true });
    await channel.assertExchange(exchange, 'direct', { autoDelete: true, alternateExchange: caught });
    const routed = (await channel.assertQueue('', { exclusive: true })).queue;
    const rest = (await channel.assertQueue('', { exclusive: true })).queue;
    await channel.bindQueue(routed, exchange, 'known');
    await channel.bindQueue(rest, caught, '');
    channel.publish(exchange, 'known', Buffer.from('routed'));
    channel.publish(exchange, 'unknown', Buffer.from('caught'));
    await channel.waitForConfirms();
    assert.equal(text(await channel.get(routed, { noAck: true })), 'routed');
    const found = await channel.get(rest, { noAck: true });
    assert.deepEqual([text(found), found.fields.exchange, found.fields.routingKey], ['caught', exchange, 'unknown']);
  },

  async exchanges(connection) {
    const channel = await connection.createConfirmChannel();
    const [source, destination] = [name('source'), name('destination')];
    await channel.assertExchange(source, 'direct', { autoDelete: true });
    await channel.assertExchange(destination, 'topic');
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, destination, 'a.#');
    await channel.bindExchange(destination, source, 'a.b');
    for (const key of ['a.b', 'a.c']) channel.publish(source, key, Buffer.from(key));
    await channel.waitForConfirms();
    assert.equal(text(await channel.get(queue, { noAck: true })), 'a.b');
    assert.equal(await channel.get(queue), false);
    await channel.unbindExchange(destination, source, 'a.b');
    await channel.deleteExchange(destination);
  },

  async delayed(connection) {
    const channel = await connection.createConfirmChannel();
    const exchange = name('delayed');
    await channel.assertExchange(exchange, 'x-delayed-message', { autoDelete: true, arguments: { 'x-delayed-type': 'direct' } });
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, exchange, 'k');
    const found = [];
    const all = consume(channel, queue, 3, (message) => { found.push([text(message), message.properties.headers['x-delay']]); }, { noAck: true });
    for (const [body, delay] of [['last', 4000], ['middle', 2000], ['first', 0]]) channel.publish(exchange, 'k', Buffer.from(body), { headers: { 'x-delay': delay } });
    await channel.waitForConfirms();
    await all;
    assert.deepEqual(found, [['first', 0], ['middle', -2000], ['last', -4000]]);
  },

  async consistenthash(connection) {
    const channel = await connection.createConfirmChannel();
    const exchange = name('hash');
    await channel.assertExchange(exchange, 'x-consistent-hash', { autoDelete: true });
    const queues = [];
    for (const weight of ['1', '3']) {
      queues.push((await channel.assertQueue('', { exclusive: true })).queue);
      await channel.bindQueue(queues[queues.length - 1], exchange, weight);
    }
    for (let i = 0; i < 400; i++) channel.publish(exchange, `key-${i}`, Buffer.alloc(0));
    await channel.waitForConfirms();
    const counts = [];
    for (const queue of queues) counts.push((await channel.checkQueue(queue)).messageCount);
    assert.equal(counts[0] + counts[1], 400);
    assert.ok(counts[0] >= 60 && counts[0] <= 140, `${counts}`);
  },

  // Messages published, arguments of the queue, what is left in it, what is left in the queue of the dead with its reason.
  async limits(connection) {
    const cases = {
      ttl: [['a', 'b'], { messageTtl: 0 }, [], ['a expired', 'b expired']],
      maxlength: [['a', 'b', 'c'], { maxLength: 2 }, ['b', 'c'], ['a maxlen']],
      reject: [['a', 'b'], { maxLength: 1, overflow: 'reject-publish-dlx' }, ['a'], ['b maxlen']],
      priority: [['a', 'b!3', 'c!9', 'd!3'], { maxPriority: 5 }, ['c', 'b', 'd', 'a'], []],
    };
    for (const [name, [published, options, left, dead]] of Object.entries(cases)) {
      const channel = await connection.createChannel();
      const deadLetters = (await channel.assertQueue('', { exclusive: true })).queue;
      const { queue } = await channel.assertQueue('', { exclusive: true, deadLetterExchange: '', deadLetterRoutingKey: deadLetters, ...options });
      for (const message of published) {
        const [body, priority] = message.split('!');
        channel.sendToQueue(queue, Buffer.from(body), { priority: Number(priority ?? 0) });
      }
      const found = [];
      if (dead.length) await consume(channel, deadLetters, dead.length, (message) => found.push(`${text(message)} ${message.properties.headers['x-death'][0].reason}`), { noAck: true });
      assert.deepEqual(found, dead, name);
      const rest = [];
      if (left.length) await consume(channel, queue, left.length, (message) => rest.push(text(message)), { noAck: true });
      assert.deepEqual(rest, left, name);
      await channel.close();
    }
  },

  async nacked(connection) {
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true, maxLength: 1, overflow: 'reject-publish' });
    const publish = () => new Promise((resolve) => channel.sendToQueue(queue, Buffer.from('x'), {}, (error) => resolve(error ? 'nack' : 'ack')));
    assert.deepEqual([await publish(), await publish()], ['ack', 'nack']);
  },

  async deliverylimit(connection) {
    const channel = await connection.createChannel();
    const deadLetters = (await channel.assertQueue('', { exclusive: true })).queue;
    const queue = name('quorum');
    await channel.assertQueue(queue, {
      durable: true, expires: 60000, deadLetterExchange: '', deadLetterRoutingKey: deadLetters, arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 2 },
    });
    channel.sendToQueue(queue, Buffer.from('poison'));
    await consume(channel, queue, 3, (message) => channel.reject(message, true));
    await consume(channel, deadLetters, 1, (message) => assert.equal(message.properties.headers['x-death'][0].reason, 'delivery_limit'), { noAck: true });
  },

  // Single active consumers hand over, consumers of a higher priority come first.
  async consumers(connection) {
    for (const [options, priorities, expected] of [
      [{ arguments: { 'x-single-active-consumer': true } }, [undefined, undefined], ['first', 'first', 'second']],
      [{}, [1, 5], ['second', 'second', 'first']],
    ]) {
      const channel = await connection.createChannel();
      const { queue } = await channel.assertQueue('', { exclusive: true, ...options });
      const seen = [];
      let next = () => {};
      for (const [index, consumerTag] of ['first', 'second'].entries()) {
        await channel.consume(queue, (message) => { seen.push(message.fields.consumerTag); next(); }, { consumerTag, noAck: true, priority: priorities[index] });
      }
      for (const last of [false, true, false]) {
        const come = new Promise((resolve) => { next = resolve; });
        channel.sendToQueue(queue, Buffer.alloc(0));
        await come;
        if (last) await channel.cancel(expected[0]);
      }
      assert.deepEqual(seen, expected);
      await channel.close();
    }
  },

  // A message in another's name closes its channel.
  async userid(connection) {
    const channel = await connection.createChannel();
    const closed = new Promise((resolve) => channel.on('error', (error) => resolve(error.code)));
    channel.sendToQueue('nobody', Buffer.alloc(0), { userId: 'another' });
    assert.equal(await closed, 406);
  },
};

module.exports = { url, name, text, consume };

if (require.main === module) {
  (async () => {
    const connection = await amqp.connect(url);
    await scenarios[scenario](connection);
    await connection.close();
    console.log('OK', scenario);
  })().catch((error) => {
    console.error(error);
    process.exit(1);
  });
}
