namespace AmqpToolkit.Transport.Tests;

public sealed class InMemoryTransportTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Send_OfMoreThanItHolds_WaitsForTheReceiver()
    {
        var (first, second) = InMemoryTransport.CreatePair();
        byte[] octets = Random(3 * InMemoryTransport.CapacityOctets);

        var sending = first.SendAsync([octets]).AsTask();
        Assert.False(sending.IsCompleted);
        byte[] received = await ReceiveAsync(second, octets.Length, chunk: 10_000);

        await sending.WaitAsync(Patience);
        Assert.Equal(octets, received);
    }

    [Fact]
    public async Task Pair_UsedInBothDirectionsAtOnce_KeepsEveryOctetInOrder()
    {
        const int Octets = 5_000_000;
        var (first, second) = InMemoryTransport.CreatePair();
        byte[] forth = Random(Octets);
        byte[] back = Random(Octets + 1);

        var sendingForth = Task.Run(() => SendInPiecesAsync(first, forth, seed: 1));
        var sendingBack = Task.Run(() => SendInPiecesAsync(second, back, seed: 2));
        var receivingForth = Task.Run(() => ReceiveAsync(second, forth.Length, chunk: 7000));
        var receivingBack = Task.Run(() => ReceiveAsync(first, back.Length, chunk: 300_000));

        await Task.WhenAll(sendingForth, sendingBack).WaitAsync(Patience);
        Assert.Equal(forth, await receivingForth.WaitAsync(Patience));
        Assert.Equal(back, await receivingBack.WaitAsync(Patience));
    }

    [Fact]
    public async Task Receive_OfSingleOctetsSentInARow_NeverTakesALateSignalForTheEnd()
    {
        // More pairs than processors, so that a writer is stopped between its write and its signal.
        const int Octets = 20_000;
        int pairs = (2 * Environment.ProcessorCount) + 2;
        await Task.WhenAll(Enumerable.Range(0, pairs).SelectMany(_ =>
        {
            var (first, second) = InMemoryTransport.CreatePair();
            return new[] { Task.Run(() => SendAsync(first)), Task.Run(() => TakeAsync(second)) };
        })).WaitAsync(Patience);

        static async Task SendAsync(TransportConnection transport)
        {
            byte[] octet = new byte[1];
            for (int number = 0; number < Octets; number++)
            {
                octet[0] = (byte)number;
                await transport.SendAsync([octet]);
            }
        }

        // Without waiting for data first, as the pump does in the middle of a frame.
        static async Task TakeAsync(TransportConnection transport)
        {
            byte[] buffer = new byte[64];
            for (int taken = 0; taken < Octets;)
            {
                int count = await transport.ReceiveAsync(buffer);
                Assert.True(count > 0, $"the stream ended after {taken} octets");
                for (int index = 0; index < count; index++)
                {
                    Assert.Equal((byte)taken++, buffer[index]);
                }
            }
        }
    }

    [Fact]
    public async Task ShutdownSend_EndsOneDirection_BehindWhatWasSent()
    {
        var (first, second) = InMemoryTransport.CreatePair();
        await first.SendAsync([new byte[5]]);
        first.ShutdownSend();

        Assert.Equal(5, await second.ReceiveAsync(new byte[10]));
        Assert.Equal(0, await second.ReceiveAsync(new byte[10]));
        Assert.Equal(0, await second.ReceiveAsync(new byte[10]));
        await second.WaitForDataAsync();
        await second.SendAsync([new byte[3]]);
        Assert.Equal(3, await first.ReceiveAsync(new byte[10]));
        await Assert.ThrowsAsync<IOException>(async () => await first.SendAsync([new byte[1]]));
    }

    [Fact]
    public async Task ShutdownSend_WhileTheOtherEndWaits_WakesIt()
    {
        var (first, second) = InMemoryTransport.CreatePair();
        var receiving = second.ReceiveAsync(new byte[10]).AsTask();

        first.ShutdownSend();

        Assert.Equal(0, await receiving.WaitAsync(Patience));
    }

    [Fact]
    public async Task Abort_EndsPendingReceivesOfBothEnds()
    {
        var (first, second) = InMemoryTransport.CreatePair();
        var receivingHere = first.ReceiveAsync(new byte[10]).AsTask();
        var receivingThere = second.ReceiveAsync(new byte[10]).AsTask();

        first.Abort();
        first.Abort();

        Assert.Equal(0, await receivingThere.WaitAsync(Patience));
        try
        {
            Assert.Equal(0, await receivingHere.WaitAsync(Patience));
        }
        catch (IOException)
        {
            // The end or a break: either tells a reader to stop.
        }
    }

    [Fact]
    public async Task Abort_EndsAPendingSendOfTheOtherEnd_AndLaterOnesOfItsOwn()
    {
        var (first, second) = InMemoryTransport.CreatePair();
        var sending = second.SendAsync([new byte[2 * InMemoryTransport.CapacityOctets]]).AsTask();

        first.Abort();

        await Assert.ThrowsAsync<IOException>(() => sending.WaitAsync(Patience));
        await Assert.ThrowsAsync<IOException>(async () => await first.SendAsync([new byte[1]]));
    }

    [Fact]
    public async Task Abort_WhileBothEndsAreBusy_EndsEveryCall()
    {
        for (int round = 0; round < 300; round++)
        {
            var (first, second) = InMemoryTransport.CreatePair();
            var calls = new[]
            {
                Task.Run(() => SendUntilBrokenAsync(first)),
                Task.Run(() => SendUntilBrokenAsync(second)),
                Task.Run(() => ReceiveUntilEndAsync(first)),
                Task.Run(() => ReceiveUntilEndAsync(second)),
            };
            Thread.SpinWait(round * 50);
            (round % 2 == 0 ? first : second).Abort();

            await Task.WhenAll(calls).WaitAsync(Patience);
        }

        static async Task SendUntilBrokenAsync(TransportConnection transport)
        {
            try
            {
                while (true)
                {
                    await transport.SendAsync([new byte[5000], new byte[3]]);
                }
            }
            catch (IOException)
            {
            }
        }

        static async Task ReceiveUntilEndAsync(TransportConnection transport)
        {
            try
            {
                byte[] buffer = new byte[3000];
                while (await transport.ReceiveAsync(buffer) > 0)
                {
                }
            }
            catch (IOException)
            {
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void IsPeerGone_WhenTheOtherEndHasEnded_IsTrueWithoutReceiving(bool aborts)
    {
        var (first, second) = InMemoryTransport.CreatePair();
        Assert.False(second.IsPeerGone);

        if (aborts)
        {
            first.Abort();
        }
        else
        {
            first.ShutdownSend();
        }

        Assert.True(second.IsPeerGone);
    }

    [Fact]
    public void Ends_HaveNoAddresses_AndAreOfThisMachine()
    {
        var (first, second) = InMemoryTransport.CreatePair();

        Assert.Null(first.RemoteEndPoint);
        Assert.Null(second.LocalEndPoint);
        Assert.True(first.IsLoopback);
    }

    internal static async Task<byte[]> ReceiveAsync(TransportConnection transport, int octets, int chunk)
    {
        byte[] received = new byte[octets];
        for (int at = 0; at < octets;)
        {
            await transport.WaitForDataAsync();
            int count = await transport.ReceiveAsync(received.AsMemory(at, Math.Min(chunk, octets - at)));
            Assert.True(count > 0, $"the stream ended after {at} octets");
            at += count;
        }

        return received;
    }

    internal static async Task SendInPiecesAsync(TransportConnection transport, byte[] octets, int seed)
    {
        var random = new Random(seed);
        var segments = new List<ArraySegment<byte>>();
        for (int at = 0; at < octets.Length;)
        {
            segments.Clear();
            for (int count = random.Next(1, 20); count > 0 && at < octets.Length; count--)
            {
                int length = Math.Min(octets.Length - at, random.Next(3) == 0 ? random.Next(1, 60_000) : random.Next(1, 200));
                segments.Add(new ArraySegment<byte>(octets, at, length));
                at += length;
            }

            await transport.SendAsync(segments);
        }
    }

    internal static byte[] Random(int octets)
    {
        byte[] random = new byte[octets];
        new Random(octets).NextBytes(random);
        return random;
    }
}
