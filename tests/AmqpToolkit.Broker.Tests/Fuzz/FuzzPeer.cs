using System.Buffers.Binary;
using System.Net.Sockets;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Fuzz;

/// <summary>A client that says methods by chance and keeps its side of the protocol: it opens a channel again that was closed, and settles what it got.</summary>
internal sealed class FuzzPeer(RawClient client, MethodDice dice, Action<int, string> closed) : IDisposable
{
    private const int Channels = 3;

    private readonly List<ulong>[] _tags = [[], [], [], []];
    private readonly bool[] _opening = new bool[Channels + 1];

    /// <summary>Whether the broker has closed the connection.</summary>
    public bool IsClosed { get; private set; }

    public void OpenChannels()
    {
        for (ushort channel = 1; channel <= Channels; channel++)
        {
            client.OpenChannel(channel);
        }
    }

    /// <summary>Says a few things on one channel, and hears what comes until that channel has nothing more to answer.</summary>
    public void Burst()
    {
        ushort channel = (ushort)dice.Random.Next(1, Channels + 1);
        var octets = new List<byte>();
        for (int left = dice.Random.Next(1, 12); left > 0; left--)
        {
            octets.AddRange(dice.Next(channel, _tags[channel]));
        }

        octets.AddRange(MethodDice.Write(channel, new ChannelFlow { Active = true }));
        client.Send(octets.ToArray());
        while (!IsClosed && !HearEndOf(channel))
        {
        }
    }

    /// <summary>Leaves in one of the ways that there are.</summary>
    public void Leave()
    {
        if (!IsClosed && dice.OneIn(3))
        {
            client.Send(0, new ConnectionClose { ReplyCode = 200 });
            while (!IsClosed)
            {
                Hear(out uint method, out _, out _);
                IsClosed |= method == ConnectionCloseOkView.MethodKey;
            }
        }
    }

    public void Dispose() => client.Dispose();

    // The end is the answer to channel.flow, or the answer to the channel.open that followed its channel.close.
    private bool HearEndOf(ushort awaited)
    {
        Hear(out uint method, out ushort channel, out bool isReopened);
        return channel == awaited && (method == ChannelFlowOkView.MethodKey || isReopened);
    }

    private void Hear(out uint method, out ushort channel, out bool isReopened)
    {
        isReopened = false;
        (byte type, channel, byte[] payload) = client.ReadFrame();
        method = 0;
        if (type != Constants.FrameMethod)
        {
            return;
        }

        method = BinaryPrimitives.ReadUInt32BigEndian(payload);
        ReadOnlySpan<byte> arguments = payload.AsSpan(4);
        switch (method)
        {
            case BasicDeliverView.MethodKey:
                Assert.Equal(DecodeError.None, BasicDeliverView.TryParse(arguments, out var delivered));
                Keep(channel, delivered.DeliveryTag);
                break;

            case BasicGetOkView.MethodKey:
                Assert.Equal(DecodeError.None, BasicGetOkView.TryParse(arguments, out var got));
                Keep(channel, got.DeliveryTag);
                break;

            case ChannelCloseView.MethodKey:
                Assert.Equal(DecodeError.None, ChannelCloseView.TryParse(arguments, out var close));
                closed(close.ReplyCode, System.Text.Encoding.UTF8.GetString(close.ReplyText));
                client.Send(channel, default(ChannelCloseOk));
                client.Send(channel, default(ChannelOpen));
                _tags[channel].Clear();
                _opening[channel] = true;
                break;

            case ChannelOpenOkView.MethodKey:
                Assert.True(_opening[channel], $"channel.open-ok on channel {channel}, which nobody opened");
                isReopened = true;
                _opening[channel] = false;
                break;

            case ConnectionCloseView.MethodKey:
                Assert.Equal(DecodeError.None, ConnectionCloseView.TryParse(arguments, out var end));
                closed(end.ReplyCode, System.Text.Encoding.UTF8.GetString(end.ReplyText));
                IsClosed = true;
                try
                {
                    client.Send(0, default(ConnectionCloseOk));
                }
                catch (SocketException)
                {
                    // The broker's patience is over: its clock runs fast.
                }

                break;
        }
    }

    private void Keep(ushort channel, ulong tag)
    {
        _tags[channel].Add(tag);
        if (_tags[channel].Count > 20)
        {
            _tags[channel].RemoveRange(0, 10);
        }
    }
}
