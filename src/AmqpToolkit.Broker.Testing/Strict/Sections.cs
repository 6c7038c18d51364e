using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Testing.Strict;

/// <summary>Where the specification of 0-9-1 describes what a client sends.</summary>
internal static class Sections
{
    /// <summary>Frames: their size, and the channel that they belong to.</summary>
    public const string Frames = "4.2.3";

    /// <summary>How a connection goes from its header to its end.</summary>
    public const string Connections = "2.2.4";

    /// <summary>How a channel goes from open to close.</summary>
    public const string Channels = "2.2.5";

    /// <summary>What follows a method with content.</summary>
    public const string Content = "4.2.6";

    /// <summary>The frame of a content header.</summary>
    public const string ContentHeader = "4.2.6.1";

    /// <summary>The frames of a content's body.</summary>
    public const string ContentBody = "4.2.6.2";

    /// <summary>Heartbeats.</summary>
    public const string Heartbeats = "4.2.7";

    /// <summary>How a connection ends.</summary>
    public const string Closing = "2.2.4";

    private static readonly Dictionary<uint, string> OfMethods = new()
    {
        [ConnectionStartOk.MethodKey] = "1.4.2.2",
        [ConnectionTuneOk.MethodKey] = "1.4.2.6",
        [ConnectionOpen.MethodKey] = "1.4.2.7",
        [ConnectionClose.MethodKey] = "1.4.2.9",
        [ChannelOpen.MethodKey] = "1.5.2.1",
        [ChannelClose.MethodKey] = "1.5.2.5",
        [ExchangeDeclare.MethodKey] = "1.6.2.1",
        [ExchangeDelete.MethodKey] = "1.6.2.3",
        [QueueDeclare.MethodKey] = "1.7.2.1",
        [QueueBind.MethodKey] = "1.7.2.3",
        [QueueUnbind.MethodKey] = "1.7.2.5",
        [QueuePurge.MethodKey] = "1.7.2.7",
        [QueueDelete.MethodKey] = "1.7.2.9",
        [BasicQos.MethodKey] = "1.8.3.1",
        [BasicConsume.MethodKey] = "1.8.3.3",
        [BasicPublish.MethodKey] = "1.8.3.7",
        [BasicGet.MethodKey] = "1.8.3.10",
        [BasicAck.MethodKey] = "1.8.3.13",
        [BasicReject.MethodKey] = "1.8.3.14",
    };

    /// <summary>The section of a method; that of RabbitMQ's extensions where it is one.</summary>
    public static string Of(uint key) => OfMethods.GetValueOrDefault(key, "RabbitMQ's extensions");
}
