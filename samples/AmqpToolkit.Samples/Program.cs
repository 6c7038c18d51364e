using AmqpToolkit.Samples;

const string Default = "amqp://guest:guest@localhost/";

switch (args)
{
    case ["codec"]:
        CodecSample.Run();
        TransferSample.Run();
        return 0;
    case ["embedded"]:
        await EmbeddedSample.RunAsync();
        return 0;
    case ["client"]:
        return await ClientAsync(Default);
    case ["client", string url]:
        return await ClientAsync(url);
    default:
        Console.Error.WriteLine($"""
            usage: dotnet run -c Release --project samples/AmqpToolkit.Samples -- codec|embedded|client [URL]
              codec     writes a method of 0-9-1 and a transfer of 1.0, and reads them
              embedded  starts a broker in this process, publishes and consumes
              client    publishes and consumes at a broker that runs; without a URL at {Default}
            """);
        return 2;
}

static async Task<int> ClientAsync(string url)
{
    try
    {
        await ClientSample.RunAsync(url);
        return 0;
    }
    catch (AmqpToolkit.Client.V0_9_1.ConnectFailedException exception)
    {
        Console.Error.WriteLine($"No broker that takes us at {url}: {exception.Message}");
        return 1;
    }
}
