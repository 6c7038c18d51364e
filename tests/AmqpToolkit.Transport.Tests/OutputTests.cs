namespace AmqpToolkit.Transport.Tests;

public sealed class OutputTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly RecordingOwner _owner = new();

    [Fact]
    public void Flush_OfLittle_SendsOnTheFlushingThread()
    {
        var transport = new ScriptedTransport();
        var output = new Output(transport, _owner, 1_000_000);
        Append(output, [1, 2, 3]);
        Append(output, [4]);

        output.Flush();

        Assert.Equal([1, 2, 3, 4], transport.Sent);
        Assert.Equal([1], transport.SegmentsOfSends);
        Assert.Equal(Environment.CurrentManagedThreadId, transport.LastSendThread);
        Assert.Equal(0, output.PendingOctets);
        Assert.Equal(1, output.SendCount);
    }

    [Fact]
    public void Flush_OfMuch_SendsOnAnotherThread()
    {
        var transport = new ScriptedTransport();
        var output = new Output(transport, _owner, 1_000_000);
        byte[] octets = Random(Output.InlineSendOctets + 1);
        Append(output, octets);

        // Waits without giving its thread to anybody, so that the sender's is another.
        output.Flush();
        Assert.True(SpinWait.SpinUntil(() => output.PendingOctets == 0, Patience));

        Assert.Equal(octets, transport.Sent);
        Assert.NotEqual(Environment.CurrentManagedThreadId, transport.LastSendThread);
    }

    [Fact]
    public void FlushBriefly_OfLittle_SendsOnTheFlushingThreadAndLeavesTheOwnersWorkToOthers()
    {
        var transport = new ScriptedTransport();
        var output = new Output(transport, _owner, 4);
        int owners = 0;
        _owner.OnDrained = () => Volatile.Write(ref owners, Environment.CurrentManagedThreadId);
        Append(output, [1, 2, 3, 4]);
        lock (output.Gate)
        {
            Assert.False(output.HasRoom);
        }

        output.FlushBriefly();

        Assert.Equal([1, 2, 3, 4], transport.Sent);
        Assert.Equal(Environment.CurrentManagedThreadId, transport.LastSendThread);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref owners) != 0, Patience));
        Assert.NotEqual(Environment.CurrentManagedThreadId, owners);
    }

    [Fact]
    public void FlushBriefly_OfMuch_SendsOnAnotherThread()
    {
        var transport = new ScriptedTransport();
        var output = new Output(transport, _owner, 1_000_000);
        byte[] octets = Random(Output.InlineSendOctets + 1);
        Append(output, octets);

        output.FlushBriefly();
        Assert.True(SpinWait.SpinUntil(() => output.PendingOctets == 0, Patience));

        Assert.Equal(octets, transport.Sent);
        Assert.NotEqual(Environment.CurrentManagedThreadId, transport.LastSendThread);
    }

    [Fact]
    public void Flush_OfNothing_SendsNothing()
    {
        var transport = new ScriptedTransport();
        var output = new Output(transport, _owner, 1000);

        output.Flush();

        Assert.Empty(transport.SegmentsOfSends);
        Assert.Equal(0, output.SendCount);
    }

    [Fact]
    public void Flush_WhileASendIsOnItsWay_LeavesTheRestToThatSender()
    {
        var transport = new ScriptedTransport { HoldSends = true };
        var output = new Output(transport, _owner, 1000);
        Append(output, [1]);
        output.Flush();
        Append(output, [2]);
        output.Flush();
        Append(output, [3]);
        output.Flush();

        Assert.Equal([1], transport.Sent);
        Assert.Equal(3, output.PendingOctets);
        transport.CompleteSend();
        transport.CompleteSend();

        Assert.True(SpinWait.SpinUntil(() => output.PendingOctets == 0, Patience));
        Assert.Equal([1, 2, 3], transport.Sent);
        Assert.Equal(2, transport.SegmentsOfSends.Length);
    }

    [Fact]
    public void Reserve_BeyondTheLargestBuffer_GetsWhatItAsksFor()
    {
        var transport = new ScriptedTransport();
        var output = new Output(transport, _owner, 10_000_000);
        byte[] small = Random(100);
        byte[] large = Random(Output.MaxBufferOctets * 3);
        Append(output, small);
        Append(output, large);
        Append(output, small);

        output.Flush();
        Assert.True(SpinWait.SpinUntil(() => output.PendingOctets == 0, Patience));

        Assert.Equal([.. small, .. large, .. small], transport.Sent);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Append_OfRandomSizes_KeepsEveryOctetInOrder(int seed)
    {
        var random = new Random(seed);
        var transport = new ScriptedTransport();
        var output = new Output(transport, _owner, 100_000_000);
        var expected = new List<byte>();
        var shared = new List<CountedOctets>();
        for (int step = 0; step < 2000; step++)
        {
            byte octet = (byte)random.Next(256);
            int octets = random.Next(6) == 0 ? random.Next(1, 20_000) : random.Next(1, 100);
            expected.AddRange(Enumerable.Repeat(octet, octets));
            if (random.Next(5) == 0)
            {
                var one = new CountedOctets(octet, octets);
                shared.Add(one);
                lock (output.Gate)
                {
                    output.AppendShared(one.Octets, one);
                }
            }
            else
            {
                // More is reserved than used, as encoders do.
                lock (output.Gate)
                {
                    output.Reserve(octets + random.Next(500))[..octets].Fill(octet);
                    output.Advance(octets);
                }
            }

            if (random.Next(20) == 0)
            {
                output.Flush();
            }
        }

        output.Flush();
        Assert.True(SpinWait.SpinUntil(() => output.PendingOctets == 0, Patience));

        Assert.True(expected.SequenceEqual(transport.Sent), $"seed {seed}");
        Assert.All(shared, one => Assert.Equal(1, one.Released));
    }

    [Fact]
    public void HasRoom_PastTheBound_IsFalse_AndTheOwnerIsToldOnceWhenHalfIsFree()
    {
        var transport = new ScriptedTransport { HoldSends = true };
        var output = new Output(transport, _owner, 100);
        Append(output, new byte[60]);
        output.Flush();
        Append(output, new byte[60]);
        Assert.False(HasRoom(output));
        Assert.False(HasRoom(output));
        output.Flush();

        transport.CompleteSend();
        Assert.True(SpinWait.SpinUntil(() => transport.HasHeldSend, Patience));

        // 60 of 100 octets wait still: more than half.
        Assert.Equal(0, _owner.Drained);
        transport.CompleteSend();

        Assert.True(SpinWait.SpinUntil(() => _owner.Drained == 1, Patience));
        Assert.True(HasRoom(output));

        Append(output, [1]);
        output.Flush();
        transport.CompleteSend();
        Assert.True(SpinWait.SpinUntil(() => output.PendingOctets == 0, Patience));
        Assert.Equal(1, _owner.Drained);
    }

    [Fact]
    public void HasRoom_WhenTheOwnerFillsTheOutputAgain_GoesOn()
    {
        var transport = new ScriptedTransport();
        var output = new Output(transport, _owner, 50);
        int rounds = 0;
        _owner.OnDrained = () =>
        {
            if (++rounds < 1000)
            {
                Fill();
            }
        };
        Fill();

        output.Flush();

        Assert.True(SpinWait.SpinUntil(() => rounds == 1000, Patience), $"{rounds} rounds");
        Assert.Equal(1000 * 60, transport.Sent.Length);

        void Fill()
        {
            Append(output, new byte[60]);
            Assert.False(HasRoom(output));
        }
    }

    [Fact]
    public async Task WaitForRoomAsync_PastTheBound_CompletesWhenHalfIsFree()
    {
        var transport = new ScriptedTransport { HoldSends = true };
        var output = new Output(transport, _owner, 100);
        Assert.True(RoomAsync(output).IsCompletedSuccessfully);
        Append(output, new byte[150]);
        output.Flush();
        var first = RoomAsync(output);
        var second = RoomAsync(output);
        Assert.False(first.IsCompleted);

        transport.CompleteSend();

        await Task.WhenAll(first, second).WaitAsync(Patience);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WaitForRoomAsync_WhenTheOutputEnds_Completes(bool breaks)
    {
        var transport = new ScriptedTransport { HoldSends = true };
        var output = new Output(transport, _owner, 100);
        Append(output, new byte[150]);
        output.Flush();
        var waiting = RoomAsync(output);

        if (breaks)
        {
            transport.FailSend();
        }
        else
        {
            output.Abort();
        }

        await waiting.WaitAsync(Patience);
        Assert.True(RoomAsync(output).IsCompletedSuccessfully);
    }

    [Fact]
    public void AppendShared_IsSentFromWhereItLies_AndReleasedOnceAfterwards()
    {
        var transport = new ScriptedTransport { HoldSends = true };
        var output = new Output(transport, _owner, 1000);
        var shared = new CountedOctets(7, 3);
        Append(output, [1]);
        lock (output.Gate)
        {
            output.AppendShared(shared.Octets, shared);
        }

        Append(output, [2]);
        output.Flush();

        Assert.Equal([1, 7, 7, 7, 2], transport.Sent);
        Assert.Equal([3], transport.SegmentsOfSends);
        Assert.Equal(0, shared.Released);
        transport.CompleteSend();
        Assert.True(SpinWait.SpinUntil(() => shared.Released > 0 && output.PendingOctets == 0, Patience));
        Assert.Equal(1, shared.Released);
    }

    [Fact]
    public void Abort_BeforeASend_ReleasesWhatWaits()
    {
        var output = new Output(new ScriptedTransport(), _owner, 1000);
        var shared = AppendShared(output, 3);

        output.Abort();
        output.Abort();

        Assert.All(shared, one => Assert.Equal(1, one.Released));
        Assert.Equal(0, output.PendingOctets);
        Assert.True(output.IsEnded);
    }

    [Fact]
    public async Task Abort_WhileASendIsOnItsWay_ReleasesEachOnceWhenItEnds()
    {
        var transport = new ScriptedTransport { HoldSends = true };
        var output = new Output(transport, _owner, 1000);
        var sending = AppendShared(output, 3);
        output.Flush();
        var waiting = AppendShared(output, 3);

        output.Abort();

        // The socket has these still.
        Assert.All(sending, one => Assert.Equal(0, one.Released));
        transport.Abort();
        Assert.IsType<IOException>(await _owner.Ended.WaitAsync(Patience));
        Assert.All(sending.Concat(waiting), one => Assert.Equal(1, one.Released));
        Assert.Equal(0, output.PendingOctets);
        Assert.Equal(1, _owner.Endings);
    }

    [Fact]
    public void Abort_WhileASendIsOnItsWayThatSucceeds_ReleasesEachOnce()
    {
        var transport = new ScriptedTransport { HoldSends = true };
        var output = new Output(transport, _owner, 1000);
        var sending = AppendShared(output, 3);
        output.Flush();
        var waiting = AppendShared(output, 3);
        output.Abort();

        transport.CompleteSend();

        Assert.True(SpinWait.SpinUntil(() => waiting.All(one => one.Released > 0), Patience));
        Assert.All(sending.Concat(waiting), one => Assert.Equal(1, one.Released));
        Assert.Single(transport.SegmentsOfSends);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Send_ThatBreaks_ReleasesEachOnce_TellsTheOwnerOnce_AndTakesNothingMore(int brokenSend)
    {
        var transport = new ScriptedTransport { BrokenSend = brokenSend };
        var output = new Output(transport, _owner, 1000);
        var shared = AppendShared(output, 3);
        output.Flush();
        shared.AddRange(AppendShared(output, 3));
        output.Flush();

        Assert.IsType<IOException>(await _owner.Ended.WaitAsync(Patience));

        shared.AddRange(AppendShared(output, 2));
        Append(output, [1, 2, 3]);
        output.Flush();
        Assert.All(shared, one => Assert.Equal(1, one.Released));
        Assert.Equal(brokenSend + 1, transport.SegmentsOfSends.Length);
        Assert.Equal(0, output.PendingOctets);
        Assert.Equal(1, _owner.Endings);
        Assert.True(output.IsEnded);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EndAfterFlush_SendsWhatWaits_ThenShutsDown(bool holdsSends)
    {
        var transport = new ScriptedTransport { HoldSends = holdsSends };
        var output = new Output(transport, _owner, 1000);
        Append(output, [1, 2]);
        output.EndAfterFlush();
        if (holdsSends)
        {
            Assert.False(transport.IsShutDown);
            transport.CompleteSend();
        }

        Assert.Null(await _owner.Ended.WaitAsync(Patience));

        var late = AppendShared(output, 1);
        Append(output, [3]);
        output.Flush();
        output.EndAfterFlush();
        Assert.Equal([1, 2], transport.Sent);
        Assert.True(transport.IsShutDown);
        Assert.Equal(1, _owner.Endings);
        Assert.Equal(1, late[0].Released);
    }

    [Fact]
    public async Task EndAfterFlush_OfNothing_ShutsDown()
    {
        var transport = new ScriptedTransport();
        var output = new Output(transport, _owner, 1000);

        output.EndAfterFlush();

        Assert.Null(await _owner.Ended.WaitAsync(Patience));
        Assert.True(transport.IsShutDown);
        Assert.Empty(transport.SegmentsOfSends);
    }

    [Fact]
    public async Task EndAfterFlush_ThenABrokenSend_TellsTheBreak()
    {
        var transport = new ScriptedTransport { HoldSends = true };
        var output = new Output(transport, _owner, 1000);
        Append(output, [1]);
        output.EndAfterFlush();

        transport.FailSend();

        Assert.IsType<IOException>(await _owner.Ended.WaitAsync(Patience));
        Assert.False(transport.IsShutDown);
        Assert.Equal(1, _owner.Endings);
    }

    [Fact]
    public void Flush_OfATransportThatNeverWaits_OffersTheThreadToOthers()
    {
        // Each drain brings more: without an offer the loop would never leave the thread that flushed.
        var transport = new ScriptedTransport();
        var output = new Output(transport, _owner, 1);
        int flushingThread = Environment.CurrentManagedThreadId;
        bool left = false;
        int rounds = 0;
        _owner.OnDrained = () =>
        {
            left |= Environment.CurrentManagedThreadId != flushingThread;
            if (++rounds < 200)
            {
                Append(output, [1, 2]);
                Assert.False(HasRoom(output));
            }
        };
        Append(output, [1, 2]);
        Assert.False(HasRoom(output));

        output.Flush();

        Assert.True(SpinWait.SpinUntil(() => rounds == 200, Patience));
        Assert.True(left);
    }

    [Theory]
    [InlineData(4)]
    public async Task Append_FromSeveralThreads_KeepsEachFrameWholeAndEachThreadsOrder(int threads)
    {
        const int Frames = 4000;
        var (near, far) = InMemoryTransport.CreatePair();
        var output = new Output(near, _owner, 100_000_000);
        var shared = new List<CountedOctets>[threads];
        var appending = Enumerable.Range(0, threads).Select(thread => Task.Run(() =>
        {
            var random = new Random(thread);
            shared[thread] = [];
            for (int number = 0; number < Frames; number++)
            {
                // thread, number, octets, the octets
                int octets = random.Next(50) == 0 ? random.Next(5000) : random.Next(40);
                lock (output.Gate)
                {
                    var frame = output.Reserve(7 + octets);
                    frame[0] = (byte)thread;
                    BitConverter.TryWriteBytes(frame[1..], number);
                    BitConverter.TryWriteBytes(frame[5..], (ushort)octets);
                    if (random.Next(4) == 0)
                    {
                        output.Advance(7);
                        var rest = new CountedOctets((byte)thread, octets);
                        shared[thread].Add(rest);
                        output.AppendShared(rest.Octets, rest);
                    }
                    else
                    {
                        frame.Slice(7, octets).Fill((byte)thread);
                        output.Advance(7 + octets);
                    }
                }

                output.Flush();
            }
        })).ToArray();
        var reading = Task.Run(async () =>
        {
            int[] next = new int[threads];
            byte[] buffer = new byte[1 << 20];
            int end = 0;
            while (next.Sum() < threads * Frames)
            {
                int received = await far.ReceiveAsync(buffer.AsMemory(end));
                Assert.NotEqual(0, received);
                end += received;
                int start = 0;
                while (end - start >= 7 && end - start >= 7 + BitConverter.ToUInt16(buffer, start + 5))
                {
                    int octets = BitConverter.ToUInt16(buffer, start + 5);
                    byte thread = buffer[start];
                    Assert.Equal(next[thread]++, BitConverter.ToInt32(buffer, start + 1));
                    Assert.Equal(-1, buffer.AsSpan(start + 7, octets).IndexOfAnyExcept(thread));
                    start += 7 + octets;
                }

                buffer.AsSpan(start, end - start).CopyTo(buffer);
                end -= start;
            }
        });

        await Task.WhenAll(appending).WaitAsync(Patience);
        await reading.WaitAsync(Patience);

        Assert.True(SpinWait.SpinUntil(() => output.PendingOctets == 0, Patience));
        Assert.All(shared.SelectMany(list => list), one => Assert.Equal(1, one.Released));
    }

    [Fact]
    public async Task Abort_WhileThreadsAppendAndFlush_ReleasesEverythingOnce()
    {
        for (int round = 0; round < 200; round++)
        {
            var (near, far) = InMemoryTransport.CreatePair();
            var output = new Output(near, _owner, 1000);
            var shared = new List<CountedOctets>();
            var appending = Task.Run(() =>
            {
                for (int number = 0; number < 100; number++)
                {
                    shared.AddRange(AppendShared(output, 1, octets: 3000));
                    output.Flush();
                }
            });
            var aborting = Task.Run(() =>
            {
                for (int spin = 0; spin < round * 10; spin++)
                {
                    Thread.SpinWait(10);
                }

                output.Abort();
                near.Abort();
            });

            await Task.WhenAll(appending, aborting).WaitAsync(Patience);

            Assert.True(SpinWait.SpinUntil(() => shared.All(one => one.Released > 0), Patience), $"round {round}");
            Assert.All(shared, one => Assert.Equal(1, one.Released));
            far.Abort();
        }
    }

    private static void Append(Output output, byte[] octets)
    {
        lock (output.Gate)
        {
            octets.CopyTo(output.Reserve(octets.Length));
            output.Advance(octets.Length);
        }
    }

    private static List<CountedOctets> AppendShared(Output output, int count, int octets = 10)
    {
        List<CountedOctets> shared = [.. Enumerable.Range(0, count).Select(number => new CountedOctets((byte)number, octets))];
        lock (output.Gate)
        {
            foreach (var one in shared)
            {
                output.AppendShared(one.Octets, one);
            }
        }

        return shared;
    }

    private static async Task RoomAsync(Output output) => await output.WaitForRoomAsync();

    private static bool HasRoom(Output output)
    {
        lock (output.Gate)
        {
            return output.HasRoom;
        }
    }

    private static byte[] Random(int octets)
    {
        byte[] random = new byte[octets];
        new Random(octets).NextBytes(random);
        return random;
    }
}
