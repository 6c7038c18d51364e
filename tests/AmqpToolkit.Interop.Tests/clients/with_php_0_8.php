<?php
// What a program with php-amqplib in its 0-8 mode (header 1 1 8 0) does: `php with_php_0_8.php URL SCENARIO` prints "OK SCENARIO" and exits with 0.
define('AMQP_PROTOCOL', '8.0');
require_once 'PhpAmqpLib/autoload.php';

use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Exception\AMQPProtocolChannelException;
use PhpAmqpLib\Exception\AMQPProtocolConnectionException;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

function check(bool $holds, $found = null): void
{
    if (!$holds) {
        throw new Exception('not as expected: ' . var_export($found, true));
    }
}

function connect(): AMQPStreamConnection
{
    $url = parse_url($GLOBALS['argv'][1]);
    return new AMQPStreamConnection($url['host'], $url['port'], $url['user'], $url['pass'], '/', false, 'AMQPLAIN', null, 'en_US', 20.0, 20.0);
}

function declare_queue($channel, string $name = ''): string
{
    return $channel->queue_declare($name, false, false, $name === '', false)[0];
}

$scenarios = [
    'consume' => function ($connection) {
        $channel = $connection->channel();
        check($channel->access_request('/data', false, false, true, true, true) === 1);
        $exchange = uniqid('x');
        $channel->exchange_declare($exchange, 'topic', false, false, true);
        $queue = declare_queue($channel);
        $channel->queue_bind($queue, $exchange, 'a.#');
        $channel->basic_qos(0, 5, false);
        $found = [];
        $tag = $channel->basic_consume($queue, '', false, false, false, false, function ($message) use (&$found) {
            $found[] = $message->getBody();
            $message->ack();
        });
        for ($i = 0; $i < 50; $i++) {
            $channel->basic_publish(new AMQPMessage("$i", ['delivery_mode' => 2]), $exchange, 'a.b');
        }
        while (count($found) < 50) {
            $channel->wait(null, false, 20);
        }
        check($found === array_map('strval', range(0, 49)), $found);
        $channel->basic_cancel($tag);
        check($channel->queue_purge($queue) === 0);
        $channel->queue_delete($queue);
        $channel->close();
    },

    'properties' => function ($connection) {
        $channel = $connection->channel();
        $queue = declare_queue($channel);
        $sent = [
            'content_type' => 'text/plain', 'content_encoding' => 'utf-8', 'delivery_mode' => 2, 'priority' => 5, 'correlation_id' => 'c', 'reply_to' => 'r', 'expiration' => '600000',
            'message_id' => 'm', 'timestamp' => 1221045133, 'type' => 't', 'user_id' => 'guest', 'app_id' => 'a', 'cluster_id' => 'k',
        ];
        $body = str_repeat('0123456789', 200000);
        $channel->basic_publish(new AMQPMessage($body, $sent + ['application_headers' => new AMQPTable(['text' => 'x', 'number' => 7])]), '', $queue);
        $message = $channel->basic_get($queue, true);
        $found = $message->get_properties();
        check($found['application_headers']->getNativeData() === ['text' => 'x', 'number' => 7], $found);
        unset($found['application_headers']);
        ksort($sent);
        ksort($found);
        check($found == $sent, $found);
        check($message->getBody() === $body);
    },

    'transactions' => function ($connection) {
        $channel = $connection->channel();
        $other = $connection->channel();
        $queue = declare_queue($other);
        $channel->tx_select();
        $channel->basic_publish(new AMQPMessage('one'), '', $queue);
        $channel->tx_rollback();
        $channel->basic_publish(new AMQPMessage('two'), '', $queue);
        check($other->basic_get($queue) === null);
        $channel->tx_commit();
        $taken = $other->basic_get($queue);
        check($taken->getBody() === 'two');
        $taken->reject(true);
        check($other->basic_get($queue)->isRedelivered());
    },

    'mistakes' => function ($connection) {
        foreach ([
            404 => fn($channel) => $channel->queue_declare(uniqid('missing'), true),
            406 => fn($channel) => $channel->exchange_declare('amq.direct', 'fanout', false, true, false),
            403 => fn($channel) => $channel->queue_declare('amq.mine'),
        ] as $code => $act) {
            try {
                $act($connection->channel());
                check(false, "nothing was closed with $code");
            } catch (AMQPProtocolChannelException $closed) {
                check($closed->getCode() === $code, $closed);
            }
        }
        declare_queue($connection->channel());
    },

    'between' => function ($connection) {
        // To and from 0-9-1: what the mode is, is a constant, so that the other side is a program of its own.
        $channel = $connection->channel();
        $queue = declare_queue($channel, uniqid('between'));
        $other = '/usr/bin/python3 -c ' . escapeshellarg(
            'import pika, sys' . "\n" .
            'c = pika.BlockingConnection(pika.URLParameters(sys.argv[1])).channel()' . "\n" .
            'm, p, b = c.basic_get(sys.argv[2], auto_ack=True)' . "\n" .
            'c.basic_publish("", sys.argv[2], b + b" and back", p)' . "\n" .
            'c.connection.close()') . ' ' . escapeshellarg($GLOBALS['argv'][1]) . ' ' . escapeshellarg($queue);
        $channel->basic_publish(new AMQPMessage('there', ['message_id' => 'm']), '', $queue);
        declare_queue($channel);
        exec($other, $output, $status);
        check($status === 0, $output);
        $message = $channel->basic_get($queue, true);
        check($message->getBody() === 'there and back' && $message->get('message_id') === 'm', $message);
        $channel->queue_delete($queue);
    },
];

$connection = connect();
check($connection->channel()->getProtocolVersion() === '8.0');
$scenarios[$argv[2]]($connection);
$connection->close();
echo "OK $argv[2]\n";
