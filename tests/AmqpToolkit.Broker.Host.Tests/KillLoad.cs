using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>
/// Clients of a broker that is killed again and again, and what they know, which is kept here and not in the broker: one publishes with confirms, one consumes
/// and acknowledges, one commits transactions over two queues.
/// </summary>
internal sealed class KillLoad
{
    public const string Queue = "kill";
    public const string First = "kill.first";
    public const string Second = "kill.second";

    /// <summary>Acknowledgements after which the broker is asked whether it has got this far.</summary>
    private const int AskedAfter = 20;

    /// <summary>After this time what the broker has read is with the operating system, on a machine that gives it a turn when it wants one.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(100);

    private static readonly BasicProperties Persistent = new() { Persistent = true };

    private readonly ConcurrentDictionary<long, bool> _confirmed = new();

    /// <summary>What was acknowledged, and when the broker is known to have read that.</summary>
    private readonly ConcurrentDictionary<long, (int Round, long ReadAt)> _acked = new();
    private readonly List<string> _mistakes = [];
    private readonly HashSet<long> _committed = [];
    private long _published;
    private long _transactions;
    private long _keptUpTo;

    /// <summary>When each round's kill was asked for, the begin of the last transaction that its broker had confirmed, and the longest time that an answer took.</summary>
    private readonly List<(long At, long KeptUpTo, TimeSpan LongestAnswer)> _kills = [];

    /// <summary>The longest time that an answer took, be it of a transaction: so long this machine left the broker, or its journal and the disk, without a turn.</summary>
    private TimeSpan _longestAnswer;
    private long _askedAt;
    private long _committingSince;
    private TimeSpan _oldestReturn;

    public int Confirmed => _confirmed.Count;

    public int Acked => _acked.Count;

    public int Committed => _committed.Count;

    /// <summary>Whether there was enough of everything for the answer to mean something.</summary>
    public bool HasWorked(int rounds) => Confirmed > rounds && Acked > rounds && Committed > rounds;

    /// <summary>How long before a kill the broker had read the acknowledgement that was lost with it and was the oldest, and the longest time that an answer took.</summary>
    public (TimeSpan Return, TimeSpan Answer) Longest => (_oldestReturn, _kills.Max(kill => kill.LongestAnswer));

    public IReadOnlyList<string> Mistakes => _mistakes;

    /// <summary>Loads the broker for a while, and has it killed.</summary>
    public async Task RunAsync(int port, TimeSpan time, Func<Task> kill)
    {
        var factory = PatientFactory.For(port);
        await using IConnection publishing = await factory.CreateConnectionAsync();
        await using IConnection consuming = await factory.CreateConnectionAsync();
        await using (IChannel channel = await publishing.CreateChannelAsync())
        {
            foreach (string queue in (string[])[Queue, First, Second])
            {
                await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);
            }
        }

        _longestAnswer = default;
        using var over = new CancellationTokenSource();
        Task[] work = [PublishAsync(publishing, over.Token), CommitAsync(publishing, over.Token), ConsumeAsync(consuming, over.Token)];
        await Task.Delay(time, CancellationToken.None);
        long killedAt = Stopwatch.GetTimestamp();
        NoteAnswer(Interlocked.Exchange(ref _askedAt, 0), killedAt);
        NoteAnswer(Interlocked.Exchange(ref _committingSince, 0), killedAt);
        await kill();
        await over.CancelAsync();
        await Task.WhenAll(work).WaitAsync(TimeSpan.FromSeconds(60));
        _kills.Add((killedAt, Volatile.Read(ref _keptUpTo), _longestAnswer));
    }

    /// <summary>Takes everything out, and holds it against what is known.</summary>
    public async Task CheckAsync(int port)
    {
        var factory = PatientFactory.For(port);
        await using IConnection connection = await factory.CreateConnectionAsync();
        await using IChannel channel = await connection.CreateChannelAsync();
        long[] left = await DrainAsync(channel, Queue);
        CheckOrder(left, "at the end");
        foreach (long number in left)
        {
            CheckReturn(number);
        }

        var there = left.ToHashSet();
        long[] lost = [.. _confirmed.Keys.Where(number => !there.Contains(number) && !_acked.ContainsKey(number)).Order()];
        Check(lost.Length == 0, $"{lost.Length} confirmed messages are lost: {string.Join(", ", lost.Take(10))}");
        long[] first = await DrainAsync(channel, First);
        long[] second = await DrainAsync(channel, Second);
        Check(first.SequenceEqual(second), $"a transaction is there by half: {string.Join(", ", first.Except(second).Concat(second.Except(first)).Take(10))}");
        long[] missing = [.. _committed.Except(first)];
        Check(missing.Length == 0, $"{missing.Length} committed transactions are lost: {string.Join(", ", missing.Take(10))}");
        CheckOrder(first, "of transactions");
    }

    private async Task<long[]> DrainAsync(IChannel channel, string queue)
    {
        var numbers = new List<long>();
        while (await channel.BasicGetAsync(queue, autoAck: true) is { } message)
        {
            numbers.Add(NumberOf(message.Body));
        }

        return [.. numbers];
    }

    private long NumberOf(ReadOnlyMemory<byte> body)
    {
        string text = Encoding.UTF8.GetString(body.Span);
        bool isNumber = long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long number);
        Check(isNumber && body.Span.SequenceEqual(BodyOf(number)), $"a body of {body.Length} octets is not what was published: '{text}'");
        return number;
    }

    private static byte[] BodyOf(long number) => Encoding.UTF8.GetBytes($"{number}".PadRight((int)(number * 7919 % 600)));

    /// <summary>Whether an exception is what a client gets whose broker was killed. Its own buffers are gone at times when its connection goes under a publish: then it reports an index.</summary>
    internal static bool IsEnd(Exception exception) =>
        exception is IndexOutOfRangeException or AlreadyClosedException or OperationInterruptedException or OperationCanceledException or IOException or ObjectDisposedException or PublishException;

    private async Task PublishAsync(IConnection connection, CancellationToken over)
    {
        try
        {
            IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), CancellationToken.None);
            var open = new Queue<Task>();
            while (!over.IsCancellationRequested)
            {
                long number = _published++;
                open.Enqueue(PublishOneAsync(channel, number));
                if (open.Count == 200)
                {
                    await open.Dequeue().WaitAsync(over);
                }
            }

            await Task.WhenAll(open).WaitAsync(over);
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // Killed.
        }
    }

    private async Task PublishOneAsync(IChannel channel, long number)
    {
        try
        {
            await channel.BasicPublishAsync("", Queue, mandatory: true, Persistent, BodyOf(number));
            _confirmed[number] = true;
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // Not confirmed: it may be there or not.
        }
    }

    private async Task CommitAsync(IConnection connection, CancellationToken over)
    {
        try
        {
            IChannel channel = await connection.CreateChannelAsync(cancellationToken: CancellationToken.None);
            await channel.TxSelectAsync(CancellationToken.None);
            while (!over.IsCancellationRequested)
            {
                long number = _transactions++;
                await channel.BasicPublishAsync("", First, mandatory: true, Persistent, BodyOf(number), over);
                await channel.BasicPublishAsync("", Second, mandatory: true, Persistent, BodyOf(number), over);
                long began = Stopwatch.GetTimestamp();
                Volatile.Write(ref _committingSince, began);
                await channel.TxCommitAsync(over).WaitAsync(over);
                NoteAnswer(Interlocked.Exchange(ref _committingSince, 0), Stopwatch.GetTimestamp());
                _committed.Add(number);

                // What the broker had written down before it kept this is kept, too.
                Volatile.Write(ref _keptUpTo, began);
            }
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // Killed.
        }
    }

    private async Task ConsumeAsync(IConnection connection, CancellationToken over)
    {
        // The connection's own: what the end of an earlier one left on its way must not count as read by this broker.
        var received = new List<long>();
        var unread = new List<long>();
        try
        {
            IChannel channel = await connection.CreateChannelAsync(cancellationToken: CancellationToken.None);
            await channel.BasicQosAsync(0, 100, global: false, CancellationToken.None);
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += async (_, delivery) =>
            {
                long number = NumberOf(delivery.Body);
                received.Add(number);
                CheckReturn(number);
                if (number % 3 != 0)
                {
                    // Others stay unsettled for a while: acknowledgements have holes.
                    NoteAck(number, unread);
                    await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, CancellationToken.None);
                }
                else if (received.Count % 50 == 0)
                {
                    received.ForEach(earlier => NoteAck(earlier, unread));
                    await channel.BasicAckAsync(delivery.DeliveryTag, multiple: true, CancellationToken.None);
                }

                if (unread.Count >= AskedAfter)
                {
                    Volatile.Write(ref _askedAt, Stopwatch.GetTimestamp());
                    await channel.QueueDeclarePassiveAsync(Queue, CancellationToken.None);
                    long now = Stopwatch.GetTimestamp();
                    NoteAnswer(Interlocked.Exchange(ref _askedAt, 0), now);
                    unread.ForEach(read => _acked[read] = (_kills.Count, now));
                    unread.Clear();
                }
            };
            await channel.BasicConsumeAsync(Queue, autoAck: false, consumer, CancellationToken.None);
            await Task.Delay(Timeout.Infinite, over);
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // Killed.
        }

        await connection.AbortAsync(TimeSpan.FromSeconds(5));
        CheckOrder([.. received], "of a consumer");
    }

    private void NoteAck(long number, List<long> unread)
    {
        if (_acked.TryAdd(number, (_kills.Count, long.MaxValue)))
        {
            unread.Add(number);
        }
    }

    /// <summary>
    /// A message is there that was acknowledged. That may be, unless the broker had read so before a transaction began that it confirmed, or long enough
    /// before the kill.
    /// </summary>
    private void CheckReturn(long number)
    {
        if (_acked.TryRemove(number, out var acked) && acked.ReadAt != long.MaxValue)
        {
            // Not the last round's: that may have been over before the message came again.
            var (at, keptUpTo, longest) = _kills[acked.Round];
            long readAt = acked.ReadAt;
            TimeSpan before = Stopwatch.GetElapsedTime(readAt, at);
            _oldestReturn = before > _oldestReturn ? before : _oldestReturn;
            Check(readAt >= keptUpTo, $"message {number} is back, acknowledged before what is kept");
            Check(before < Grace + (2 * longest), $"message {number} is back, acknowledged {before.TotalMilliseconds:F0} ms before the kill; no answer took longer than {longest.TotalMilliseconds:F0} ms");
        }
    }

    private void NoteAnswer(long askedAt, long answeredAt)
    {
        TimeSpan time = askedAt == 0 ? default : Stopwatch.GetElapsedTime(askedAt, answeredAt);
        lock (_mistakes)
        {
            _longestAnswer = time > _longestAnswer ? time : _longestAnswer;
        }
    }

    private void CheckOrder(long[] numbers, string where)
    {
        for (int index = 1; index < numbers.Length; index++)
        {
            Check(numbers[index] > numbers[index - 1], $"the order {where}: {numbers[index]} after {numbers[index - 1]}");
        }
    }

    private void Check(bool holds, string mistake)
    {
        lock (_mistakes)
        {
            if (!holds && _mistakes.Count < 100)
            {
                _mistakes.Add(mistake);
            }
        }
    }
}
