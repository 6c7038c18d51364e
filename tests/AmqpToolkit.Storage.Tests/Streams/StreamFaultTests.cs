using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Storage.Tests.Streams;

/// <summary>A disk that fails at whichever call a stream comes to: what was confirmed is there, with its offset, and the stream goes on.</summary>
public sealed class StreamFaultTests
{
    private const int Broken = 5;
    private const int Messages = 8;

    /// <summary>So that a stream of a few messages has several files.</summary>
    private const int SegmentOctets = 300;

    private static readonly StreamLogOptions SmallBlocks = new() { BlockOctets = 1024 };

    /// <param name="call">What fails.</param>
    /// <param name="error">With what: a disk that is broken stays so, one that is full has room at the next call.</param>
    /// <param name="step">Of the calls each so many-th is looked at: a full disk is asked again after some time.</param>
    [Theory]
    [InlineData("write", Broken, 1)]
    [InlineData("short write", Broken, 1)]
    [InlineData("sync", Broken, 1)]
    [InlineData("write", DiskErrors.NoSpace, 3)]
    [InlineData("short write", DiskErrors.NoSpace, 3)]
    public void Call_ThatFails_WhicheverItIs_LosesNothingConfirmed_AndMovesNoOffset(string call, int error, int step)
    {
        int failures = 0;
        bool hasFailed;
        for (int point = 1; ; point += step)
        {
            var disk = new SimulatedDisk();
            hasFailed = false;
            int calls = 0;
            Sabotage(disk, call, octets =>
            {
                bool fails = ++calls == point || (calls > point && error == Broken);
                hasFailed |= fails;
                return fails ? (octets * point % 7 / 7, new IOException("injected", error)) : null;
            });
            ulong confirmed = Work(disk, out var left);
            Assert.True(hasFailed || confirmed == Messages, $"{call} {point}: {confirmed} confirmed");
            Check(left, confirmed, $"{call} {point}");
            if (!hasFailed)
            {
                break;
            }

            failures++;
        }

        Assert.True(failures * step > Messages, $"{failures} calls have failed");
    }

    /// <summary>What a sync could not write the system takes for written: a start that shows it to readers has it on the disk by then, whatever the power does.</summary>
    [Fact]
    public void Sync_ThatFails_ThenAStart_ThenALossOfPower_TakeNothingThatWasSeen()
    {
        int unconfirmed = 0;
        for (int point = 1; point <= 20; point++)
        {
            var disk = new SimulatedDisk();
            var left = disk;
            using (var stream = new TestStream(disk, SmallBlocks, SegmentOctets))
            {
                int calls = 0;
                disk.OnSync = _ =>
                {
                    if (++calls == point)
                    {
                        throw new IOException("injected", Broken);
                    }
                };
                ulong token = 0;
                for (int message = 0; message < Messages && !stream.Failed.IsFaulted; message++)
                {
                    stream.Append(message, $"message {message}");
                    token = stream.Ask();
                    stream.WaitForAnswer(token);
                }

                unconfirmed += stream.IsCommitted(token) ? 0 : 1;
                left = disk.Kill();
                disk.OnSync = null;
            }

            List<(long Offset, string Text)> seen;
            using (var stream = new TestStream(left, SmallBlocks, SegmentOctets))
            {
                seen = stream.Read(StreamPosition.First);
                left = left.LosePower(new Random(point));
            }

            using var again = new TestStream(left, SmallBlocks, SegmentOctets);
            Assert.Equal(seen, again.Read(StreamPosition.First));
        }

        Assert.True(unconfirmed > 4, $"{unconfirmed} syncs have left something unconfirmed");
    }

    private static void Sabotage(SimulatedDisk disk, string call, Func<int, (int Octets, Exception Error)?> ask)
    {
        switch (call)
        {
            case "write":
                disk.OnShortWrite = octets => ask(octets) is { } cut ? (0, cut.Error) : null;
                break;
            case "short write":
                disk.OnShortWrite = ask;
                break;
            default:
                disk.OnSync = _ =>
                {
                    if (ask(0) is { } cut)
                    {
                        throw cut.Error;
                    }
                };
                break;
        }
    }

    /// <returns>How many messages were confirmed.</returns>
    private static ulong Work(SimulatedDisk disk, out SimulatedDisk left)
    {
        ulong confirmed = 0;
        try
        {
            var stream = new TestStream(disk, SmallBlocks, SegmentOctets);
            for (int number = 0; number < Messages; number++)
            {
                stream.Append(number, $"message {number}");
                ulong token = stream.Ask();
                stream.WaitForAnswer(token);
                confirmed = stream.IsCommitted(token) ? token : confirmed;
            }

            left = disk.Kill();
            disk.OnShortWrite = null;
            disk.OnSync = null;
            stream.Dispose();
        }
        catch (IOException)
        {
            // The journal did not come to be.
            Assert.Equal(0UL, confirmed);
            left = disk.Kill();
        }

        return confirmed;
    }

    private static void Check(SimulatedDisk left, ulong confirmed, string when)
    {
        int there;
        using (var stream = new TestStream(left, SmallBlocks, SegmentOctets))
        {
            var read = stream.Read(StreamPosition.First);
            there = read.Count;
            Assert.Empty(stream.Damage);
            Assert.Equal(Enumerable.Range(0, there).Select(static number => ((long)number, $"message {number}")), read);
            Assert.True((ulong)there >= confirmed, $"{when}: {confirmed} confirmed, {there} there");
            stream.Publish(100, $"message {there}");
        }

        using var again = new TestStream(left, SmallBlocks, SegmentOctets, knownEnd: there + 1, knownFirst: 0);
        Assert.Equal(Enumerable.Range(0, there + 1).Select(static number => ((long)number, $"message {number}")), again.Read(StreamPosition.First));
        Assert.Empty(again.Damage);
        using var files = left.Kill().Open();
        Assert.Empty(StreamCheck.Run(files.OpenFolder("7"), there + 1, 0).Damages);
    }
}
