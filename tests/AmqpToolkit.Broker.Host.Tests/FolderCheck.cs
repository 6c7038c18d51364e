namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>amqp-broker check on what a broker has left.</summary>
internal static class FolderCheck
{
    /// <summary>Nothing was taken: whatever a kill left, nothing is damaged.</summary>
    public static async Task FindsNothingAsync(string folder, string when)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await BrokerCommand.RunAsync(["check", folder], output, error);
        Assert.True(code == 0, $"{when}: {code}\n{output}{error}");
    }
}
