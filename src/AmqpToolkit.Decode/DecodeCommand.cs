using System.CommandLine;
using AmqpToolkit.Decode.Framing;
using AmqpToolkit.Decode.Inputs;
using AmqpToolkit.Decode.Output;

namespace AmqpToolkit.Decode;

/// <summary>The command line of <c>amqp-decode</c>: options in, frames out.</summary>
internal static class DecodeCommand
{
    private const string Description =
        """
        Decodes AMQP 0-8, 0-9, 0-9-1, 0-10 and 1.0: one line a frame, with the names of the definitions.

        An input is a capture (pcap, pcapng) with any number of TCP connections, the raw octets of a stream, or hex. Two raw streams are the two
        directions of one connection, that of the client first.
        """;

    private static readonly Argument<string[]> _inputs = new("input")
    {
        Arity = ArgumentArity.ZeroOrMore,
        Description = "Files, hex, or - for standard input, which is the default",
    };

    private static readonly Option<string> _edition = new("--edition")
    {
        HelpName = string.Join('|', Editions.Names),
        Description = "Edition of streams that do not start with a protocol header [default: a guess]",
    };

    private static readonly Option<InputForm> _form = new("--form")
    {
        Description = "What the inputs are [default: Auto, their first octets tell]",
    };

    private static readonly Option<bool> _json = new("--json") { Description = "One JSON object a line" };

    private static readonly Option<int> _body = new("--body")
    {
        HelpName = "octets",
        Description = "Octets of a body that are shown",
        DefaultValueFactory = _ => 64,
    };

    private static readonly Option<ushort[]> _ports = new("--port")
    {
        HelpName = "number",
        Description = $"Another port on which AMQP is expected, beside {DecodeSettings.DefaultPort} and {DecodeSettings.DefaultTlsPort}; may be repeated. Connections that start with a protocol header are found on any port",
    };

    private static readonly Option<bool> _secrets = new("--secrets") { Description = "Shows passwords, which are hidden otherwise" };

    /// <summary>Decodes what the arguments name.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string[] args, Stream input, TextWriter output, TextWriter error, bool isColored)
    {
        RootCommand root = new(Description) { _inputs, _edition, _form, _json, _body, _ports, _secrets };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            return Fail(error, $"{parsed.Errors[0].Message} Try --help.");
        }

        if (parsed.Action is not null) // --help, --version
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error });
        }

        Edition edition = Edition.Unknown;
        if (parsed.GetValue(_edition) is { } name && (edition = Editions.Parse(name)) == Edition.Unknown)
        {
            return Fail(error, $"'{name}' is no edition; there are {string.Join(", ", Editions.Names)}.");
        }

        int body = parsed.GetValue(_body);
        if (body < 0)
        {
            return Fail(error, "--body cannot be negative.");
        }

        DecodeSettings settings = new() { Edition = edition, BodyOctets = body, ShowSecrets = parsed.GetValue(_secrets), Ports = parsed.GetValue(_ports) ?? [] };
        return Decode(settings, parsed, input, output, error, isColored);
    }

    private static int Decode(DecodeSettings settings, ParseResult parsed, Stream input, TextWriter output, TextWriter error, bool isColored)
    {
        using JsonOutput? json = parsed.GetValue(_json) ? new JsonOutput(output) : null;
        DecodeOutput decoded = (DecodeOutput?)json ?? new TextOutput(output, isColored);
        try
        {
            new DecodeRun(settings, parsed.GetValue(_form), decoded, input).Run(parsed.GetValue(_inputs) ?? []);
            output.Flush();
        }
        catch (InputException e)
        {
            output.Flush();
            return Fail(error, e.Message);
        }
        catch (IOException e)
        {
            return Fail(error, e.Message); // whoever reads our output went away, or the disk did
        }

        return decoded.Errors == 0 ? ExitCode.Clean : ExitCode.Errors;
    }

    private static int Fail(TextWriter error, string reason)
    {
        error.WriteLine($"amqp-decode: {reason}");
        return ExitCode.BadUsage;
    }
}
