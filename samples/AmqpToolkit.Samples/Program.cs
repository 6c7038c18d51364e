using AmqpToolkit.Samples;

switch (args)
{
    case ["codec"]:
        CodecSample.Run();
        return 0;
    case ["client"]:
        await ClientSample.RunAsync();
        return 0;
    default:
        Console.Error.WriteLine("usage: dotnet run --project samples/AmqpToolkit.Samples -- codec|client");
        return 2;
}
