// The end of the conversion matrix with rhea: `node matrix.js URL send|receive`, with JSON on the input and on the output, as matrix.py has it.
'use strict';
const fs = require('fs');
const rhea = require('rhea');

const [url, role] = process.argv.slice(2);
const address = new URL(url);
const given = JSON.parse(fs.readFileSync(0, 'utf8'));
const { types } = rhea;
const octets = (hex) => Buffer.from(hex.replace(/-/g, ''), 'hex');

function value([kind, what]) {
  switch (kind) {
    case 'null': return types.Null ? new types.Null() : null;
    case 'binary': return types.wrap_binary(octets(what));
    case 'uuid': return types.wrap_uuid(octets(what));
    case 'char': return types.wrap_char(what.codePointAt(0));
    case 'double': case 'float': return types[`wrap_${kind}`](Number(what));
    case 'list': return types.wrap_list(what.map(value));
    case 'map': return types.wrap_map(Object.fromEntries(what.map(([key, one]) => [key, value(one)])));
    case 'array': return types.wrap_array(what, 0x71);
    default: return types[`wrap_${kind}`](what);
  }
}

function text(found) {
  if (found === null || found === undefined) return 'null:';
  if (Buffer.isBuffer(found)) return `octets:${found.toString('hex')}`;
  if (found instanceof Date) return `number:${found.getTime()}`;
  if (Array.isArray(found)) return `list[${found.map(text).join(',')}]`;
  if (typeof found === 'object') return `map[${Object.entries(found).map(([key, one]) => `${key}=${text(one)}`).join(',')}]`;
  return `${typeof found}:${found}`;
}

function body([kind, what]) {
  switch (kind) {
    case 'data': return what.length === 1 ? rhea.message.data_section(octets(what[0])) : rhea.message.data_sections(what.map(octets));
    case 'sequence': return what.length === 1 ? rhea.message.sequence_section(what[0].map(value)) : rhea.message.sequence_sections(what.map((one) => one.map(value)));
    default: return value(what);
  }
}

const event = (emitter, name) => new Promise((resolve) => emitter.once(name, resolve));
const connect = () => rhea.create_container().connect({
  host: address.hostname, port: Number(address.port), username: address.username, password: address.password, reconnect: false,
});

async function send() {
  const connection = connect();
  const sender = connection.open_sender(`/exchanges/${given.exchange}/key`);
  await event(sender, 'sendable');
  for (const outcome of ['rejected', 'released', 'modified']) sender.on(outcome, ({ delivery }) => { throw new Error(`${outcome} ${delivery.remote_state.error}`); });
  const found = [];
  for (const message of given.messages) {
    const fields = { ...message.header, body: body(message.body) };
    for (const [key, one] of message.properties) {
      const name = key.replace(/-/g, '_');
      fields[name] = name.endsWith('_id') && name !== 'user_id' && name !== 'group_id' && name !== 'reply_to_group_id' ? value(one) : one[0] === 'binary' ? octets(one[1]) : one[1];
    }
    if (message.application.length) fields.application_properties = Object.fromEntries(message.application.map(([key, one]) => [key, value(one)]));
    if (message.annotations.length) fields.message_annotations = Object.fromEntries(message.annotations.map(([key, one]) => [key, value(one)]));
    found.push(rhea.message.encode(fields).toString('hex'));
    const accepted = event(sender, 'accepted');
    sender.send(fields);
    await accepted;
  }
  connection.close();
  return found;
}

async function receive() {
  const connection = connect();
  const found = {};
  for (const [name, queue] of Object.entries(given.queues)) {
    found[name] = [];
    const receiver = connection.open_receiver({ source: `/queues/${encodeURIComponent(queue.name)}`, name });
    await new Promise((resolve) => receiver.on('message', ({ message }) => {
      const properties = {};
      for (const key of ['message_id', 'user_id', 'to', 'subject', 'reply_to', 'correlation_id', 'content_type', 'content_encoding', 'absolute_expiry_time', 'creation_time',
        'group_id', 'group_sequence', 'reply_to_group_id']) {
        const one = message[key];
        if (one === undefined || one === null) continue;
        properties[key.replace(/_/g, '-')] = key === 'message_id' || key === 'correlation_id' ? text(one) : Buffer.isBuffer(one) ? one.toString('hex') : String(one instanceof Date ? one.getTime() : one);
      }
      const entries = (map) => Object.fromEntries(Object.entries(map || {}).map(([key, one]) => [key, text(one)]));
      const content = message.body;
      const isSection = content && content.typecode !== undefined && content.content !== undefined;
      const kind = isSection ? { 0x75: 'data', 0x76: 'sequence' }[content.typecode] : 'value';
      found[name].push({
        durable: Boolean(message.durable), priority: message.priority, hasTtl: message.ttl > 0, properties,
        application: entries(message.application_properties), annotations: entries(message.message_annotations),
        body: `${kind}:${kind === 'value' ? text(content) : (content.multiple ? content.content : [content.content]).map(kind === 'data' ? (one) => one.toString('hex') : text).join('+')}`,
      });
      if (found[name].length === queue.count) resolve();
    }));
    receiver.close();
    await event(receiver, 'receiver_close');
  }
  connection.close();
  return found;
}

(role === 'send' ? send() : receive()).then(
  (found) => { process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0)); },
  (error) => { console.error(error); process.exit(1); });
