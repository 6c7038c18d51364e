namespace AmqpToolkit.Transport.Tests;

public sealed class ReceivePumpTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task RunAsync_UntilTheStreamEnds_HandsEveryOctetOnInOrder()
    {
        var transport = new ScriptedTransport();
        var handler = new UnitHandler();
        byte[] input = UnitHandler.Units(2000, longest: 300, seed: 5);
        for (int at = 0; at < input.Length; at += 700)
        {
            transport.Deliver(input[at..Math.Min(input.Length, at + 700)]);
        }

        transport.DeliverEnd();

        Assert.True(await ReceivePump.RunAsync(transport, handler).WaitAsync(Patience));
        Assert.Equal(2000, handler.Taken);
        Assert.Equal(0, handler.Leftover);
    }

    [Fact]
    public async Task RunAsync_OfUnitsInPieces_KeepsWhatIsNotWhole()
    {
        var transport = new ScriptedTransport();
        var handler = new UnitHandler();
        byte[] input = UnitHandler.Units(200, longest: 30, seed: 6);
        foreach (byte octet in input)
        {
            transport.Deliver([octet]);
        }

        transport.DeliverEnd();

        Assert.True(await ReceivePump.RunAsync(transport, handler).WaitAsync(Patience));
        Assert.Equal(200, handler.Taken);
    }

    [Theory]
    [InlineData(ReceivePump.MinBufferOctets)]
    [InlineData(ReceivePump.MinBufferOctets + 1)]
    [InlineData(ReceivePump.MaxBufferOctets - 3)]
    [InlineData(ReceivePump.MaxBufferOctets * 4)]
    public async Task RunAsync_OfOneLargeUnit_GrowsUntilItFits(int octets)
    {
        var transport = new ScriptedTransport();
        var handler = new UnitHandler();
        transport.Deliver(UnitHandler.Unit(octets));
        transport.Deliver(UnitHandler.Unit(3));
        transport.DeliverEnd();

        Assert.True(await ReceivePump.RunAsync(transport, handler).WaitAsync(Patience));
        Assert.Equal(2, handler.Taken);
        Assert.Equal(octets, handler.LongestUnit);
    }

    [Fact]
    public async Task RunAsync_OfSteadyTraffic_GrowsToTheMaximumAndBack()
    {
        var transport = new ScriptedTransport();
        var handler = new UnitHandler();
        for (int count = 0; count < 40; count++)
        {
            transport.Deliver(Join(Enumerable.Range(0, 1000).Select(_ => UnitHandler.Unit(500))));
        }

        for (int count = 0; count < 40; count++)
        {
            transport.Deliver(UnitHandler.Unit(10));
        }

        transport.DeliverEnd();

        Assert.True(await ReceivePump.RunAsync(transport, handler).WaitAsync(Patience));

        Assert.InRange(transport.Rooms[0], ReceivePump.MinBufferOctets, 2 * ReceivePump.MinBufferOctets);
        Assert.InRange(transport.Rooms.Max(), ReceivePump.MaxBufferOctets / 2, 2 * ReceivePump.MaxBufferOctets);
        Assert.InRange(transport.Rooms[^1], ReceivePump.MinBufferOctets, 2 * ReceivePump.MinBufferOctets);
    }

    [Fact]
    public async Task RunAsync_WhenDrained_WaitsForDataWithoutABuffer()
    {
        var transport = new ScriptedTransport();
        var handler = new UnitHandler();
        transport.Deliver(UnitHandler.Unit(10));
        transport.Deliver(UnitHandler.Unit(10));
        transport.Deliver(UnitHandler.Unit(10)[..4]);
        transport.Deliver(UnitHandler.Unit(10)[4..]);
        transport.DeliverEnd();

        await ReceivePump.RunAsync(transport, handler).WaitAsync(Patience);

        // Before the first, after each of the two whole ones, and after the one in two pieces; not between those.
        Assert.Equal(4, transport.WaitsForData);
    }

    [Fact]
    public async Task RunAsync_WhenTheHandlerWantsNoMore_IsFalse()
    {
        var transport = new ScriptedTransport();
        transport.Deliver(UnitHandler.Unit(10));
        transport.Deliver(UnitHandler.Unit(10));

        Assert.False(await ReceivePump.RunAsync(transport, new UnitHandler { UnitsToTake = 1 }).WaitAsync(Patience));
    }

    [Fact]
    public async Task RunAsync_WhenTheStreamBreaks_Throws()
    {
        var transport = new ScriptedTransport();
        transport.Deliver(UnitHandler.Unit(10)[..3]);
        transport.DeliverBreak();

        await Assert.ThrowsAsync<IOException>(() => ReceivePump.RunAsync(transport, new UnitHandler()).WaitAsync(Patience));
    }

    [Fact]
    public async Task RunAsync_WhenTheHandlerThrows_ThrowsTheSame()
    {
        var transport = new ScriptedTransport();
        transport.Deliver(UnitHandler.Unit(10));
        var handler = new UnitHandler { Failure = new InvalidOperationException("a defect") };

        Assert.Same(handler.Failure, await Assert.ThrowsAsync<InvalidOperationException>(() => ReceivePump.RunAsync(transport, handler).WaitAsync(Patience)));
    }

    [Fact]
    public async Task RunAsync_WhileTheHandlerIsNotReady_ReceivesNothing()
    {
        var transport = new ScriptedTransport();
        var ready = new TaskCompletionSource();
        var handler = new UnitHandler { Ready = ready.Task };
        transport.Deliver(UnitHandler.Unit(10));
        transport.Deliver(UnitHandler.Unit(10));
        transport.DeliverEnd();

        var running = ReceivePump.RunAsync(transport, handler);
        Assert.True(SpinWait.SpinUntil(() => handler.Taken == 1, Patience));
        Assert.False(running.IsCompleted);
        Assert.Single(transport.Rooms);
        ready.SetResult();

        Assert.True(await running.WaitAsync(Patience));
        Assert.Equal(2, handler.Taken);
    }

    [Fact]
    public async Task RunAsync_WhenTheHandlerPauses_OffersTheRestAgain_BeforeItReceives()
    {
        var transport = new ScriptedTransport();
        var handler = new UnitHandler { UnitsPerTurn = 1 };
        transport.Deliver(Join([UnitHandler.Unit(10), UnitHandler.Unit(20), UnitHandler.Unit(30), UnitHandler.Unit(5)[..3]]));
        transport.DeliverEnd();

        Assert.True(await ReceivePump.RunAsync(transport, handler).WaitAsync(Patience));

        Assert.Equal(3, handler.Taken);
        Assert.Equal(4, handler.Turns);

        // One receive for the three and a piece, which take four turns, and one that found the end.
        Assert.Equal(2, transport.Rooms.Count);
    }

    [Fact]
    public void RunAsync_OfAStreamThatNeverWaits_OffersTheThreadToOthers()
    {
        var transport = new ScriptedTransport();
        var handler = new UnitHandler();
        for (int count = 0; count < 100; count++)
        {
            transport.Deliver(UnitHandler.Unit(10));
        }

        transport.DeliverEnd();
        var posted = new PostedWork();
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(posted);
        try
        {
            var running = ReceivePump.RunAsync(transport, handler);

            Assert.False(running.IsCompleted);
            Assert.InRange(handler.Taken, 1, 32);
            posted.RunAll(() => running.IsCompleted);
            Assert.True(running.IsCompletedSuccessfully);
            Assert.Equal(100, handler.Taken);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private static byte[] Join(IEnumerable<byte[]> parts) => [.. parts.SelectMany(part => part)];

    /// <summary>Runs what is posted when it is told to.</summary>
    private sealed class PostedWork : SynchronizationContext
    {
        private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();

        public override void Post(SendOrPostCallback d, object? state)
        {
            lock (_posted)
            {
                _posted.Enqueue((d, state));
            }
        }

        public void RunAll(Func<bool> isDone) => Assert.True(SpinWait.SpinUntil(
            () =>
            {
                while (true)
                {
                    (SendOrPostCallback Callback, object? State) next;
                    lock (_posted)
                    {
                        if (!_posted.TryDequeue(out next))
                        {
                            return isDone();
                        }
                    }

                    next.Callback(next.State);
                }
            },
            Patience));
    }

    /// <summary>Takes units of a length, in four octets, and as many octets, each the low octet of its index.</summary>
    private sealed class UnitHandler : IInputHandler
    {
        public int Taken { get; private set; }

        public int UnitsToTake { get; init; } = int.MaxValue;

        /// <summary>Units that it takes before it pauses.</summary>
        public int UnitsPerTurn { get; init; } = int.MaxValue;

        public int Turns { get; private set; }

        public bool HasPaused { get; private set; }

        public int Leftover { get; private set; }

        public int LongestUnit { get; private set; }

        public Exception? Failure { get; init; }

        public Task? Ready { get; init; }

        public static byte[] Unit(int octets)
        {
            byte[] unit = new byte[4 + octets];
            BitConverter.TryWriteBytes(unit, octets);
            for (int index = 0; index < octets; index++)
            {
                unit[4 + index] = (byte)index;
            }

            return unit;
        }

        public static byte[] Units(int count, int longest, int seed)
        {
            var random = new Random(seed);
            return Join(Enumerable.Range(0, count).Select(_ => Unit(random.Next(longest))));
        }

        public int HandleInput(byte[] buffer, int start, int count)
        {
            if (Failure is not null)
            {
                throw Failure;
            }

            int taken = 0;
            int units = 0;
            HasPaused = false;
            Turns++;
            while (count - taken >= 4 && count - taken - 4 >= BitConverter.ToInt32(buffer, start + taken))
            {
                int octets = BitConverter.ToInt32(buffer, start + taken);
                for (int index = 0; index < octets; index++)
                {
                    if (buffer[start + taken + 4 + index] != (byte)index)
                    {
                        throw new InvalidOperationException($"unit {Taken}, octet {index} is {buffer[start + taken + 4 + index]}");
                    }
                }

                LongestUnit = Math.Max(LongestUnit, octets);
                taken += 4 + octets;
                if (++Taken == UnitsToTake)
                {
                    return -1;
                }

                if (++units == UnitsPerTurn)
                {
                    HasPaused = true;
                    break;
                }
            }

            Leftover = count - taken;
            return taken;
        }

        public ValueTask WaitUntilReadyAsync() => Ready is { IsCompleted: false } ? new ValueTask(Ready) : ValueTask.CompletedTask;
    }
}
