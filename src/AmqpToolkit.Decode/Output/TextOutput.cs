using System.Globalization;
using System.Text;

namespace AmqpToolkit.Decode.Output;

/// <summary>One line a frame, for people.</summary>
internal sealed class TextOutput(TextWriter writer, bool isColored) : DecodeOutput
{
    private const string Bold = "1";
    private const string Red = "31";
    private const string Green = "32";
    private const string Yellow = "33";
    private const string Gray = "90";

    private readonly StringBuilder _line = new();

    public override void Conversation(int number, string client, string server)
    {
        Append(Bold, server.Length == 0 ? $"#{number} {client}" : $"#{number} {client} > {server}");
        EndLine();
    }

    protected override void WriteFrame(in StreamPosition at, DecodedFrame frame)
    {
        AppendPosition(at, frame.Channel);
        Append(frame.Kind == "method" || frame.Problem is not null ? Bold : "", frame.Name);
        TextValues.AppendFields(_line, frame.Fields);
        if (frame.Problem is { } problem)
        {
            _line.Append(' ');
            Append(Red, $"ERROR at {at.Offset + problem.At}: {problem.Text}");
        }

        EndLine();
    }

    protected override void WriteNote(in StreamPosition at, NoteKind kind, string text)
    {
        AppendPosition(at, channel: null);
        Append(kind == NoteKind.Error ? Red : Gray, kind == NoteKind.Error ? $"ERROR: {text}" : $"({text})");
        EndLine();
    }

    protected override void WriteInputError(string text, long offset)
    {
        Append(Red, $"ERROR in the input at {offset}: {text}");
        EndLine();
    }

    private void AppendPosition(in StreamPosition at, int? channel)
    {
        if (at.Nanoseconds >= 0)
        {
            DateTimeOffset time = DateTimeOffset.UnixEpoch.AddTicks(at.Nanoseconds / TimeSpan.NanosecondsPerTick);
            Append(Gray, time.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture));
            _line.Append(' ');
        }

        _line.Append(CultureInfo.InvariantCulture, $"#{at.Conversation} ");
        switch (at.Direction)
        {
            case Direction.FromClient:
                Append(Green, ">");
                _line.Append(' ');
                break;
            case Direction.FromServer:
                Append(Yellow, "<");
                _line.Append(' ');
                break;
        }

        Append(Gray, $"@{at.Offset}");
        _line.Append(channel is { } number ? $" [{number}] " : " ");
    }

    private void Append(string color, string text)
    {
        if (isColored && color.Length != 0)
        {
            _line.Append("\e[").Append(color).Append('m').Append(text).Append("\e[0m");
        }
        else
        {
            _line.Append(text);
        }
    }

    private void EndLine()
    {
        writer.WriteLine(_line);
        _line.Clear();
    }
}
