using System.Text;
using AmqpToolkit.Conformance.Tests.Peer;
using AmqpToolkit.Transport;
using Xunit.Abstractions;

namespace AmqpToolkit.Conformance.Tests.Own;

/// <summary>
/// Whole conversations, damaged, each on a connection of its own: the broker ends every one of them, says nothing but
/// well-formed frames and defined errors, meets no defect and keeps nothing. AMQP_FUZZ_INPUTS sets how many there are.
/// </summary>
[Collection(AloneCollection.Name)]
public sealed class ConnectionFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 20261121;
    private const int Workers = 4;

    private static readonly int[] DefinedErrors = [403, 404, 405, 406, 501, 502, 503, 504, 505, 530, 540, 541];

    /// <summary>Most clients speak 0-9-1; each worker has some of all.</summary>
    private static readonly FuzzCorpus[] Corpora = [new(Edition.V0_9_1), new(Edition.V0_9), new(Edition.V0_9_1), new(Edition.V0_8), new(Edition.V0_9_1), new(Edition.V0_9_1)];

    private static readonly int Inputs = int.TryParse(Environment.GetEnvironmentVariable("AMQP_FUZZ_INPUTS"), out var inputs) ? inputs : 24_000;

    [OwnBrokerFact]
    public async Task Conversations_Damaged_EndWithDefinedErrorsAndLeaveNothing()
    {
        output.WriteLine($"seed {Seed}, {Inputs} inputs");
        await using var broker = await PrivateBroker.StartAsync();
        using var bystander = ScriptedPeer.OpenWithChannels(broker.UnderTest, 1);
        var queue = bystander.DeclareQueue(1);
        var memory = GC.GetTotalMemory(forceFullCollection: true);

        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(() => FuzzAsync(broker, worker))));

        bystander.Deposit(queue, "still here");
        Assert.Equal("still here", bystander.Get(1, queue, noAck: true)?.Text);
        bystander.Dispose();
        broker.ExpectNobodyLeft();
        Assert.Empty(broker.Defects);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - memory;

        // Damage makes some queues shared, and ends some connections before their auto-delete exchange is bound: those stay.
        var host = broker.Broker.FindVirtualHost("/")!;
        output.WriteLine($"{grown} octets more are held, {broker.Broker.Arena.InUseOctets} in messages; {host.QueueCount} queues, {host.ExchangeCount} exchanges are left");
        Assert.InRange(host.QueueCount, 0, Inputs / 50);
        Assert.InRange(grown, long.MinValue, (32 << 20) + (2048L * (host.QueueCount + host.ExchangeCount)));
    }

    private static async Task FuzzAsync(PrivateBroker broker, int worker)
    {
        for (var index = worker; index < Inputs; index += Workers)
        {
            var input = Input(index);
            try
            {
                Check(await ConverseAsync(broker, input));
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {Seed}, input {index}: {Convert.ToHexString(input)}", exception);
            }
        }
    }

    // One in 75 is damaged in its handshake as well: strangers are held for three seconds.
    private static byte[] Input(int index)
    {
        var mutator = new FrameMutator(Seed + index);
        var corpus = Corpora[index / Workers % Corpora.Length];
        var conversations = corpus.Conversations($"fuzz{index:D8}");
        var conversation = conversations[mutator.Next(conversations.Count)];
        var frame = mutator.Next(conversation.Count);
        byte[] damaged = [.. conversation.Take(frame).SelectMany(one => one), .. mutator.Mutate(conversation[frame]), .. conversation.Skip(frame + 1).SelectMany(one => one)];
        return mutator.Next(75) == 0 ? [.. mutator.Mutate(corpus.Handshake), .. damaged] : [.. corpus.Handshake, .. damaged];
    }

    private static async Task<byte[]> ConverseAsync(PrivateBroker broker, byte[] input)
    {
        using var transport = broker.Broker.ConnectInMemory();
        using var said = new MemoryStream();
        var receiving = ReceiveAsync(transport, said);
        try
        {
            await transport.SendAsync([new(input)]).AsTask().WaitAsync(ScriptedPeer.Deadline);
        }
        catch (IOException)
        {
            // The broker has seen enough and ended the stream.
        }

        transport.ShutdownSend();
        await receiving.WaitAsync(ScriptedPeer.Deadline);
        return said.ToArray();
    }

    private static async Task ReceiveAsync(TransportConnection transport, MemoryStream said)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await transport.ReceiveAsync(buffer) is var octets and > 0)
            {
                said.Write(buffer.AsSpan(0, octets));
            }
        }
        catch (IOException)
        {
            // The end of a stream without a farewell.
        }
    }

    private static void Check(ReadOnlySpan<byte> said)
    {
        if (said.StartsWith("AMQP"u8))
        {
            Assert.Equal(8, said.Length);
            return;
        }

        // connection.start says what is spoken; a damaged header may have changed it. 0-9 is all of 0-9-1 and more.
        var edition = said.Length > 11 && said[11] == 8 ? Edition.V0_8 : Edition.V0_9;
        while (!said.IsEmpty)
        {
            var reader = new PeerReader(said[3..]);
            var octets = (int)reader.Long() + 8;
            Assert.InRange(octets, 8, said.Length);
            Assert.Equal(0xCE, said[octets - 1]);
            if (said[0] == 1)
            {
                var method = PeerReader.Method(new PeerReader(said[1..]).Short(), said[7..(octets - 1)], edition);
                if (method.Name is "channel.close" or "connection.close")
                {
                    Assert.Contains(method.Field<ushort>(0), DefinedErrors.Select(one => (ushort)one));
                    Assert.InRange(Encoding.UTF8.GetByteCount(method.Field<string>(1)), 1, 255);
                }
            }

            said = said[octets..];
        }
    }
}
