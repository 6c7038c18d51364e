using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>A frame that the broker has sent.</summary>
internal sealed record PeerFrame(string Name, ushort Channel, byte[] Body, byte[] Payload)
{
    public AttachView Attach => Parse(AttachView.TryParse(Body, out var view, out _), view);

    public FlowView Flow => Parse(FlowView.TryParse(Body, out var view, out _), view);

    public TransferView Transfer => Parse(TransferView.TryParse(Body, out var view, out _), view);

    public DispositionView Disposition => Parse(DispositionView.TryParse(Body, out var view, out _), view);

    public DetachView Detach => Parse(DetachView.TryParse(Body, out var view, out _), view);

    public OpenView Open => Parse(OpenView.TryParse(Body, out var view, out _), view);

    /// <summary>Why a close, end, detach or rejection; empty for no reason.</summary>
    public string Condition => Name switch
    {
        "close" => Text(Parse(CloseView.TryParse(Body, out var close, out _), close).Error.Condition),
        "end" => Text(Parse(EndView.TryParse(Body, out var end, out _), end).Error.Condition),
        "detach" => Text(Detach.Error.Condition),
        "disposition" when Disposition.State.ParseRejected(out var rejected) == DecodeError.None => Text(rejected.Error.Condition),
        _ => string.Empty,
    };

    public static PeerFrame Of(in Frame frame)
    {
        if (frame.Body.IsEmpty)
        {
            return new PeerFrame("empty", frame.Channel, [], []);
        }

        Assert.Equal(DecodeError.None, EncodedValueView.TryParse(frame.Body, out _, out int octets));
        string name = frame.Type == FrameType.Sasl ? new AnySaslFrame(frame.Body).Kind.ToString() : new AnyFrame(frame.Body).Kind.ToString();
        return new PeerFrame(name.ToLowerInvariant(), frame.Channel, frame.Body[..octets].ToArray(), frame.Body[octets..].ToArray());
    }

    private static T Parse<T>(DecodeError error, T view)
        where T : allows ref struct
    {
        Assert.Equal(DecodeError.None, error);
        return view;
    }

    private static string Text(ReadOnlySpan<byte> octets) => Encoding.ASCII.GetString(octets);
}
