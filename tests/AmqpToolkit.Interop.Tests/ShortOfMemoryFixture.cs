namespace AmqpToolkit.Interop.Tests;

/// <summary>A broker whose publishers are held back when its queues have 10 MiB, whatever machine it runs on.</summary>
public sealed class ShortOfMemoryFixture : BrokerFixture
{
    /// <inheritdoc/>
    protected override IEnumerable<string> Options => ["--memory-watermark", "0.02"];

    /// <summary>512 MiB, in hexadecimal as the runtime wants it.</summary>
    protected override IEnumerable<KeyValuePair<string, string?>> Variables => [new("DOTNET_GCHeapHardLimit", "20000000")];
}
