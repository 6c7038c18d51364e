using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Protocol.Tests.V1_0;

/// <summary>
/// Peers of bad manners, servers and clients: frames that are right, half right and wrong, in any order. The engine answers or closes, and never throws. AMQP_FUZZ_INPUTS and AMQP_FUZZ_SEED say how many
/// frames, and which.
/// </summary>
public sealed class EngineFuzzTests
{
    private static readonly int Inputs = int.TryParse(Environment.GetEnvironmentVariable("AMQP_FUZZ_INPUTS"), out int inputs) ? inputs : 100_000;

    [Fact]
    public void RandomPeer_GetsAnswersThatCanBeRead()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("AMQP_FUZZ_SEED"), out int chosen) ? chosen : 1122;
        var random = new Random(seed);
        for (int input = 0; input < Inputs;)
        {
            var engine = random.Next(2) == 0 ? Server() : Client(random);
            for (int step = 0; step < 60 && !engine.Engine.IsEnded; step++, input++)
            {
                byte[] frame = Frame(random);
                if (random.Next(8) == 0)
                {
                    frame[random.Next(frame.Length)] = (byte)random.Next(256);
                }

                try
                {
                    foreach (var happening in engine.Feed(frame))
                    {
                        Act(happening, random);
                    }

                    engine.Engine.Flush();
                    engine.TakeSent();
                }
                catch (Exception error)
                {
                    throw new InvalidOperationException($"AMQP_FUZZ_SEED={seed}, input {input}: {Convert.ToHexString(frame)}", error);
                }
            }
        }
    }

    private static EngineUnderTest Server()
    {
        var engine = new EngineUnderTest(settings: new ConnectionSettings { ContainerId = "server", IncomingWindow = 50, HandleMax = 5, ChannelMax = 3 });
        engine.Feed(Peer.Header, Peer.Open());
        return engine;
    }

    /// <summary>An engine that has begun sessions and links of its own, some of which the peer will answer.</summary>
    private static EngineUnderTest Client(Random random)
    {
        var engine = new EngineUnderTest(isServer: false, new ConnectionSettings { ContainerId = "client", IncomingWindow = 50, HandleMax = 5, ChannelMax = 3 });
        engine.Engine.Start(usesSasl: false);
        engine.Engine.Open();
        for (int sessions = random.Next(3); sessions > 0 && engine.Engine.Begin() is { } session; sessions--)
        {
            for (int number = 0; number < 4; number++)
            {
                // Before the peer has begun, it may take no more than one.
                if (session.CreateLink($"{(number % 2 == 0 ? "in" : "out")}{number}", number % 2 == 0 ? Role.Receiver : Role.Sender) is not { } link)
                {
                    break;
                }

                link.Attach(new Attach { Source = new Source { Address = EncodedValue.String("s") }, Target = new Target { Address = EncodedValue.String("t") } });
                if (number % 2 == 0)
                {
                    link.SetCredit((uint)random.Next(10));
                }
            }
        }

        engine.Engine.Flush();
        engine.Feed(Peer.Header, Peer.Open());
        return engine;
    }

    private static void Act(Happening happening, Random random)
    {
        switch (happening.Kind)
        {
            case EngineEventKind.Flowed when happening.Link is { Role: Role.Sender } link:
                while (link.CanSend && random.Next(4) > 0)
                {
                    link.Send(new[] { (byte)random.Next() }, random.Next(2) == 0, 0, 1, new byte[random.Next(1000)], [], out _);
                }

                link.AnswerDrain();
                break;
            case EngineEventKind.Transferred when happening is { IsLast: true, IsSettled: false }:
                happening.Session!.DisposeIncoming(happening.Sequence, random.Next(2) == 0 ? default(Accepted) : default(Released), random.Next(2) == 0);
                happening.Link!.SetCredit((uint)random.Next(20));
                break;
            case EngineEventKind.Attached when random.Next(10) == 0:
                happening.Link!.Detach(closed: true, new AmqpFault(AmqpError.Texts.NotFound, "no"));
                break;
        }
    }

    private static byte[] Frame(Random random)
    {
        ushort channel = (ushort)random.Next(3);
        uint small = (uint)random.Next(6);
        return random.Next(12) switch
        {
            0 => random.Next(2) == 0 ? Peer.Begin(channel, small) : Peer.Frame(
                new Begin { RemoteChannel = (ushort)random.Next(3), NextOutgoingId = small, IncomingWindow = (uint)random.Next(100), OutgoingWindow = 100, HandleMax = 5 }, channel),
            1 => Peer.Frame(new End(), channel),
            2 => Peer.AttachSender($"in{small}", small, channel: channel),
            3 => Peer.AttachReceiver($"out{small}", small, channel: channel),
            4 => Peer.Frame(new Detach { Handle = small, Closed = random.Next(2) == 0 }, channel),
            5 or 6 => Peer.Frame(
                new Flow { NextIncomingId = small, IncomingWindow = (uint)random.Next(100), NextOutgoingId = small, OutgoingWindow = 1, Handle = (uint)random.Next(6), LinkCredit = (uint)random.Next(20), Echo = random.Next(2) == 0 },
                channel),
            7 => Peer.Frame(new Flow { NextIncomingId = (uint)random.Next(), IncomingWindow = uint.MaxValue, NextOutgoingId = (uint)random.Next(3), OutgoingWindow = 1 }, channel),
            8 => Peer.Frame(new Disposition { Role = (Role)random.Next(2), First = (uint)random.Next(10), Last = random.Next(2) == 0 ? uint.MaxValue : (uint)random.Next(10, 20), Settled = random.Next(2) == 0, State = default(Accepted) }, channel),
            9 => Peer.Frame(new Transfer { Handle = small, More = random.Next(2) == 0, Aborted = random.Next(5) == 0 }, channel, new byte[random.Next(30)]),
            _ => Peer.Frame(
                new Transfer { Handle = small, DeliveryId = (uint)random.Next(4), DeliveryTag = new byte[random.Next(34)], Settled = random.Next(2) == 0, More = random.Next(3) == 0 },
                channel,
                new byte[random.Next(30)]),
        };
    }
}
