using AmqpToolkit.Benchmarks;
using BenchmarkDotNet.Running;

if (args is ["journal", ..])
{
    JournalFigures.Run(args[1..]);
    return;
}

if (args is ["peer", ..])
{
    await PeerFigures.RunAsync(args[1..]);
    return;
}

if (args is ["embedded"])
{
    await EmbeddedFigures.RunAsync();
    return;
}

if (args is ["rawpeer"])
{
    RawPeer.Serve();
    return;
}

Type[] benchmarks =
[
    typeof(MethodBenchmarks),
    typeof(PropertiesBenchmarks),
    typeof(TableBenchmarks),
    typeof(CommandBenchmarks),
    typeof(RabbitMqClientBenchmarks),
    typeof(FrameScanBenchmarks),
    typeof(PerformativeBenchmarks),
    typeof(SectionBenchmarks),
    typeof(CopyBenchmarks),
    typeof(RoutingBenchmarks),
    typeof(SelectorBenchmarks),
    typeof(GeneratorBenchmarks),
];
if (BrokerAddress.IsSet)
{
    benchmarks = [.. benchmarks, typeof(EndToEndBenchmarks)];
}
else
{
    Console.WriteLine($"Without a broker: set {BrokerAddress.Variable}, for example to amqp://guest:guest@127.0.0.1:5672, to run {nameof(EndToEndBenchmarks)} too.");
}

BenchmarkSwitcher.FromTypes(benchmarks).Run(args);
