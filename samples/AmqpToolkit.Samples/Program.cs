using AmqpToolkit.Samples;

const string Default = "amqp://guest:guest@localhost/";

switch (args)
{
    case ["codec"]:
        CodecSample.Run();
        TransferSample.Run();
        return 0;
    case ["embedded"]:
        return await TryAsync("a broker in this process", EmbeddedSample.RunAsync);
    case ["pages"]:
        return await TryAsync("what the packages' pages show", PageSamples.RunAsync);
    case ["client" or "peer"]:
        return await ClientAsync(args[0], Default);
    case ["client" or "peer", string url]:
        return await ClientAsync(args[0], url);
    default:
        Console.Error.WriteLine($"""
            usage: dotnet run -c Release --project samples/AmqpToolkit.Samples -- codec|embedded|pages|client|peer [URL]
              codec     writes a method of 0-9-1 and a transfer of 1.0, and reads them
              embedded  starts a broker in this process, publishes and consumes
              pages     runs what the pages of the packages show
              client    publishes and consumes at a broker that runs; without a URL at {Default}
              peer      the same with AMQP 1.0
            """);
        return 2;
}

static async Task<int> ClientAsync(string which, string url)
{
    string where;
    try
    {
        // Options show themselves without the password.
        where = AmqpToolkit.Client.V0_9_1.AmqpConnectionOptions.Parse(url).ToString();
    }
    catch (ArgumentException)
    {
        Console.Error.WriteLine("A URL looks like amqp://user:password@host:port/virtual-host.");
        return 2;
    }

    return await TryAsync(where, () => which == "client" ? ClientSample.RunAsync(url) : PeerSample.RunAsync(url));
}

static async Task<int> TryAsync(string where, Func<Task> sample)
{
    try
    {
        await sample();
        return 0;
    }
#pragma warning disable CA1031 // Whoever tries a sample wants a sentence, whatever it is.
    catch (Exception exception)
#pragma warning restore CA1031
    {
        Console.Error.WriteLine($"It did not work with {where}: {exception.Message}");
        return 1;
    }
}
