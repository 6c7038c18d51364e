// What a program of AMQP 1.0 with rhea does: `node with_rhea.js URL SCENARIO` prints "OK SCENARIO" and exits with 0. Queues are declared with amqplib.
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const amqplib = require('amqplib');
const rhea = require('rhea');

const [url, scenario] = process.argv.slice(2);
const address = new URL(url);

const name = (prefix) => `${prefix}-${crypto.randomBytes(4).toString('hex')}`;
const event = (emitter, ...names) => new Promise((resolve) => names.forEach((one) => emitter.once(one, resolve)));

// A link that is there when its queue goes is told so: who tidies up closes first.
function closed(connection) {
  const end = event(connection, 'connection_close');
  connection.close();
  return end;
}

function connect(options = {}) {
  const container = rhea.create_container();
  return container.connect({
    host: address.hostname, port: Number(address.port), username: address.username, password: address.password, reconnect: false, ...options,
  });
}

async function declare(prefix, options = {}) {
  const connection = await amqplib.connect(url);
  const channel = await connection.createChannel();
  const queue = name(prefix);
  await channel.assertQueue(queue, { durable: false, ...options });
  return {
    name: queue,
    channel,
    count: async () => (await channel.checkQueue(queue)).messageCount,
    async expect(count) {
      while (await this.count() !== count) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    async end() {
      await channel.deleteQueue(queue);
      await connection.close();
    },
  };
}

const scenarios = {
  async sendreceive() {
    const queue = await declare('one');
    for (const options of [{}, { username: undefined, password: undefined }]) {
      const connection = connect(options);
      const sender = connection.open_sender(queue.name);
      await event(sender, 'sendable');
      let accepted = 0;
      sender.on('accepted', () => { accepted++; });
      for (let i = 0; i < 100; i++) sender.send({ message_id: i, subject: 's', application_properties: { n: i }, body: `hello ${i}` });
      const receiver = connection.open_receiver(queue.name);
      const bodies = [];
      await new Promise((resolve) => receiver.on('message', ({ message }) => {
        assert.strictEqual(message.application_properties.n, bodies.length);
        assert.strictEqual(message.first_acquirer, true);
        bodies.push(message.body);
        if (bodies.length === 100) resolve();
      }));
      assert.deepStrictEqual(bodies, Array.from({ length: 100 }, (_, i) => `hello ${i}`));
      while (accepted < 100) await event(sender, 'accepted');
      await queue.expect(0);
      await closed(connection);
    }
    await queue.end();
  },

  async presettled() {
    const queue = await declare('one');
    const connection = connect();
    const sender = connection.open_sender({ target: `/queues/${queue.name}`, snd_settle_mode: 1 });
    await event(sender, 'sendable');
    for (let i = 0; i < 50; i++) sender.send({ body: i });
    await queue.expect(50);
    const receiver = connection.open_receiver({ source: `/queues/${queue.name}`, snd_settle_mode: 1, credit_window: 10 });
    let next = 0;
    await new Promise((resolve) => receiver.on('message', ({ message, delivery }) => {
      assert.strictEqual(message.body, next++);
      assert.ok(delivery.remote_settled);
      if (next === 50) resolve();
    }));
    await queue.expect(0);
    await closed(connection);
    await queue.end();
  },

  async outcomes() {
    const dead = await declare('dead');
    const queue = await declare('one', { deadLetterExchange: '', deadLetterRoutingKey: dead.name });
    const connection = connect();
    const sender = connection.open_sender(queue.name);
    await event(sender, 'sendable');
    sender.send({ body: 'first' });
    const receiver = connection.open_receiver({ source: queue.name, credit_window: 0, autoaccept: false });
    const take = async () => {
      receiver.add_credit(1);
      return event(receiver, 'message');
    };
    let context = await take();
    context.delivery.release();
    context = await take();
    assert.deepStrictEqual([context.message.delivery_count, context.message.first_acquirer], [0, false]);
    context.delivery.modified({ delivery_failed: true });
    context = await take();
    assert.deepStrictEqual([context.message.delivery_count, context.message.first_acquirer], [1, false]);
    context.delivery.reject({ condition: 'x:bad', description: 'no' });
    await dead.expect(1);
    await closed(connection);
    await queue.end();
    await dead.end();
  },

  async drain() {
    const queue = await declare('one');
    const connection = connect();
    const sender = connection.open_sender(queue.name);
    await event(sender, 'sendable');
    for (let i = 0; i < 3; i++) sender.send({ body: i });
    await queue.expect(3);
    const receiver = connection.open_receiver({ source: queue.name, credit_window: 0 });
    let count = 0;
    receiver.on('message', () => { count++; });
    await event(receiver, 'receiver_open');
    receiver.add_credit(10);
    receiver.drain_credit();
    await event(receiver, 'receiver_drained');
    assert.strictEqual(count, 3);
    assert.strictEqual(receiver.credit, 0);
    await closed(connection);
    await queue.end();
  },

  async large() {
    const queue = await declare('one');
    const connection = connect({ max_frame_size: 16384 });
    const sender = connection.open_sender(queue.name);
    await event(sender, 'sendable');
    const receiver = connection.open_receiver(queue.name);
    for (const octets of [65535, 65536, 200000, 10000000]) {
      const body = crypto.randomBytes(octets);
      sender.send({ body: rhea.message.data_section(body) });
      const { message } = await event(receiver, 'message');
      assert.ok(body.equals(message.body.content), `${message.body.content.length} octets of ${octets}`);
    }
    await closed(connection);
    await queue.end();
  },

  async refused() {
    const connection = connect();
    for (const [where, condition] of [[name('missing'), 'amqp:not-found'], [`/queues/${name('missing')}`, 'amqp:not-found'], ['/queues/a/b', 'amqp:invalid-field']]) {
      const sender = connection.open_sender(where);
      await event(sender, 'sender_error');
      assert.strictEqual(sender.error.condition, condition);
      const receiver = connection.open_receiver(where);
      await event(receiver, 'receiver_error');
      assert.strictEqual(receiver.error.condition, condition);
    }
    await closed(connection);
    const stranger = connect({ password: 'wrong' });
    await event(stranger, 'connection_error', 'disconnected');
  },

  async requestreply() {
    const queue = await declare('one');
    const answering = connect();
    const relay = answering.open_sender({ target: {} });
    await event(relay, 'sendable');
    answering.open_receiver(queue.name).on('message', ({ message }) => {
      relay.send({ to: message.reply_to, correlation_id: message.correlation_id, body: message.body.toUpperCase() });
    });
    const asking = connect();
    const replies = asking.open_receiver({ source: { dynamic: true } });
    await event(replies, 'receiver_open');
    const sender = asking.open_sender(queue.name);
    await event(sender, 'sendable');
    for (const question of ['one', 'two']) {
      sender.send({ reply_to: replies.source.address, correlation_id: question, body: question });
      const { message } = await event(replies, 'message');
      assert.deepStrictEqual([message.body, message.correlation_id], [question.toUpperCase(), question]);
    }
    await closed(asking);
    await closed(answering);
    await queue.end();
  },

  async betweenversions() {
    const queue = await declare('one');
    const connection = connect();
    const sender = connection.open_sender(queue.name);
    await event(sender, 'sendable');
    sender.send({ message_id: 'm', content_type: 'text/plain', durable: true, application_properties: { n: 5 }, body: rhea.message.data_section(Buffer.from('octets')) });
    let got;
    while (!(got = await queue.channel.get(queue.name, { noAck: true }))) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepStrictEqual(
      [got.content.toString(), got.properties.messageId, got.properties.contentType, got.properties.deliveryMode, got.properties.headers.n],
      ['octets', 'm', 'text/plain', 2, 5]);
    queue.channel.sendToQueue(queue.name, Buffer.from('back'), { messageId: 'n', type: 'kind', headers: { s: 'text', 'x-note': 'noted' } });
    const { message } = await event(connection.open_receiver(queue.name), 'message');
    assert.deepStrictEqual(
      [message.body.content.toString(), message.message_id, message.application_properties.s, message.message_annotations['x-note'], message.message_annotations['x-basic-type']],
      ['back', 'n', 'text', 'noted', 'kind']);
    await closed(connection);
    await queue.end();
  },

  async selector() {
    const queue = await declare('one');
    const connection = connect();
    const sender = connection.open_sender(queue.name);
    await event(sender, 'sendable');
    for (let i = 0; i < 20; i++) sender.send({ body: i, application_properties: { colour: i % 2 ? 'red' : 'blue', weight: i } });
    await queue.expect(20);
    const picked = [];
    const receiver = connection.open_receiver({ source: { address: queue.name, filter: rhea.filter.selector("colour = 'red' AND weight > 3") } });
    await new Promise((resolve) => receiver.on('message', ({ message }) => { if (picked.push(message.body) === 8) resolve(); }));
    assert.deepStrictEqual(picked, [5, 7, 9, 11, 13, 15, 17, 19]);
    await queue.expect(12);
    await closed(connection);
    await queue.end();
  },

  async browser() {
    const queue = await declare('one');
    const connection = connect();
    const sender = connection.open_sender(queue.name);
    await event(sender, 'sendable');
    for (let i = 0; i < 10; i++) sender.send({ body: i });
    await queue.expect(10);
    for (let round = 0; round < 2; round++) {
      const seen = [];
      const receiver = connection.open_receiver({ source: { address: queue.name, distribution_mode: 'copy' } });
      await new Promise((resolve) => receiver.on('message', ({ message }) => { if (seen.push(message.body) === 10) resolve(); }));
      assert.deepStrictEqual(seen, Array.from({ length: 10 }, (_, i) => i));
      receiver.close();
      await event(receiver, 'receiver_close');
    }
    assert.strictEqual(await queue.count(), 10);
    await closed(connection);
    await queue.end();
  },

  async subscription() {
    const container = rhea.create_container({ id: name('container') });
    const link = name('link');
    const subscribe = () => {
      const connection = container.connect({ host: address.hostname, port: Number(address.port), username: address.username, password: address.password, reconnect: false });
      return [connection, connection.open_receiver({ name: link, source: { address: 'amq.topic/rhea.*', durable: 2, expiry_policy: 'never' } })];
    };
    const publisher = connect();
    const sender = publisher.open_sender('amq.topic/rhea.today');
    await event(sender, 'sendable');
    let [connection, receiver] = subscribe();
    await event(receiver, 'receiver_open');
    sender.send({ body: 'one' });
    assert.strictEqual((await event(receiver, 'message')).message.body, 'one');
    receiver.detach();
    await event(receiver, 'receiver_close');
    await closed(connection);
    const kept = event(sender, 'accepted', 'released');
    sender.send({ body: 'two' });
    await kept;
    [connection, receiver] = subscribe();
    assert.strictEqual((await event(receiver, 'message')).message.body, 'two');
    receiver.close();
    await event(receiver, 'receiver_close');
    await closed(connection);
    const gone = event(sender, 'released');
    sender.send({ body: 'three' });
    await gone;
    await closed(publisher);
  },

  async second() {
    const queue = await declare('one');
    const connection = connect();
    const sender = connection.open_sender({ target: queue.name, rcv_settle_mode: 1, autosettle: false });
    await event(sender, 'sendable');
    const accepted = event(sender, 'accepted');
    sender.send({ body: 'once' });
    (await accepted).delivery.update(true);
    const receiver = connection.open_receiver({ source: queue.name, rcv_settle_mode: 1, autoaccept: false, autosettle: false });
    const { message, delivery } = await event(receiver, 'message');
    assert.strictEqual(message.body, 'once');
    assert.ok(!delivery.remote_settled);
    const settled = event(receiver, 'settled');
    delivery.update(false, rhea.message.accepted().described());
    await settled;
    delivery.update(true);
    await queue.expect(0);
    await closed(connection);
    await queue.end();
  },

  async deleted() {
    const queue = await declare('one');
    const connection = connect();
    const receiver = connection.open_receiver(queue.name);
    await event(receiver, 'receiver_open');
    const told = event(receiver, 'receiver_error');
    await queue.end();
    await told;
    assert.strictEqual(receiver.error.condition, 'amqp:resource-deleted');
    connection.close();
  },
};

scenarios[scenario]().then(() => { console.log(`OK ${scenario}`); process.exit(0); }, (error) => { console.error(error); process.exit(1); });
