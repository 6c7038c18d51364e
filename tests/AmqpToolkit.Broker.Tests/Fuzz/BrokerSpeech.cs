using System.Buffers.Binary;
using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Fuzz;

/// <summary>What a broker said on one connection, and whether it was allowed to.</summary>
internal sealed class BrokerSpeech
{
    private static readonly uint[] WithContent = [BasicDeliverView.MethodKey, BasicGetOkView.MethodKey, BasicReturnView.MethodKey];

    /// <summary>The code of connection.close; 0 when there was none.</summary>
    public int CloseCode { get; private set; }

    /// <summary>Codes of channel.close.</summary>
    public List<int> ChannelCloseCodes { get; } = [];

    /// <summary>Every method, with its channel, and the octets of its content.</summary>
    public List<string> Said { get; } = [];

    public bool IsOpen { get; private set; }

    public bool HasClosed { get; private set; }

    /// <summary>Reads what was said; throws where a rule was broken.</summary>
    /// <param name="said">All octets.</param>
    /// <param name="mayBeCut">Whether the last frame may be cut: the stream broke.</param>
    public static BrokerSpeech Read(ReadOnlySpan<byte> said, bool mayBeCut)
    {
        var speech = new BrokerSpeech();
        if (said.StartsWith("AMQP"u8))
        {
            Assert.Equal(ProtocolHeader.V0_9_1.ToArray(), said.ToArray());
            return speech;
        }

        uint contentOf = 0;
        ulong bodyOctets = 0;
        ushort contentChannel = 0;
        bool isHeaderDue = false;
        while (!said.IsEmpty)
        {
            var status = FrameReader.TryRead(said, 0, out var frame);
            if (status == FrameReadStatus.Incomplete && mayBeCut)
            {
                return speech;
            }

            Assert.Equal(FrameReadStatus.Complete, status);
            Assert.InRange(frame.Octets, 8, 131072);
            if (frame.Type != Constants.FrameMethod && frame.Type != Constants.FrameHeartbeat)
            {
                Assert.True(contentOf != 0 && frame.Channel == contentChannel, "content out of turn");
                if (isHeaderDue)
                {
                    Assert.Equal((byte)Constants.FrameHeader, frame.Type);
                    Assert.Equal(DecodeError.None, ContentHeaderView.TryParse(frame.Payload, out var header));
                    Assert.Equal(BasicProperties.ClassId, header.ClassId);
                    Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(header.Properties, out _));
                    bodyOctets = header.BodyOctets;
                    speech.Said[^1] += $" with {bodyOctets} octets";
                    isHeaderDue = false;
                }
                else
                {
                    Assert.Equal((byte)Constants.FrameBody, frame.Type);
                    Assert.InRange((ulong)frame.Payload.Length, 1ul, bodyOctets);
                    bodyOctets -= (ulong)frame.Payload.Length;
                }

                contentOf = isHeaderDue || bodyOctets > 0 ? contentOf : 0;
            }
            else if (frame.Type == Constants.FrameMethod)
            {
                Assert.True(contentOf == 0, $"a method where content of {Methods.NameOf(contentOf)} is due");
                uint key = BinaryPrimitives.ReadUInt32BigEndian(frame.Payload);
                speech.ReadMethod(frame.Channel, key, frame.Payload[4..]);
                if (WithContent.Contains(key))
                {
                    (contentOf, contentChannel, isHeaderDue, bodyOctets) = (key, frame.Channel, true, 0);
                }
            }

            said = said[frame.Octets..];
        }

        Assert.True(contentOf == 0 || mayBeCut, "the content is not whole");
        return speech;
    }

    private void ReadMethod(ushort channel, uint key, ReadOnlySpan<byte> arguments)
    {
        Assert.True(Methods.TryGetInfo(key, out var info) && info.ClientReceives, $"method {Methods.NameOf(key)} is not for clients");
        Assert.Equal(info.ClassId == 10, channel == 0);
        Said.Add($"{channel} {info.Name}");
        Assert.True(CloseCode == 0 || key == ConnectionCloseOkView.MethodKey, $"{info.Name} behind connection.close");
        Assert.False(HasClosed, $"{info.Name} behind connection.close-ok");
        switch (key)
        {
            case ConnectionOpenOkView.MethodKey:
                IsOpen = true;
                break;

            case ConnectionCloseOkView.MethodKey:
                HasClosed = true;
                break;

            case ConnectionCloseView.MethodKey:
                Assert.Equal(DecodeError.None, ConnectionCloseView.TryParse(arguments, out var close));
                CheckText(close.ReplyCode, close.ReplyText);
                CloseCode = close.ReplyCode;
                break;

            case ChannelCloseView.MethodKey:
                Assert.Equal(DecodeError.None, ChannelCloseView.TryParse(arguments, out var channelClose));
                CheckText(channelClose.ReplyCode, channelClose.ReplyText);
                Assert.Equal(ErrorScope.Channel, Constants.ScopeOf(channelClose.ReplyCode));
                ChannelCloseCodes.Add(channelClose.ReplyCode);
                break;
        }
    }

    private static void CheckText(ushort replyCode, ReadOnlySpan<byte> text)
    {
        Assert.True(Constants.ScopeOf(replyCode) != ErrorScope.None, $"reply code {replyCode} is none of the specification's");
        string name = Constants.NameOf(replyCode).Replace('-', '_').ToUpperInvariant();
        Assert.StartsWith(name, Encoding.UTF8.GetString(text), StringComparison.Ordinal);
    }
}
