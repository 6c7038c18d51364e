// RabbitMQ's extensions as a program with amqplib uses them: `node amqplib_extensions.js URL SCENARIO...` prints "OK SCENARIO" after each and exits with 0.
'use strict';

const assert = require('node:assert/strict');
const amqp = require('amqplib');
const { url, name, text, consume } = require('./with_amqplib.js');

const patience = 60000;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// What is in a queue, until it is empty.
const drain = async (channel, queue) => {
  const found = [];
  for (let message; (message = await channel.get(queue, { noAck: true }));) found.push(message);
  return found;
};

// The error that closes a channel on which something is done.
const closedWith = async (connection, act) => {
  const channel = await connection.createConfirmChannel();
  const closed = new Promise((resolve) => channel.on('error', resolve));
  Promise.resolve(act(channel)).catch(() => {});
  return closed;
};

// Until it has expired. A look may begin its time anew, which is shorter than the time between looks.
const awaitGone = async (connection, queue) => {
  for (const until = Date.now() + patience; Date.now() < until; await pause(50)) {
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    try {
      await channel.checkQueue(queue);
      await channel.close();
    } catch (error) {
      assert.equal(error.code, 404);
      return;
    }
  }
  assert.fail(`${queue} is there still`);
};

const scenarios = {
  // Arguments of a binding, and which of the messages below it takes.
  async headers(connection) {
    const bindings = [
      [{ 'x-match': 'all', colour: 'red', 'x-size': 1 }, 'abdg'],
      [{ 'x-match': 'any', colour: 'red', size: 2, 'x-size': 1 }, 'abdeg'],
      [{ 'x-match': 'all-with-x', colour: 'red', 'x-size': 1 }, 'b'],
      [{ 'x-match': 'any-with-x', colour: 'red', 'x-size': 1 }, 'abcdg'],
      [{ colour: 'red', size: 2 }, 'd'],
      [{ 'x-match': 'all', size: null }, 'de'],
    ];
    const messages = {
      a: { colour: 'red' }, b: { colour: 'red', 'x-size': 1 }, c: { 'x-size': 1 }, d: { colour: 'red', size: 2 }, e: { size: 2 }, f: { colour: 'blue' }, g: { colour: 'red', 'x-size': 2 },
    };
    const channel = await connection.createConfirmChannel();
    const exchange = name('headers');
    await channel.assertExchange(exchange, 'headers', { autoDelete: true });
    const queues = [];
    for (const [fields] of bindings) {
      queues.push((await channel.assertQueue('', { exclusive: true })).queue);
      await channel.bindQueue(queues.at(-1), exchange, '', fields);
    }
    for (const [body, headers] of Object.entries(messages)) channel.publish(exchange, '', Buffer.from(body), { headers });
    await channel.waitForConfirms();
    for (const [index, [fields, expected]] of bindings.entries()) {
      assert.equal((await drain(channel, queues[index])).map(text).join(''), expected, JSON.stringify(fields));
    }
    assert.equal((await closedWith(connection, (other) => other.bindQueue(queues[0], exchange, '', { 'x-match': 'some' }))).code, 406);
  },

  // x-random and x-modulus-hash share out; the second by the key.
  async spread(connection) {
    for (const kind of ['x-random', 'x-modulus-hash']) {
      const channel = await connection.createConfirmChannel();
      const exchange = name(kind);
      await channel.assertExchange(exchange, kind, { autoDelete: true });
      const queues = [];
      for (let i = 0; i < 2; i++) {
        queues.push((await channel.assertQueue('', { exclusive: true })).queue);
        await channel.bindQueue(queues[i], exchange, '');
      }
      for (let i = 0; i < 100; i++) channel.publish(exchange, `key-${i % 50}`, Buffer.alloc(0));
      await channel.waitForConfirms();
      const keys = [];
      for (const queue of queues) keys.push((await drain(channel, queue)).map((message) => message.fields.routingKey));
      assert.equal(keys[0].length + keys[1].length, 100, kind);
      assert.ok(keys[0].length && keys[1].length, kind);
      assert.ok(kind === 'x-random' || !keys[0].some((key) => keys[1].includes(key)), 'a key went two ways');
    }
  },

  // Who comes late gets the last messages.
  async history(connection) {
    const channel = await connection.createConfirmChannel();
    const exchange = name('history');
    await channel.assertExchange(exchange, 'x-recent-history', { arguments: { 'x-recent-history-length': 2 } });
    for (const body of ['a', 'b', 'c']) channel.publish(exchange, 'k', Buffer.from(body));
    await channel.waitForConfirms();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, exchange, '');
    const found = [];
    await consume(channel, queue, 2, (message) => found.push(text(message)), { noAck: true });
    assert.deepEqual(found, ['b', 'c']);
    await channel.deleteExchange(exchange);
  },

  // Keys that hold the user's name, or that of the virtual host; another exchange has no rule.
  async topicpermissions() {
    const connection = await amqp.connect(url.replace('guest:guest', 'scoped:scoped'));
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    for (const key of ['scoped.#', '/.#']) await channel.bindQueue(queue, 'amq.topic', key);
    await channel.bindQueue(queue, 'amq.direct', 'other');
    channel.publish('amq.topic', 'scoped.a', Buffer.from('own'));
    channel.publish('amq.direct', 'other', Buffer.from('free'));
    await channel.waitForConfirms();
    assert.deepEqual((await drain(channel, queue)).map(text), ['own', 'free']);
    for (const [access, act] of [
      ['write', (other) => other.publish('amq.topic', 'other.a', Buffer.alloc(0))],
      ['read', (other) => other.bindQueue(queue, 'amq.topic', 'other.a')],
    ]) {
      const error = await closedWith(connection, act);
      assert.equal(error.code, 403);
      assert.ok(error.message.includes(`${access} access to topic 'other.a' in exchange 'amq.topic' in vhost '/' refused for user 'scoped'`), error.message);
    }
    await connection.close();
  },

  // What the names of queues say of them: time to live and dead letters, length, expiry, and what an operator allows at most.
  async policies(connection) {
    const channel = await connection.createConfirmChannel();
    const lettered = (await channel.assertQueue(name('lettered'), { exclusive: true })).queue;
    const dead = (await channel.assertQueue('', { exclusive: true })).queue;
    await channel.bindQueue(dead, 'amq.direct', lettered);
    channel.sendToQueue(lettered, Buffer.from('late'));
    await consume(channel, dead, 1, (message) => {
      const [death] = message.properties.headers['x-death'];
      assert.deepEqual([text(message), death.queue, death.reason, death.count], ['late', lettered, 'expired', 1]);
    }, { noAck: true });

    const short = (await channel.assertQueue(name('short'), { exclusive: true })).queue;
    const outcomes = [...Array(4).keys()].map(() => new Promise((resolve) => channel.sendToQueue(short, Buffer.alloc(0), {}, (error) => resolve(error ? 'nack' : 'ack'))));
    assert.deepEqual(await Promise.all(outcomes), ['ack', 'ack', 'nack', 'nack']);

    const capped = (await channel.assertQueue(name('capped'), { exclusive: true, maxLength: 5 })).queue;
    for (const body of ['a', 'b', 'c', 'd']) channel.sendToQueue(capped, Buffer.from(body));
    await channel.waitForConfirms();
    assert.deepEqual((await drain(channel, capped)).map(text), ['c', 'd']);

    await awaitGone(connection, (await channel.assertQueue(name('brief'), { exclusive: true })).queue);
  },

  // Of many publishes at once those that find room are confirmed, the others refused, and each knows which it was.
  async refusals(connection) {
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true, maxLength: 20, overflow: 'reject-publish' });
    const outcomes = [...Array(60).keys()].map((i) => new Promise((resolve) => channel.sendToQueue(queue, Buffer.from(`${i}`), {}, (error) => resolve(error ? 'nack' : 'ack'))));
    assert.deepEqual(await Promise.all(outcomes), [...Array(20).fill('ack'), ...Array(40).fill('nack')]);
    assert.deepEqual((await drain(channel, queue)).map(text), [...Array(20).keys()].map(String));
  },

  // Round and round between a queue of work and one that waits: what x-death says at each turn.
  async deaths(connection) {
    const channel = await connection.createChannel();
    const waiting = name('waiting');
    const { queue } = await channel.assertQueue('', { exclusive: true, deadLetterExchange: '', deadLetterRoutingKey: waiting });
    await channel.assertQueue(waiting, { exclusive: true, deadLetterExchange: '', deadLetterRoutingKey: queue, messageTtl: 10 });
    channel.sendToQueue(queue, Buffer.from('again'), { expiration: '600000' });
    let turn = 0;
    await consume(channel, queue, 3, (message) => {
      const { headers, expiration } = message.properties;
      const found = (headers['x-death'] ?? []).map((one) => [one.queue, one.reason, one.count, one['routing-keys'], one['original-expiration']]);
      assert.deepEqual(found, turn === 0 ? [] : [[waiting, 'expired', turn, [waiting], undefined], [queue, 'rejected', turn, [queue], '600000']]);
      if (turn > 0) {
        assert.equal(expiration, undefined);
        assert.deepEqual([headers['x-first-death-queue'], headers['x-first-death-reason'], headers['x-first-death-exchange']], [queue, 'rejected', '']);
      }
      if (turn++ < 2) channel.reject(message, false);
      else channel.ack(message);
    });
  },

  async expires(connection) {
    const channel = await connection.createChannel();
    await awaitGone(connection, (await channel.assertQueue('', { exclusive: true, expires: 1 })).queue);
    const kept = (await channel.assertQueue('', { exclusive: true, expires: 600000 })).queue;
    assert.equal((await channel.checkQueue(kept)).queue, kept);
  },

  // A delivery that nobody settles closes its channel, and is there again.
  async consumertimeout(connection) {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true, arguments: { 'x-consumer-timeout': 100 } });
    channel.sendToQueue(queue, Buffer.from('late'));
    const error = await closedWith(connection, (other) => other.consume(queue, () => {}));
    assert.equal(error.code, 406);
    await consume(channel, queue, 1, (message) => assert.deepEqual([text(message), message.fields.redelivered], ['late', true]), { noAck: true });
  },

  // A connection that publishes while memory is short hears of it, and of its end.
  async blocked(connection) {
    const [control, filling] = await Promise.all([amqp.connect(url), amqp.connect(url)]);
    filling.on('error', () => {});
    const other = await control.createChannel();
    const { queue } = await other.assertQueue('', { exclusive: true });
    const filler = await filling.createChannel();
    for (let i = 0; i < 256; i++) filler.sendToQueue(queue, Buffer.alloc(64 * 1024));
    const told = [];
    connection.on('blocked', (reason) => told.push(reason));
    connection.on('unblocked', () => told.push('unblocked'));
    const channel = await connection.createChannel();
    const until = Date.now() + patience;
    for (; !told.length && Date.now() < until; await pause(50)) channel.publish('amq.direct', 'nobody', Buffer.alloc(0));
    await other.deleteQueue(queue); // what the other has still to publish goes nowhere
    for (; told.length < 2 && Date.now() < until;) await pause(20);
    assert.deepEqual(told, ['low on memory', 'unblocked']);
    await control.close();
  },
};

(async () => {
  for (const scenario of process.argv.slice(3)) {
    const connection = await amqp.connect(url);
    await scenarios[scenario](connection);
    await connection.close();
    console.log('OK', scenario);
  }
})().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
