using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Host;

/// <summary>The life of the process: listen, say so, wait for a signal, stop.</summary>
internal static class BrokerProcess
{
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(BrokerSettings settings, TextWriter output, TextWriter error)
    {
        TaskCompletionSource stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using ILoggerFactory loggerFactory = CreateLoggerFactory(settings.LogLevel);

        AmqpBrokerOptions options = CreateOptions(settings, loggerFactory);
        AmqpBroker broker;
        try
        {
            broker = await AmqpBroker.StartAsync(options).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            return await BrokerCommand.FailAsync(error, ExitCode.CannotListen, $"cannot listen on {Join(options.Endpoints)}: {Reason(e)}").ConfigureAwait(false);
        }

        await using (broker.ConfigureAwait(false))
        {
            await output.WriteLineAsync($"amqp-broker listens on {Join(broker.Endpoints)}, in memory: nothing survives a restart").ConfigureAwait(false);
            await output.FlushAsync().ConfigureAwait(false);
            await stop.Task.ConfigureAwait(false);
            await broker.StopAsync().ConfigureAwait(false);
        }

        return ExitCode.Stopped;

        // The first signal stops in good order; a second one is left to the system, which ends the process at once.
        void Stop(PosixSignalContext context) => context.Cancel = stop.TrySetResult();
    }

    private static AmqpBrokerOptions CreateOptions(BrokerSettings settings, ILoggerFactory loggerFactory)
    {
        AmqpBrokerOptions options = new()
        {
            Profile = settings.Profile,
            MemoryWatermark = settings.MemoryWatermark,
            LoggerFactory = loggerFactory,
        };
        options.Endpoints.Clear();
        foreach (IPAddress address in settings.Listen.Count > 0 ? settings.Listen : LoopbackAddresses())
        {
            options.Endpoints.Add(new IPEndPoint(address, settings.Port));
        }

        return options;
    }

    /// <summary>127.0.0.1, and ::1 where the machine has it.</summary>
    private static IEnumerable<IPAddress> LoopbackAddresses()
    {
        yield return IPAddress.Loopback;
        if (Socket.OSSupportsIPv6 && CanBind(IPAddress.IPv6Loopback))
        {
            yield return IPAddress.IPv6Loopback;
        }
    }

    private static bool CanBind(IPAddress address)
    {
        try
        {
            using Socket probe = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static ILoggerFactory CreateLoggerFactory(LogLevel level) => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(level)
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace)
        .AddSimpleConsole(format =>
        {
            format.SingleLine = true;
            format.UseUtcTimestamp = true;
            format.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        }));

    private static string Reason(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => "the port is taken by another program; choose one with --port",
        SocketError.AccessDenied => "not allowed; ports below 1024 need rights",
        SocketError.AddressNotAvailable => "this machine has no such address",
        SocketError.AddressFamilyNotSupported => "this machine has no such kind of address",
        _ => e.Message,
    };

    private static string Join(IEnumerable<IPEndPoint> endpoints) => string.Join(" and ", endpoints);
}
