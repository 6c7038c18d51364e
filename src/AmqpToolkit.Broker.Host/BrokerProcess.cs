using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using AmqpToolkit.Storage.Journaling;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

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
        AmqpBroker? running = null;

        // A service that is told to reload and has nothing to read goes on, and so does one that starts; a terminal that is closed ends what ran in it.
        using PosixSignalRegistration? hangup = settings.Tls is null && !ServiceManager.HasStartedThis ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            Volatile.Read(ref running)?.ReloadCertificates();
        });
        using LoggerFactory loggerFactory = CreateLoggerFactory(settings.LogLevel);

        ILogger logger = loggerFactory.CreateLogger("AmqpToolkit.Broker.Host");
        foreach (string unknown in settings.Unknown)
        {
            BrokerProcessLog.UnknownSetting(logger, unknown);
        }

        AmqpBrokerOptions options = CreateOptions(settings, loggerFactory);
        AmqpBroker broker;
        try
        {
            broker = await AmqpBroker.StartAsync(options).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            IEnumerable<IPEndPoint> wanted = options.Endpoints.Concat(options.Listeners.Select(listener => listener.Endpoint)).Concat(options.Tls?.Endpoints ?? []);
            return await BrokerCommand.FailAsync(error, ExitCode.CannotListen, $"cannot listen on {Join(wanted)}: {Reason(e)}").ConfigureAwait(false);
        }
        catch (BrokerStoreException e)
        {
            return await BrokerCommand.FailAsync(error, ExitCode.CannotKeep, $"cannot keep anything in '{settings.Data}': {e.Message}{WayOut(e)}").ConfigureAwait(false);
        }
        catch (TlsCertificateException e)
        {
            return await BrokerCommand.FailAsync(error, ExitCode.BadSetting, e.Message).ConfigureAwait(false);
        }
        catch (DefinitionException e)
        {
            return await BrokerCommand.FailAsync(error, ExitCode.BadSetting, $"{settings.Definitions?.Path}: {e.Message}").ConfigureAwait(false);
        }

        await using (broker.ConfigureAwait(false))
        {
            Volatile.Write(ref running, broker);
            await output.WriteLineAsync($"amqp-broker listens on {Join(broker.Endpoints)}{WithTls(broker.TlsEndpoints)}, {Where(settings)}").ConfigureAwait(false);
            foreach (string line in settings.Container is null ? [] : ContainerPreset.ReadyLines(broker.Endpoints))
            {
                await output.WriteLineAsync(line).ConfigureAwait(false);
            }

            await output.FlushAsync().ConfigureAwait(false);
            Tell(ServiceManager.Ready);
            await stop.Task.ConfigureAwait(false);
            Tell(ServiceManager.Stopping);
            await broker.StopAsync().ConfigureAwait(false);
        }

        return ExitCode.Stopped;

        void Tell(string state)
        {
            if (ServiceManager.Tell(state) is { } reason)
            {
                BrokerProcessLog.UntoldState(logger, state, reason);
            }
        }

        // The first signal stops in good order; a second one is left to the system, which ends the process at once.
        void Stop(PosixSignalContext context) => context.Cancel = stop.TrySetResult();
    }

    private static AmqpBrokerOptions CreateOptions(BrokerSettings settings, ILoggerFactory loggerFactory)
    {
        AmqpBrokerOptions options = new()
        {
            Profile = settings.Profile,
            Product = settings.Product ?? "RabbitMQ",
            Version = settings.ProductVersion,
            ConnectionMax = settings.ConnectionMax,
            ChannelMaxPerNode = settings.ChannelMaxPerNode,
            SaslMechanisms = settings.SaslMechanisms,
            Tls = settings.Tls?.ToOptions(settings.Listen.Count > 0 ? settings.Listen : AmqpBrokerOptions.LoopbackAddresses),
            PasswordsNeedTls = settings.PasswordsNeedTls,
            LoginFailuresPerMinute = settings.LoginFailuresPerMinute == 0 ? null : settings.LoginFailuresPerMinute,
            ConsumerMaxPerChannel = settings.ConsumerMaxPerChannel,
            ConsumerTimeout = settings.ConsumerTimeout == Timeout.InfiniteTimeSpan ? null : settings.ConsumerTimeout,
            AutoCreateNodes = settings.AutoCreate,
            LegacyAddresses = settings.LegacyAddresses,
            OlderEditions = settings.OlderEditions,
            QueueMax = settings.QueueMax,
            ExchangeMax = settings.ExchangeMax,
            MaxMessageOctets = settings.MaxMessageSize,
            MemoryWatermark = settings.MemoryWatermark,
            PagingWatermark = settings.PagingWatermark,
            DiskFreeLimitOctets = settings.DiskFreeLimit,
            ReturnsMemoryAtOnce = true,
            DataDirectory = settings.Data,
            Durability = settings.Durability,
            Endpoints = [.. (settings.Listen.Count > 0 ? settings.Listen : AmqpBrokerOptions.LoopbackAddresses).Select(address => new IPEndPoint(address, settings.Port))],
            Listeners = [.. settings.Listeners],
            VirtualHosts = [settings.Container?.VirtualHost ?? "/"],
            LoopbackUsers = settings.Container is null ? ["guest"] : [],
            Definitions = settings.Definitions?.Json ?? default,
            LoggerFactory = loggerFactory,
        };

        // Who brings users of their own wants no other.
        if (settings.Definitions is { HasUsers: true })
        {
            options.Users.Clear();
        }
        else if (settings.Container is { } container)
        {
            options.Users.Clear();
            options.Users.Add(new BrokerUser { Name = container.User, Password = container.Password, Tags = ["administrator"] });
        }

        return options;
    }

    /// <summary>Put together by hand: a container that finds out the same three objects by itself takes a fifth of the whole start.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The factory disposes of its provider.")]
    private static LoggerFactory CreateLoggerFactory(LogLevel level)
    {
        ConsoleLoggerOptions console = new() { FormatterName = LogLineFormatter.Key, LogToStandardErrorThreshold = LogLevel.Trace };
        return new LoggerFactory(
            [new ConsoleLoggerProvider(new FixedOptions<ConsoleLoggerOptions>(console), [new LogLineFormatter()])],
            new LoggerFilterOptions { MinLevel = level });
    }

    /// <summary>Another folder helps who has none yet. What is in this one is not to be left behind for a reason that passes, or that a repair sees to.</summary>
    private static string WayOut(BrokerStoreException e) =>
        e.InnerException is null || DiskErrors.IsForRoom(e.InnerException) ? "" : " Choose another folder with --data, or keep nothing with --memory.";

    private static string Reason(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => "the port is taken by another program; choose one with --port",
        SocketError.AccessDenied => "not allowed; ports below 1024 need rights",
        SocketError.AddressNotAvailable => "this machine has no such address",
        SocketError.AddressFamilyNotSupported => "this machine has no such kind of address",
        _ => e.Message,
    };

    private static string Where(BrokerSettings settings) => settings.Data is null ? "in memory: nothing survives a restart" : $"data in {Path.GetFullPath(settings.Data)}";

    private static string WithTls(IReadOnlyList<IPEndPoint> endpoints) => endpoints.Count == 0 ? "" : $" and with TLS on {Join(endpoints)}";

    private static string Join(IEnumerable<IPEndPoint> endpoints) => string.Join(" and ", endpoints);
}
