using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Protocol.Tests.V1_0;

/// <summary>A frame, or a protocol header, that an engine has written.</summary>
internal sealed record Sent(string Name, ushort Channel, byte[] Body, byte[] Payload)
{
    public static List<Sent> ReadAll(ReadOnlySpan<byte> octets)
    {
        var all = new List<Sent>();
        while (!octets.IsEmpty)
        {
            if (octets.StartsWith("AMQP"u8))
            {
                all.Add(new Sent($"header {octets[4]}", 0, octets[..8].ToArray(), []));
                octets = octets[8..];
                continue;
            }

            Assert.Equal(FrameReadStatus.Complete, FrameReader.TryRead(octets, uint.MaxValue, out var frame));
            all.Add(Read(in frame));
            octets = octets[frame.Octets..];
        }

        return all;
    }

    public OpenView Open => Parse<OpenView>(OpenView.TryParse(Body, out var view, out _), view);

    public BeginView Begin => Parse(BeginView.TryParse(Body, out var view, out _), view);

    public AttachView Attach => Parse(AttachView.TryParse(Body, out var view, out _), view);

    public FlowView Flow => Parse(FlowView.TryParse(Body, out var view, out _), view);

    public TransferView Transfer => Parse(TransferView.TryParse(Body, out var view, out _), view);

    public DispositionView Disposition => Parse(DispositionView.TryParse(Body, out var view, out _), view);

    public DetachView Detach => Parse(DetachView.TryParse(Body, out var view, out _), view);

    public string? Condition => Name switch
    {
        "close" when Parse(CloseView.TryParse(Body, out var close, out _), close).HasError => Text(close.Error.Condition),
        "end" when Parse(EndView.TryParse(Body, out var end, out _), end).HasError => Text(end.Error.Condition),
        "detach" when Detach.HasError => Text(Detach.Error.Condition),
        _ => null,
    };

    private static Sent Read(in Frame frame)
    {
        if (frame.Body.IsEmpty)
        {
            return new Sent("empty", frame.Channel, [], []);
        }

        Assert.Equal(DecodeError.None, EncodedValueView.TryParse(frame.Body, out _, out int octets));
        string name = frame.Type == FrameType.Sasl
            ? new AnySaslFrame(frame.Body).Kind switch
            {
                AnySaslFrame.Member.SaslMechanisms => "mechanisms",
                AnySaslFrame.Member.SaslInit => "init",
                AnySaslFrame.Member.SaslChallenge => "challenge",
                AnySaslFrame.Member.SaslResponse => "response",
                AnySaslFrame.Member.SaslOutcome => "outcome",
                _ => "?",
            }
            : new AnyFrame(frame.Body).Kind.ToString().ToLowerInvariant();
        return new Sent(name, frame.Channel, frame.Body[..octets].ToArray(), frame.Body[octets..].ToArray());
    }

    private static T Parse<T>(DecodeError error, T view)
        where T : allows ref struct
    {
        Assert.Equal(DecodeError.None, error);
        return view;
    }

    private static string Text(ReadOnlySpan<byte> octets) => System.Text.Encoding.ASCII.GetString(octets);
}
