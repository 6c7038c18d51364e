using System.Text;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Topology;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using Microsoft.Extensions.Logging.Abstractions;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>A virtual host with a clock that a test moves, and queues with arguments. Bodies are text.</summary>
internal sealed class ExtendedQueue : IDisposable
{
    private readonly IncomingBatch _batch;

    public ExtendedQueue(BrokerProfile profile = BrokerProfile.V4_2)
    {
        Timers = new TimerWheel(Time, NullLogger.Instance);
        VirtualHost = new VirtualHost("/", profile, Arena, Timers);
        _batch = new IncomingBatch(Arena);
    }

    public ManualTimeProvider Time { get; } = new();

    public TimerWheel Timers { get; }

    public MessageArena Arena { get; } = new();

    public VirtualHost VirtualHost { get; }

    public Turn Turn { get; } = new();

    public void Dispose() => Timers.Dispose();

    public MessageQueue Declare(string name, params (string Key, object? Value)[] arguments)
    {
        bool isQuorum = arguments.Any(argument => argument is ("x-queue-type", "quorum"));
        Assert.Null(VirtualHost.DeclareQueue(
            Encoding.UTF8.GetBytes(name), false, isQuorum, false, false, TestTopology.Arguments(arguments).View, this, out var queue));
        return queue!;
    }

    public bool Has(string name) => VirtualHost.FindQueue(Encoding.UTF8.GetBytes(name)) is not null;

    public void Advance(long milliseconds) => Time.Advance(TimeSpan.FromMilliseconds(milliseconds));

    public void Publish(MessageQueue queue, params string[] bodies) => Publish(queue, new BasicProperties(), bodies);

    /// <summary>Publishes through the default exchange, as one batch.</summary>
    /// <returns>The places in the batch that the queue refused.</returns>
    public List<int> Publish(MessageQueue queue, BasicProperties properties, params string[] bodies)
    {
        var flags = properties.HasExpiration ? MessageFlags.Expires : MessageFlags.None;
        byte[] octets = new byte[properties.MaxOctets];
        octets = octets[..properties.Write(octets)];
        byte[] buffer = [.. octets, .. bodies.SelectMany(Encoding.UTF8.GetBytes)];
        _batch.Begin(buffer);
        _batch.SetRoute([], 0, queue.Name, queue.Name.Length);
        int at = octets.Length;
        foreach (string body in bodies)
        {
            int length = Encoding.UTF8.GetByteCount(body);
            _batch.Add(0, octets.Length, at, length, flags);
            at += length;
        }

        queue.Publish(_batch, isLastQueue: true, Turn);
        List<int> refused = [.. _batch.Refused];
        _batch.Clear();
        _batch.End();
        Turn.End();
        return refused;
    }

    /// <summary>Takes the oldest message; null when there is none.</summary>
    public (string Body, Dictionary<string, object?> Headers, BasicProperties Properties)? Get(MessageQueue queue, Outcome outcome = Outcome.Accept)
    {
        if (!queue.TryGet(out var message, out _, Turn))
        {
            return null;
        }

        var content = queue.Read(in message);
        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(content.Properties, out var view));
        var got = (Encoding.UTF8.GetString(content.Body), view.HasHeaders ? view.Headers.ToDictionary() : [], view.ToOwned());
        queue.Settle([new Unsettled(queue, null, message)], outcome, Turn);
        Turn.End();
        return got;
    }

    /// <summary>Takes everything.</summary>
    public List<string> Drain(MessageQueue queue)
    {
        var bodies = new List<string>();
        while (Get(queue) is { } got)
        {
            bodies.Add(got.Body);
        }

        return bodies;
    }

    /// <summary>The tables of x-death, newest first.</summary>
    public static List<Dictionary<string, object?>> Deaths(Dictionary<string, object?> headers) =>
        [.. ((object?[])headers["x-death"]!).Select(death => (Dictionary<string, object?>)death!)];

    public void ExpectNothingLeft() => Assert.Equal(0, NumberPublisher.InUse(Arena));
}
