using AmqpToolkit.Broker.Channels;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Connections;

/// <summary>
/// The words of an edition before 0-9-1, with what its methods are in those of 0-9-1. Stands between the frames and the connection: what 0-9-1 has as well
/// goes on, untouched or translated; what it has not is handled here.
/// </summary>
internal abstract class OlderWords : EditionWords
{
    /// <summary>Says what a method is.</summary>
    public abstract OlderMethod Judge(uint key);

    /// <summary>Makes a method of 0-9-1 of one that says the same in other octets.</summary>
    /// <param name="key">A method that is <see cref="OlderMethod.Translated"/>.</param>
    /// <param name="payload">Class id, method id, arguments.</param>
    /// <returns>The same in 0-9-1; null where the arguments cannot be decoded.</returns>
    public abstract byte[]? Translate(uint key, ReadOnlySpan<byte> payload);

    /// <summary>Handles what 0-9-1 has not, or what cannot be translated, on a channel that is open and awaits no content.</summary>
    public abstract ProtocolError? HandleOwn(BrokerChannel channel, uint key, ReadOnlySpan<byte> arguments);

    /// <summary>A method that the edition defines and no broker has ever had a use for: 540, or 503 if it is not for servers at all.</summary>
    protected static ProtocolError Unimplemented(in MethodInfo info) => info.ServerReceives
        ? ProtocolError.NotImplemented($"class '{info.Name[..info.Name.IndexOf('.')]}'")
        : ProtocolError.CommandInvalid("unimplemented method");
}
