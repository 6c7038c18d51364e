using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using AmqpToolkit.Decode.Values;

namespace AmqpToolkit.Decode.Output;

/// <summary>One JSON object a line, for machines.</summary>
internal sealed class JsonOutput : DecodeOutput, IDisposable
{
    private readonly TextWriter _writer;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;

    public JsonOutput(TextWriter writer)
    {
        _writer = writer;
        _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    public void Dispose() => _json.Dispose();

    public override void Conversation(int number, string client, string server)
    {
        _json.WriteStartObject();
        _json.WriteNumber("conversation", number);
        _json.WriteString("client", client);
        _json.WriteString("server", server);
        EndLine();
    }

    protected override void WriteFrame(in StreamPosition at, DecodedFrame frame)
    {
        StartLine(at);
        _json.WriteNumber("octets", frame.Octets);
        if (frame.Channel is { } channel)
        {
            _json.WriteNumber("channel", channel);
        }

        _json.WriteString("kind", frame.Kind);
        _json.WriteString("name", frame.Name);
        _json.WritePropertyName("fields");
        Write(frame.Fields);
        if (frame.Problem is { } problem)
        {
            _json.WriteString("error", problem.Text);
            _json.WriteNumber("errorOffset", at.Offset + problem.At);
        }

        EndLine();
    }

    protected override void WriteNote(in StreamPosition at, NoteKind kind, string text)
    {
        StartLine(at);
        _json.WriteString(kind == NoteKind.Error ? "error" : "note", text);
        EndLine();
    }

    protected override void WriteInputError(string text, long offset)
    {
        _json.WriteStartObject();
        _json.WriteString("error", text);
        _json.WriteNumber("inputOffset", offset);
        EndLine();
    }

    private void StartLine(in StreamPosition at)
    {
        _json.WriteStartObject();
        _json.WriteNumber("conversation", at.Conversation);
        if (at.Nanoseconds >= 0)
        {
            DateTimeOffset time = DateTimeOffset.UnixEpoch.AddTicks(at.Nanoseconds / TimeSpan.NanosecondsPerTick);
            _json.WriteString("time", time.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture));
        }

        switch (at.Direction)
        {
            case Direction.FromClient:
                _json.WriteString("from", "client");
                break;
            case Direction.FromServer:
                _json.WriteString("from", "server");
                break;
        }

        _json.WriteNumber("offset", at.Offset);
    }

    private void EndLine()
    {
        _json.WriteEndObject();
        _json.Flush();
        _writer.WriteLine(Encoding.UTF8.GetString(_buffer.WrittenSpan));
        _buffer.ResetWrittenCount();
        _json.Reset();
    }

    private void Write(IReadOnlyList<DecodedField> fields)
    {
        _json.WriteStartObject();
        foreach (DecodedField field in fields)
        {
            _json.WritePropertyName(field.Name);
            Write(field.Value);
        }

        _json.WriteEndObject();
    }

    private void Write(DecodedValue value)
    {
        switch (value)
        {
            case DecodedValue.Null:
                _json.WriteNullValue();
                break;
            case DecodedValue.Boolean boolean:
                _json.WriteBooleanValue(boolean.Value);
                break;
            case DecodedValue.Integer integer:
                _json.WriteRawValue(integer.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case DecodedValue.Float { IsSingle: true } number when double.IsFinite(number.Value):
                _json.WriteNumberValue((float)number.Value);
                break;
            case DecodedValue.Float number when double.IsFinite(number.Value):
                _json.WriteNumberValue(number.Value);
                break;
            case DecodedValue.Float number:
                _json.WriteStringValue(number.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case DecodedValue.Number number:
                _json.WriteStringValue(number.Digits);
                break;
            case DecodedValue.Instant instant:
                _json.WriteStringValue(instant.Format());
                break;
            case DecodedValue.Text text:
                _json.WriteStringValue(text.Value);
                break;
            case DecodedValue.Name name:
                _json.WriteStringValue(name.Value);
                break;
            case DecodedValue.Elided:
                _json.WriteStringValue("…");
                break;
            default:
                WriteCompound(value);
                break;
        }
    }

    private void WriteCompound(DecodedValue value)
    {
        switch (value)
        {
            case DecodedValue.List list:
                _json.WriteStartArray();
                foreach (DecodedValue item in list.Items)
                {
                    Write(item);
                }

                _json.WriteEndArray();
                break;
            case DecodedValue.Map map:
                WriteMap(map);
                break;
            case DecodedValue.Octets octets:
                WriteOctets(octets);
                break;
            case DecodedValue.Choice choice:
                _json.WriteStartObject();
                _json.WriteString("name", choice.Value);
                _json.WritePropertyName("value");
                Write(choice.Of);
                _json.WriteEndObject();
                break;
            case DecodedValue.Struct { Type: "" } fields:
                Write(fields.Fields);
                break;
            case DecodedValue.Struct structure:
                _json.WriteStartObject();
                _json.WriteString("type", structure.Type);
                _json.WritePropertyName("fields");
                Write(structure.Fields);
                _json.WriteEndObject();
                break;
            case DecodedValue.Described described:
                _json.WriteStartObject();
                _json.WritePropertyName("descriptor");
                Write(described.Descriptor);
                _json.WritePropertyName("value");
                Write(described.Value);
                _json.WriteEndObject();
                break;
            case DecodedValue.Secret secret:
                _json.WriteStartObject();
                _json.WriteBoolean("secret", true);
                if (secret.User is { } user)
                {
                    _json.WriteString("user", user);
                }

                _json.WriteEndObject();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(value), value, null);
        }
    }

    private void WriteOctets(DecodedValue.Octets octets)
    {
        _json.WriteStartObject();
        _json.WriteNumber("octets", octets.Count);
        if (octets.First.Length != 0)
        {
            if (OctetText.IsReadable(octets.First))
            {
                _json.WriteString("text", octets.First);
            }
            else
            {
                _json.WriteString("hex", Convert.ToHexStringLower(octets.First));
            }
        }

        _json.WriteEndObject();
    }

    /// <summary>An object where the keys are distinct names, otherwise an array of pairs.</summary>
    private void WriteMap(DecodedValue.Map map)
    {
        string?[] names = [.. map.Entries.Select(entry => entry.Key switch
        {
            DecodedValue.Text text => text.Value,
            DecodedValue.Name name => name.Value,
            _ => null,
        })];
        if (names.All(name => name is not null) && names.Distinct(StringComparer.Ordinal).Count() == names.Length)
        {
            _json.WriteStartObject();
            for (int i = 0; i < names.Length; i++)
            {
                _json.WritePropertyName(names[i]!);
                Write(map.Entries[i].Value);
            }

            _json.WriteEndObject();
            return;
        }

        _json.WriteStartArray();
        foreach (KeyValuePair<DecodedValue, DecodedValue> entry in map.Entries)
        {
            _json.WriteStartArray();
            Write(entry.Key);
            Write(entry.Value);
            _json.WriteEndArray();
        }

        _json.WriteEndArray();
    }
}
