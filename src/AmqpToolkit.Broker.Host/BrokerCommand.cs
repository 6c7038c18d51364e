using System.CommandLine;
using System.Globalization;

namespace AmqpToolkit.Broker.Host;

/// <summary>The command line of <c>amqp-broker</c>: options in, exit code out.</summary>
internal static class BrokerCommand
{
    private const string Description =
        """
        RabbitMQ-compatible broker for AMQP 0-9-1 and 1.0. Users, policies, durable exchanges and queues, and the persistent messages in them, survive a restart.

        Every setting can also stand in appsettings.json (current folder, or beside the executable) as "Port", "Listen", "Data", "Profile",
        "Definitions" and so on, or in an environment variable (AMQP_BROKER_Port, AMQP_BROKER_Listen=127.0.0.1,::1 ...). The command
        line beats the environment, the environment beats the files.
        """;

    /// <summary>Reads the options and runs the broker until a signal ends it.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        Setting[] settings = DefineSettings();
        RootCommand root = new(Description);
        foreach (Setting setting in settings)
        {
            root.Options.Add(setting.Option);
        }

        foreach (Command command in StoreCommands.All())
        {
            root.Subcommands.Add(command);
        }

        // Without a command the broker runs, below.
        root.SetAction(_ => ExitCode.Stopped);
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            return await FailAsync(error, ExitCode.BadSetting, $"{parsed.Errors[0].Message} Try --help.").ConfigureAwait(false);
        }

        if (parsed.Action != root.Action) // a command, --help, --version
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error }).ConfigureAwait(false);
        }

        try
        {
            BrokerSettings effective = BrokerSettings.Read(SettingSource.All(Given(settings, parsed)));
            return await BrokerProcess.RunAsync(effective, output, error).ConfigureAwait(false);
        }
        catch (SettingException e)
        {
            return await FailAsync(error, ExitCode.BadSetting, e.Message).ConfigureAwait(false);
        }
    }

    /// <summary>Says in one line why the process ends.</summary>
    internal static async Task<int> FailAsync(TextWriter error, int exitCode, string reason)
    {
        await error.WriteLineAsync($"amqp-broker: {reason}").ConfigureAwait(false);
        return exitCode;
    }

    /// <summary>What the command line says, by key. Without queries over pairs, whose code would be compiled at each start.</summary>
    private static Dictionary<string, string?> Given(Setting[] settings, ParseResult parsed)
    {
        Dictionary<string, string?> given = new(StringComparer.OrdinalIgnoreCase);
        foreach (Setting setting in settings)
        {
            setting.AddTo(given, parsed);
        }

        return given;
    }

    private static Setting[] DefineSettings() =>
    [
        new(nameof(BrokerSettings.Port), new Option<string>("--port")
        {
            HelpName = "number",
            Description = "Port to listen on; 0 takes a free one, for each address its own [default: 5672]",
        }),
        new(nameof(BrokerSettings.Listen), new Option<string[]>("--listen")
        {
            HelpName = "address",
            Description = "IP address to listen on; may be repeated. The user guest logs in from loopback only [default: 127.0.0.1 and ::1]",
        }),
        new(nameof(BrokerSettings.Data), new Option<string>("--data")
        {
            HelpName = "folder",
            Description = $"Where everything durable is kept; one broker a folder [default: STATE_DIRECTORY, else {BrokerSettings.DefaultData}]",
        }),
        new("Memory", new Option<bool>("--memory")
        {
            Description = "Keep nothing: what there is is gone with the process",
        }),
        new(nameof(BrokerSettings.Durability), new Option<string>("--durability")
        {
            HelpName = "fsync|os|memory",
            Description = "When something counts as kept: on the disk, or with the operating system, or at once [default: fsync]",
        }),
        new(nameof(BrokerSettings.Profile), new Option<string>("--profile")
        {
            HelpName = "3.13|4.2|4.3",
            Description = "Release of RabbitMQ to behave like [default: 4.2]",
        }),
        new(nameof(BrokerSettings.Product), new Option<string>("--product")
        {
            HelpName = "name",
            Description = "Product that clients are told; many look for RabbitMQ [default: RabbitMQ]",
        }),
        new(nameof(BrokerSettings.ProductVersion), new Option<string>("--product-version")
        {
            HelpName = "version",
            Description = "Version that clients are told [default: 4.2.0, or that of the profile]",
        }),
        new(nameof(BrokerSettings.Definitions), new Option<string>("--definitions")
        {
            HelpName = "file",
            Description = "Users, permissions, policies, queues and so on to start with: JSON as RabbitMQ exports it",
        }),
        new(nameof(BrokerSettings.Container), new Option<bool>("--container")
        {
            Description = "Take the place of RabbitMQ's container: listen everywhere, take RABBITMQ_DEFAULT_USER, _PASS and _VHOST, let that user in from everywhere, say when ready",
        }),
        new("Dev", new Option<bool>("--dev")
        {
            Description = "For a developer's machine: AMQP 1.0 links make the queues that they name (--auto-create)",
        }),
        new(nameof(BrokerSettings.AutoCreate), new Option<bool>("--auto-create")
        {
            Description = "An AMQP 1.0 link to a name that nothing has makes a queue of it, or a fanout exchange where it asks for a topic",
        }),
        new(nameof(BrokerSettings.LegacyAddresses), new Option<bool>("--legacy-addresses")
        {
            Description = "Understand RabbitMQ's older addresses of AMQP 1.0, such as /queue/name",
        }),
        new(nameof(BrokerSettings.OlderEditions), new Option<string>("--older-editions")
        {
            HelpName = "true or false",
            Description = "Whether clients of AMQP 0-8 and 0-9 are served [default: true]",
        }),
        new(nameof(BrokerSettings.ConnectionMax), new Option<string>("--connection-max")
        {
            HelpName = "number",
            Description = "Connections that may be open at a time [default: any number]",
        }),
        new(nameof(BrokerSettings.ChannelMaxPerNode), new Option<string>("--channel-max-per-node")
        {
            HelpName = "number",
            Description = "Channels that may be open at a time, over all connections [default: any number]",
        }),
        new(nameof(BrokerSettings.SaslMechanisms), new Option<string[]>("--sasl-mechanisms")
        {
            HelpName = "name",
            Description = "SASL mechanism to offer; may be repeated [default: PLAIN, AMQPLAIN; SCRAM-SHA-256 and SCRAM-SHA-512 if every user can use them; ANONYMOUS, from this machine alone, to 1.0 and where the profile has it]",
        }),
        new(nameof(BrokerSettings.LoginFailuresPerMinute), new Option<string>("--login-failures-per-minute")
        {
            HelpName = "number",
            Description = "Logins that may fail from one address; more are refused unseen; 0 for any number [default: 300]",
        }),
        new("TlsCertificate", new Option<string>("--tls-certificate")
        {
            HelpName = "file",
            Description = "Listen with TLS, with this certificate: PEM or .pfx, its key in it or in --tls-key; read again when it changes (its password: AMQP_BROKER_TlsKeyPassword)",
        }),
        new("TlsKey", new Option<string>("--tls-key")
        {
            HelpName = "file",
            Description = "Key of the certificate, PEM",
        }),
        new("TlsPort", new Option<string>("--tls-port")
        {
            HelpName = "number",
            Description = "Port to listen on with TLS [default: 5671]",
        }),
        new("TlsHosts", new Option<string[]>("--tls-host")
        {
            HelpName = "name=certificate[:key]",
            Description = "Another certificate for clients that ask for a name; may be repeated",
        }),
        new("TlsAuthorities", new Option<string>("--tls-authorities")
        {
            HelpName = "file",
            Description = "Authorities of clients' certificates, PEM; with one a client logs in by SASL EXTERNAL",
        }),
        new("TlsClientCertificates", new Option<string>("--tls-client-certificates")
        {
            HelpName = "none|request|require",
            Description = "Whether clients are asked for certificates [default: request with --tls-authorities, else none]",
        }),
        new("TlsLogin", new Option<string>("--tls-login")
        {
            HelpName = "part",
            Description = "What of a certificate is the user: common-name, distinguished-name, dns-name, email-address or uri [default: common-name]",
        }),
        new("TlsOnPlainPort", new Option<bool>("--tls-on-plain-port")
        {
            Description = "Take TLS on the plain port, too",
        }),
        new(nameof(BrokerSettings.PasswordsNeedTls), new Option<bool>("--passwords-need-tls")
        {
            Description = "Take passwords in clear (PLAIN, AMQPLAIN) within TLS alone",
        }),
        new(nameof(BrokerSettings.MemoryWatermark), new Option<string>("--memory-watermark")
        {
            HelpName = "share",
            Description = "Share of the memory from which on publishers wait until consumers have made room [default: 0.4]",
        }),
        new(nameof(BrokerSettings.PagingWatermark), new Option<string>("--paging-watermark")
        {
            HelpName = "share",
            Description = "Share of the memory watermark from which on messages that wait are left to the disk; 1 for never [default: 0.5]",
        }),
        new(nameof(BrokerSettings.DiskFreeLimit), new Option<string>("--disk-free-limit")
        {
            HelpName = "octets",
            Description = "Octets that the disk should have left: with fewer publishers wait [default: 50000000]",
        }),
        new(nameof(BrokerSettings.LogLevel), new Option<string>("--log-level")
        {
            HelpName = "level",
            Description = "trace, debug, information, warning, error, critical or none; the log goes to standard error [default: information]",
        }),
    ];

    /// <summary>An option and the key of the setting that it sets.</summary>
    private sealed record Setting(string Key, Option Option)
    {
        public void AddTo(Dictionary<string, string?> given, ParseResult parsed)
        {
            switch (Option)
            {
                case Option<string[]> list:
                    string[] values = parsed.GetValue(list) ?? [];
                    for (int index = 0; index < values.Length; index++)
                    {
                        given[string.Create(CultureInfo.InvariantCulture, $"{Key}:{index}")] = values[index];
                    }

                    break;
                case Option<bool> flag when parsed.GetResult(flag) is { Implicit: false }:
                    given[Key] = parsed.GetValue(flag) ? bool.TrueString : bool.FalseString;
                    break;
                case Option<string> single when parsed.GetValue(single) is { } value:
                    given[Key] = value;
                    break;
            }
        }
    }
}
