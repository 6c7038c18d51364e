using System.Buffers.Binary;
using AmqpToolkit.Broker.Testing.Traffic;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Testing.Strict;

/// <summary>Looks at what one client of 0-9-1 sends, and tells what the specification does not allow although the broker bears it. Used by the reader of the connection.</summary>
internal sealed class ClientInspector(DepartureReport report, int connection)
{
    private readonly MethodOrder _order = new();
    private bool _isSpoken;
    private bool _isLost;

    /// <summary>Looks at a unit.</summary>
    public void Inspect(TrafficUnit unit)
    {
        if (!unit.IsClassic)
        {
            // Other editions have other rules: 0-8 has tickets where 0-9-1 has reserved fields.
            _isSpoken |= unit.Octets.AsSpan().SequenceEqual(ProtocolHeader.V0_9_1);
            return;
        }

        if (!_isSpoken)
        {
            return;
        }

        byte type = unit.Octets[0];
        if (type == Constants.FrameHeartbeat)
        {
            Expect(unit.Channel == 0, unit, "heartbeat", "channel", Sections.Heartbeats, $"a heartbeat belongs to channel 0, not {unit.Channel}");
            return;
        }

        if (unit.Key == 0)
        {
            InspectFraming(unit);
            return;
        }

        if (_order.Follow(unit) is { } breach)
        {
            report.Add(new Departure(connection, unit.Channel, Methods.NameOf(unit.Key), breach.Field, breach.Section, breach.Text));
        }

        InspectReserved(unit);
        InspectAssertions(unit);
        InspectTags(unit);
        InspectContent(unit);
    }

    /// <summary>The client has gone.</summary>
    public void End()
    {
        if (_order.IsOpen && !_isLost)
        {
            report.Add(new Departure(connection, 0, "connection.close", "", Sections.Closing, "the client left without connection.close, or without the answer to it"));
        }
    }

    private void InspectFraming(TrafficUnit unit)
    {
        var (what, field, section, text) = unit.Breach switch
        {
            FramingBreach.ContentBroken => ("basic.publish", "content", Sections.Content, "another method came before the content was whole"),
            FramingBreach.HeaderShort => ("content header", "body size", Sections.ContentHeader, "the header is too short to say what follows"),
            FramingBreach.ContentWithoutMethod => ("content", "", Sections.Content, "a content header or body came without its method, or behind the octets that its header announced"),
            FramingBreach.FrameTooLarge => ("frame", "size", Sections.Frames, "the frame is larger than the frame-max that was agreed, or than any of a handshake"),
            _ => default,
        };
        // Where the next frame begins nobody knows any more.
        _isLost |= unit.Breach == FramingBreach.FrameTooLarge;
        if (what is not null)
        {
            report.Add(new Departure(connection, unit.Channel, what, field!, section!, text!));
        }
    }

    /// <summary>What was a field once is written as zero (the domains of reserved fields).</summary>
    private void InspectReserved(TrafficUnit unit)
    {
        bool beginsWithReserved = unit.Key is ExchangeDeclare.MethodKey or ExchangeDelete.MethodKey or ExchangeBind.MethodKey or ExchangeUnbind.MethodKey or QueueDeclare.MethodKey
            or QueueBind.MethodKey or QueueUnbind.MethodKey or QueuePurge.MethodKey or QueueDelete.MethodKey or BasicConsume.MethodKey or BasicPublish.MethodKey or BasicGet.MethodKey;
        if (beginsWithReserved && unit.Arguments.Length >= 2 && BinaryPrimitives.ReadUInt16BigEndian(unit.Arguments) is not 0 and var ticket)
        {
            Add(unit, "reserved-1", $"expected 0, came {ticket}");
        }

        if (unit.Key == ChannelOpen.MethodKey && unit.Arguments.Length > 0 && unit.Arguments[0] != 0)
        {
            Add(unit, "reserved-1", "expected an empty string");
        }
    }

    private void InspectAssertions(TrafficUnit unit)
    {
        var arguments = unit.Arguments;
        var violation = unit.Key switch
        {
            ConnectionStartOk.MethodKey when ConnectionStartOkView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            ConnectionTuneOk.MethodKey when ConnectionTuneOkView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            ConnectionOpen.MethodKey when ConnectionOpenView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            ConnectionClose.MethodKey when ConnectionCloseView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            ChannelClose.MethodKey when ChannelCloseView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            ExchangeDeclare.MethodKey when ExchangeDeclareView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            ExchangeDelete.MethodKey when ExchangeDeleteView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            QueueDeclare.MethodKey when QueueDeclareView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            QueueBind.MethodKey when QueueBindView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            QueueUnbind.MethodKey when QueueUnbindView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            QueuePurge.MethodKey when QueuePurgeView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            QueueDelete.MethodKey when QueueDeleteView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            BasicConsume.MethodKey when BasicConsumeView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            BasicPublish.MethodKey when BasicPublishView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            BasicGet.MethodKey when BasicGetView.TryParse(arguments, out var view) == DecodeError.None => view.Validate(),
            _ => default,
        };
        if (!violation.IsNone)
        {
            Add(unit, violation.Field!, violation.Text!);
        }
    }

    /// <summary>Zero means all deliveries, and so needs the bit that says so.</summary>
    private void InspectTags(TrafficUnit unit)
    {
        bool isZeroAlone = unit.Key switch
        {
            BasicAck.MethodKey => BasicAckView.TryParse(unit.Arguments, out var ack) == DecodeError.None && ack.DeliveryTag == 0 && !ack.Multiple,
            BasicNack.MethodKey => BasicNackView.TryParse(unit.Arguments, out var nack) == DecodeError.None && nack.DeliveryTag == 0 && !nack.Multiple,
            BasicReject.MethodKey => BasicRejectView.TryParse(unit.Arguments, out var reject) == DecodeError.None && reject.DeliveryTag == 0,
            _ => false,
        };
        if (isZeroAlone)
        {
            Add(unit, "delivery-tag", "0 names no delivery");
        }
    }

    private void InspectContent(TrafficUnit unit)
    {
        if (unit.Key != BasicPublish.MethodKey || unit.Content.Length < FrameWriter.ContentHeaderOverheadOctets)
        {
            return;
        }

        var payload = unit.Content[FrameReader.HeaderOctets..];
        ushort classId = BinaryPrimitives.ReadUInt16BigEndian(payload);
        ushort weight = BinaryPrimitives.ReadUInt16BigEndian(payload[2..]);
        Expect(classId == unit.Key >> 16, unit, "content header", "class-id", Sections.ContentHeader, $"expected {unit.Key >> 16}, came {classId}");
        Expect(weight == 0, unit, "content header", "weight", Sections.ContentHeader, $"expected 0, came {weight}");

        ulong announced = BinaryPrimitives.ReadUInt64BigEndian(payload[4..]);
        ulong came = CountBody(unit.Content);
        Expect(came <= announced, unit, "content body", "", Sections.ContentBody, $"the header announced {announced} octets, came {came}");
    }

    /// <summary>Octets in the body frames that follow a content header.</summary>
    private static ulong CountBody(ReadOnlySpan<byte> frames)
    {
        ulong octets = 0;
        for (bool isBody = false; frames.Length >= FrameWriter.OverheadOctets; isBody = true)
        {
            uint payload = BinaryPrimitives.ReadUInt32BigEndian(frames[3..]);
            octets += isBody ? payload : 0;
            frames = frames[(int)Math.Min(payload + FrameWriter.OverheadOctets, (uint)frames.Length)..];
        }

        return octets;
    }

    private void Add(TrafficUnit unit, string field, string text) =>
        report.Add(new Departure(connection, unit.Channel, Methods.NameOf(unit.Key), field, Sections.Of(unit.Key), text));

    private void Expect(bool holds, TrafficUnit unit, string what, string field, string section, string text)
    {
        if (!holds)
        {
            report.Add(new Departure(connection, unit.Channel, what, field, section, text));
        }
    }
}
