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
    case ["client" or "peer"]:
        return await ClientAsync(args[0], Default);
    case ["client" or "peer", string url]:
        return await ClientAsync(args[0], url);
    default:
        Console.Error.WriteLine($"""
            usage: dotnet run -c Release --project samples/AmqpToolkit.Samples -- codec|embedded|client|peer [URL]
              codec     writes a method of 0-9-1 and a transfer of 1.0, and reads them
              embedded  starts a broker in this process, publishes and consumes
              client    publishes and consumes at a broker that runs; without a URL at {Default}
              peer      the same with AMQP 1.0
            """);
        return 2;
}

static async Task<int> ClientAsync(string which, string url)
{
    try
    {
        await (which == "client" ? ClientSample.RunAsync(url) : PeerSample.RunAsync(url));
        return 0;
    }
    catch (Exception exception) when (exception is AmqpToolkit.Client.V0_9_1.ConnectFailedException or AmqpToolkit.Client.V1_0.AmqpException or TimeoutException)
    {
        Console.Error.WriteLine($"It did not work with {url}: {exception.Message}");
        return 1;
    }
}
