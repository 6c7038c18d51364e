using System.Text;
using AmqpToolkit.Decode.Captures;
using AmqpToolkit.Decode.Output;
using AmqpToolkit.Decode.Streams;

namespace AmqpToolkit.Decode.Inputs;

/// <summary>Decodes everything that the command line names.</summary>
internal sealed class DecodeRun(DecodeSettings settings, InputForm form, DecodeOutput output, Stream standardInput)
{
    /// <summary>Stands for standard input.</summary>
    public const string StandardInput = "-";

    private const int SniffedOctets = 4096;
    private const int ReadOctets = 64 << 10;
    private const int MaxHexOctets = 64 << 20;

    private readonly ConversationNumbers _numbers = new();
    private TcpConversations? _captured;
    private long _lastNanoseconds = -1;

    /// <summary>Decodes the inputs in order. Two raw streams are the two directions of one conversation, that of the client first.</summary>
    /// <exception cref="InputException">An input is not there, or not what it should be.</exception>
    public void Run(IReadOnlyList<string> inputs)
    {
        List<Input> opened = [];
        try
        {
            foreach (string input in inputs.Count == 0 ? [StandardInput] : inputs)
            {
                opened.Add(Open(input));
            }

            List<(string Name, Stream Stream)> streams = [];
            opened.ForEach(input => Read(input, streams));
            _captured?.Finish(_lastNanoseconds);
            DecodeStreams(streams);
        }
        finally
        {
            opened.ForEach(input => input.Stream.Dispose());
        }
    }

    private Input Open(string input)
    {
        if (input == StandardInput)
        {
            return new Input("standard input", standardInput, form);
        }

        if (!File.Exists(input))
        {
            return form is InputForm.Auto or InputForm.Hex && HexText.IsHex(input)
                ? new Input("hex", new MemoryStream(HexText.Read(input)), InputForm.Raw)
                : throw new InputException($"there is no file '{input}', and it is no hex either");
        }

        try
        {
            return new Input(Path.GetFileName(input), File.OpenRead(input), form);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException(e.Message);
        }
    }

    /// <summary>Decodes a capture at once; puts streams aside.</summary>
    private void Read(Input input, List<(string Name, Stream Stream)> streams)
    {
        (string name, Stream stream, InputForm stated) = input;
        byte[] start = new byte[SniffedOctets];
        int read = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        Stream whole = new PrefixedStream(start.AsMemory(0, read), stream);
        switch (stated == InputForm.Auto ? Sniff(start.AsSpan(0, read)) : stated)
        {
            case InputForm.Capture:
                ReadCapture(whole);
                break;
            case InputForm.Hex:
                streams.Add((name, new MemoryStream(ReadHex(whole))));
                break;
            default:
                streams.Add((name, whole));
                break;
        }
    }

    private static InputForm Sniff(ReadOnlySpan<byte> start)
    {
        if (CaptureReader.IsCapture(start))
        {
            return InputForm.Capture;
        }

        bool isText = !start.ContainsAnyInRange((byte)0, (byte)8) && !start.ContainsAnyInRange((byte)0x7F, (byte)0xFF);
        return isText && HexText.IsHex(Encoding.ASCII.GetString(start)) ? InputForm.Hex : InputForm.Raw;
    }

    private static byte[] ReadHex(Stream stream)
    {
        using StreamReader reader = new(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, leaveOpen: true);
        StringBuilder text = new();
        char[] part = new char[ReadOctets];
        for (int read; (read = reader.Read(part)) > 0;)
        {
            text.Append(part, 0, read);
            if (text.Length > MaxHexOctets * 3L)
            {
                throw new InputException($"more than {MaxHexOctets} octets of hex; use a raw file");
            }
        }

        return HexText.Read(text.ToString());
    }

    private void ReadCapture(Stream stream)
    {
        _captured ??= new TcpConversations(settings, _numbers, output);
        HashSet<ushort> unknown = [];
        try
        {
            CaptureReader reader = CaptureReader.Open(stream);
            while (reader.TryRead(out CapturedPacket packet))
            {
                _lastNanoseconds = packet.Nanoseconds;
                if (!PacketLayers.IsKnown(packet.LinkType) && unknown.Add(packet.LinkType))
                {
                    output.InputError($"packets of link type {packet.LinkType} cannot be read", 0);
                }

                if (PacketLayers.TryFindTcp(packet, out TcpSegment segment))
                {
                    _captured.Add(segment, packet.Nanoseconds);
                }
            }
        }
        catch (CaptureException e)
        {
            output.InputError(e.Message, e.Offset);
        }
    }

    private void DecodeStreams(List<(string Name, Stream Stream)> streams)
    {
        KeptOctets kept = new(settings.MaxKeptOctets);
        if (streams.Count == 2)
        {
            Conversation both = new(_numbers, streams[0].Name, streams[1].Name, mustBeAmqp: true, settings, output, kept);
            Decode(streams[0].Stream, both.FromClient);
            Decode(streams[1].Stream, both.FromServer);
            return;
        }

        foreach ((string name, Stream stream) in streams)
        {
            Conversation alone = new(_numbers, name, "", mustBeAmqp: true, settings, output, kept);
            Decode(stream, alone.Alone);
        }
    }

    private static void Decode(Stream stream, StreamDecoder decoder)
    {
        byte[] part = new byte[ReadOctets];
        for (int read; (read = stream.Read(part)) > 0;)
        {
            decoder.Append(part.AsSpan(0, read), nanoseconds: -1);
        }

        decoder.Finish(nanoseconds: -1);
    }

    /// <summary>What one argument names.</summary>
    /// <param name="Name">How it is called in the output.</param>
    /// <param name="Stream">Its octets.</param>
    /// <param name="Form">What they are, as far as that is known.</param>
    private sealed record Input(string Name, Stream Stream, InputForm Form);
}
