using System.Text;
using System.Text.Json;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>What we write, rhea reads as the same value; what it writes, we do: values, frames by the names of their fields, messages.</summary>
public sealed class RheaTests
{
    private const int Seed = 1003;
    private const int Trees = 1000;
    private const uint MaxFrameSize = 1 << 20;

    [RheaFact]
    public void T35_Values_OfRandomTrees_AreTheSameToBoth()
    {
        using LinePeer rhea = RheaFactAttribute.Peer();
        var random = new RandomTrees(Seed) { IsPlain = true };
        for (int i = 0; i < Trees; i++)
        {
            byte[] octets = random.Next();
            string[] answer = rhea.Ask("value " + Hex.Of(octets));

            Assert.Equal((Hex.Of(octets), CanonicalText.Of(octets)), (Hex.Of(octets), answer[0]));
            Assert.Equal((Hex.Of(octets), answer[0]), (Hex.Of(octets), CanonicalText.Of(Convert.FromHexString(answer[1]))));
        }
    }

    /// <summary>rhea knows the fields by its own list of their names and places.</summary>
    [RheaFact]
    public void Frames_OfEveryPerformative_HaveTheSameFieldsToBoth()
    {
        using LinePeer rhea = RheaFactAttribute.Peer();
        foreach (SpecType type in SpecModel.All.Where(type => type.Code is (>= 0x10 and <= 0x18) or (>= 0x40 and <= 0x44)))
        {
            foreach (SpecVector vector in SpecVectors.Of(type).Where(vector => !vector.Fields.Any(field => field is { Octets: [0x80, >= 0x20, ..] })))
            {
                byte[] body = vector.Canonical();
                byte[] frame = new byte[body.Length + FrameReader.HeaderOctets];
                FrameType frameType = type.Code < 0x40 ? FrameType.Amqp : FrameType.Sasl;
                FrameWriter.WriteFrameHeader(frame, frameType, channel: 0, frame.Length);
                body.CopyTo(frame, FrameReader.HeaderOctets);

                string[] answer = rhea.Ask("frame " + Hex.Of(frame));

                string[] text = answer[0].Split(' ', 3);
                Assert.Equal($"{(int)frameType} 0", $"{text[0]} {text[1]}");
                AssertNames(vector, text[2][..(text[2].LastIndexOf('}') + 1)]);
                Assert.Equal(FrameReadStatus.Complete, FrameReader.TryRead(Convert.FromHexString(answer[1]), MaxFrameSize, out Frame written));
                Assert.Equal(CanonicalText.Of(body), CanonicalText.Of(written.Body));
            }
        }
    }

    [RheaFact]
    public void Frames_ThatRheaMakes_AreReadFieldByField()
    {
        using LinePeer rhea = RheaFactAttribute.Peer();
        Assert.Equal(DecodeError.None, OpenView.TryParse(Made(rhea, "open"), out OpenView open, out _));
        Assert.Equal("me/host/65536/255/30000", $"{Text(open.ContainerId)}/{Text(open.Hostname)}/{open.MaxFrameSize}/{open.ChannelMax}/{open.IdleTimeOut}");
        Assert.True(open.OfferedCapabilities.ContainsSymbol("b"u8) && open.DesiredCapabilities.ContainsSymbol("c"u8));
        Assert.True(open.Properties.TryGetValue("product"u8, out _));

        Assert.Equal(DecodeError.None, BeginView.TryParse(Made(rhea, "begin"), out BeginView begin, out _));
        Assert.Equal("3/0/2048/4294967295/7", $"{begin.RemoteChannel}/{begin.NextOutgoingId}/{begin.IncomingWindow}/{begin.OutgoingWindow}/{begin.HandleMax}");

        Assert.Equal(DecodeError.None, AttachView.TryParse(Made(rhea, "attach"), out AttachView attach, out _));
        Assert.Equal(
            "link/1/Receiver/Settled/Second/9/1024",
            $"{Text(attach.Name)}/{attach.Handle}/{attach.Role}/{attach.SndSettleMode}/{attach.RcvSettleMode}/{attach.InitialDeliveryCount}/{attach.MaxMessageSize}");

        Assert.Equal(DecodeError.None, FlowView.TryParse(Made(rhea, "flow"), out FlowView flow, out _));
        Assert.Equal(
            "1/2/300/4/5/6/700/8/True/True",
            $"{flow.NextIncomingId}/{flow.IncomingWindow}/{flow.NextOutgoingId}/{flow.OutgoingWindow}/{flow.Handle}/{flow.DeliveryCount}/{flow.LinkCredit}/{flow.Available}/{flow.Drain}/{flow.Echo}");

        ReadOnlySpan<byte> body = Made(rhea, "transfer");
        Assert.Equal(DecodeError.None, TransferView.TryParse(body, out TransferView transfer, out int octets));
        Assert.Equal("1/2/010203/0/True/True", $"{transfer.Handle}/{transfer.DeliveryId}/{Hex.Of(transfer.DeliveryTag)}/{transfer.MessageFormat}/{transfer.Settled}/{transfer.More}");
        Assert.Equal("payload", Text(body[octets..]));

        Assert.Equal(DecodeError.None, DispositionView.TryParse(Made(rhea, "disposition"), out DispositionView disposition, out _));
        Assert.Equal("Receiver/1/300/True/Accepted", $"{disposition.Role}/{disposition.First}/{disposition.Last}/{disposition.Settled}/{disposition.State.Kind}");

        Assert.Equal(DecodeError.None, DetachView.TryParse(Made(rhea, "detach"), out DetachView detach, out _));
        Assert.Equal("1/True/amqp:not-found/gone", $"{detach.Handle}/{detach.Closed}/{Text(detach.Error.Condition)}/{Text(detach.Error.Description)}");

        Assert.Equal(DecodeError.None, EndView.TryParse(Made(rhea, "end"), out EndView end, out _));
        Assert.False(end.HasError);

        Assert.Equal(DecodeError.None, CloseView.TryParse(Made(rhea, "close"), out CloseView close, out _));
        Assert.Equal("amqp:connection:forced/bye", $"{Text(close.Error.Condition)}/{Text(close.Error.Description)}");
    }

    [RheaFact]
    public void SaslFrames_ThatRheaMakes_AreReadFieldByField()
    {
        using LinePeer rhea = RheaFactAttribute.Peer();
        Assert.Equal(DecodeError.None, SaslMechanismsView.TryParse(Made(rhea, "sasl_mechanisms"), out SaslMechanismsView mechanisms, out _));
        Assert.Equal(2, mechanisms.SaslServerMechanisms.Count);
        Assert.True(mechanisms.SaslServerMechanisms.ContainsSymbol("PLAIN"u8) && mechanisms.SaslServerMechanisms.ContainsSymbol("ANONYMOUS"u8));

        Assert.Equal(DecodeError.None, SaslInitView.TryParse(Made(rhea, "sasl_init"), out SaslInitView init, out _));
        Assert.Equal("PLAIN/\0u\0p/host", $"{Text(init.Mechanism)}/{Text(init.InitialResponse)}/{Text(init.Hostname)}");

        Assert.Equal(DecodeError.None, SaslChallengeView.TryParse(Made(rhea, "sasl_challenge"), out SaslChallengeView challenge, out _));
        Assert.Equal("c", Text(challenge.Challenge));

        Assert.Equal(DecodeError.None, SaslResponseView.TryParse(Made(rhea, "sasl_response"), out SaslResponseView response, out _));
        Assert.Equal("r", Text(response.Response));

        Assert.Equal(DecodeError.None, SaslOutcomeView.TryParse(Made(rhea, "sasl_outcome"), out SaslOutcomeView outcome, out _));
        Assert.Equal(SaslCode.Auth, outcome.Code);
    }

    [RheaFact]
    public void Message_OfOurs_IsTheSameToBoth()
    {
        using LinePeer rhea = RheaFactAttribute.Peer();
        EncodedValueBuilder message = new EncodedValueBuilder()
            .Add(new Header { Durable = true, Priority = 7, Ttl = 60000, DeliveryCount = 2 })
            .Describe(MessageAnnotationsView.DescriptorCode).BeginMap().AddSymbol("x-opt").AddString("note").End()
            .Add(new Properties { MessageId = EncodedValue.String("id"), To = EncodedValue.String("q"), Subject = "s", ContentType = "text/plain", GroupSequence = 5 })
            .Describe(ApplicationPropertiesView.DescriptorCode).BeginMap().AddString("key").AddString("value").AddString("number").AddInt(-7).End()
            .Add(new AmqpValue { Value = EncodedValue.String("body") });

        string[] answer = rhea.Ask("message " + Hex.Of(message.Span));

        JsonElement read = JsonDocument.Parse(answer[0]).RootElement;
        Assert.Equal(
            "True/7/60000/2/id/q/s/text/plain/5/body",
            $"{read.GetProperty("durable")}/{read.GetProperty("priority")}/{read.GetProperty("ttl")}/{read.GetProperty("delivery_count")}/{read.GetProperty("message_id")}/{read.GetProperty("to")}/{read.GetProperty("subject")}/{read.GetProperty("content_type")}/{read.GetProperty("group_sequence")}/{read.GetProperty("body")}");
        Assert.Equal("note", read.GetProperty("message_annotations").GetProperty("x-opt").GetString());
        Assert.Equal("value", read.GetProperty("application_properties").GetProperty("key").GetString());
        Assert.Equal(-7, read.GetProperty("application_properties").GetProperty("number").GetInt32());

        Assert.Equal(DecodeError.None, MessageSections.TryParse(Convert.FromHexString(answer[1]), out MessageSections sections));
        Assert.Equal(DecodeError.None, HeaderView.TryParse(sections.Header, out HeaderView header, out _));
        Assert.Equal("True/7/60000/2", $"{header.Durable}/{header.Priority}/{header.Ttl}/{header.DeliveryCount}");
        Assert.Equal(DecodeError.None, PropertiesView.TryParse(sections.Properties, out PropertiesView properties, out _));
        Assert.Equal("s/text/plain/5", $"{Text(properties.Subject)}/{Text(properties.ContentType)}/{properties.GroupSequence}");
        Assert.Equal(MessageBodyKind.AmqpValue, sections.BodyKind);
    }

    /// <summary>The body of the frame that rhea makes.</summary>
    private static byte[] Made(LinePeer rhea, string name)
    {
        string[] answer = rhea.Ask("make " + name);
        Assert.Equal(FrameReadStatus.Complete, FrameReader.TryRead(Convert.FromHexString(answer[1]), MaxFrameSize, out Frame frame));
        Assert.Equal(name.StartsWith("sasl", StringComparison.Ordinal) ? FrameType.Sasl : FrameType.Amqp, frame.Type);
        return frame.Body.ToArray();
    }

    private static void AssertNames(SpecVector vector, string json)
    {
        JsonElement read = JsonDocument.Parse(json).RootElement;
        for (int i = 0; i < vector.Fields.Count; i++)
        {
            SpecField field = vector.Type.Fields[i];
            bool found = read.TryGetProperty(field.Name.Replace('-', '_'), out JsonElement value);
            Assert.True(found == vector.Fields[i] is not null, $"{vector}: {field.Name} in {json}");
            if (found && field.Primitive is "uint" or "ushort" or "ubyte" && !field.Multiple)
            {
                string expected = CanonicalText.Of(vector.Fields[i]!.Octets);
                Assert.Equal(expected[(expected.IndexOf(':', StringComparison.Ordinal) + 1)..], value.GetString());
            }
        }
    }

    private static string Text(ReadOnlySpan<byte> octets) => Encoding.UTF8.GetString(octets);
}
