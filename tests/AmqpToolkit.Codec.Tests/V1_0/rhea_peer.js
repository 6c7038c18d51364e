// Reads what it is asked in hex, one a line, with rhea; prints what it found, a tab, and the octets that rhea makes of it.
'use strict';

const types = require('rhea/lib/types.js');
const frames = require('rhea/lib/frames.js');
const message = require('rhea/lib/message.js');

const names = {
  0x40: 'null', 0x41: 'boolean', 0x42: 'boolean', 0x56: 'boolean', 0x50: 'ubyte', 0x60: 'ushort', 0x43: 'uint', 0x52: 'uint', 0x70: 'uint',
  0x44: 'ulong', 0x53: 'ulong', 0x80: 'ulong', 0x51: 'byte', 0x61: 'short', 0x54: 'int', 0x71: 'int', 0x55: 'long', 0x81: 'long',
  0x72: 'float', 0x82: 'double', 0x73: 'char', 0x83: 'timestamp', 0x98: 'uuid', 0xA0: 'binary', 0xB0: 'binary', 0xA1: 'string', 0xB1: 'string',
  0xA3: 'symbol', 0xB3: 'symbol', 0x45: 'list', 0xC0: 'list', 0xD0: 'list', 0xC1: 'map', 0xD1: 'map', 0xE0: 'array', 0xF0: 'array',
  0x74: 'decimal32', 0x84: 'decimal64', 0x94: 'decimal128',
};

function integer(name, value) {
  if (!Buffer.isBuffer(value)) return String(value instanceof Date ? value.getTime() : Number(value));
  const bits = BigInt('0x' + value.toString('hex'));
  return String(name === 'long' || name === 'timestamp' ? BigInt.asIntN(64, bits) : bits);
}

function scalar(name, value) {
  switch (name) {
    case 'null': return 'null';
    case 'boolean': return 'boolean:' + (value ? 'true' : 'false');
    case 'float': { const b = Buffer.alloc(4); b.writeFloatBE(value); return 'float:' + b.toString('hex'); }
    case 'double': { const b = Buffer.alloc(8); b.writeDoubleBE(value); return 'double:' + b.toString('hex'); }
    case 'char': return 'char:' + (Buffer.isBuffer(value) ? value.readUInt32BE(0) : Number(value));
    case 'uuid': return 'uuid:' + value.toString('hex');
    case 'binary': return 'binary:' + value.toString('hex');
    case 'string': case 'symbol': return name + ':' + Buffer.from(value, 'utf8').toString('hex');
    default: return name + ':' + integer(name, value);
  }
}

function canonical(typed) {
  if (typed.descriptor) {
    const inner = Object.assign(Object.create(Object.getPrototypeOf(typed)), typed, { descriptor: undefined });
    return '(' + canonical(typed.descriptor) + ' ' + canonical(inner) + ')';
  }

  const name = names[typed.type.typecode];
  switch (name) {
    case 'list': return '[' + (typed.value || []).map(canonical).join(',') + ']';
    case 'map': return '{' + typed.value.map(canonical).join(',') + '}';
    case 'array': return '<' + [names[typed.array_constructor.typecode], ...typed.value.map(canonical)].join(',') + '>';
    default: return scalar(name, typed.value);
  }
}

function encode(typed) {
  const writer = new types.Writer();
  writer.write(typed);
  return writer.toBuffer();
}

// What a performative says, by rhea's own names of its fields.
function said(performative) {
  return JSON.stringify(Object.fromEntries(Object.keys(Object.getPrototypeOf(performative))
    .concat(Object.getOwnPropertyNames(Object.getPrototypeOf(performative)))
    .filter((name, index, all) => all.indexOf(name) === index && !['constructor', 'dispatch', 'described', 'toJSON'].includes(name))
    .map(name => [name, performative[name]])
    .filter(([, value]) => value !== undefined && value !== null && !(value.type && value.type.typecode === 0x40))
    .map(([name, value]) => [name, typeof value === 'object' && !Array.isArray(value) ? true : String(value)])));
}

const made = {
  open: () => frames.open({
    container_id: 'me', hostname: 'host', max_frame_size: 65536, channel_max: 255, idle_time_out: 30000,
    offered_capabilities: ['a', 'b'], desired_capabilities: 'c', properties: { product: 'rhea' },
  }),
  begin: () => frames.begin({ remote_channel: 3, next_outgoing_id: 0, incoming_window: 2048, outgoing_window: 4294967295, handle_max: 7 }),
  attach: () => frames.attach({ name: 'link', handle: 1, role: true, snd_settle_mode: 1, rcv_settle_mode: 1, initial_delivery_count: 9, max_message_size: 1024 }),
  flow: () => frames.flow({ next_incoming_id: 1, incoming_window: 2, next_outgoing_id: 300, outgoing_window: 4, handle: 5, delivery_count: 6, link_credit: 700, available: 8, drain: true, echo: true }),
  transfer: () => frames.transfer({ handle: 1, delivery_id: 2, delivery_tag: Buffer.from([1, 2, 3]), message_format: 0, settled: true, more: true }),
  disposition: () => frames.disposition({ role: true, first: 1, last: 300, settled: true, state: message.accepted().described() }),
  detach: () => frames.detach({ handle: 1, closed: true, error: { condition: 'amqp:not-found', description: 'gone' } }),
  end: () => frames.end({}),
  close: () => frames.close({ error: { condition: 'amqp:connection:forced', description: 'bye' } }),
  sasl_mechanisms: () => frames.sasl_mechanisms({ sasl_server_mechanisms: ['PLAIN', 'ANONYMOUS'] }),
  sasl_init: () => frames.sasl_init({ mechanism: 'PLAIN', initial_response: Buffer.from('\0u\0p'), hostname: 'host' }),
  sasl_challenge: () => frames.sasl_challenge({ challenge: Buffer.from('c') }),
  sasl_response: () => frames.sasl_response({ response: Buffer.from('r') }),
  sasl_outcome: () => frames.sasl_outcome({ code: 1 }),
};

const commands = {
  value(hex) {
    const typed = new types.Reader(Buffer.from(hex, 'hex')).read();
    return [canonical(typed), encode(typed).toString('hex').toUpperCase()];
  },
  frame(hex) {
    const frame = frames.read_frame(Buffer.from(hex, 'hex'));
    const text = `${frame.type} ${frame.channel} ${said(frame.performative)} ${(frame.payload || Buffer.alloc(0)).toString('hex')}`;
    frame.performative = frame.performative.described();
    return [text, frames.write_frame(frame).toString('hex').toUpperCase()];
  },
  make(name) {
    const performative = made[name]().described();
    const frame = name.startsWith('sasl') ? frames.sasl_frame(performative) : frames.amqp_frame(5, performative, name === 'transfer' ? Buffer.from('payload') : undefined);
    return ['', frames.write_frame(frame).toString('hex').toUpperCase()];
  },
  message(hex) {
    const decoded = message.decode(Buffer.from(hex, 'hex'));
    return [JSON.stringify(decoded), message.encode(decoded).toString('hex').toUpperCase()];
  },
};

require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, argument] = line.split(' ');
  let answer;
  try {
    answer = commands[command](argument);
  } catch (error) {
    answer = ['error: ' + error.message, ''];
  }

  console.log(answer.join('\t'));
});
