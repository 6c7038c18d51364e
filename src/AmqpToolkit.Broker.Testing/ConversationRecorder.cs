using System.Text;
using AmqpToolkit.Decode;
using AmqpToolkit.Decode.Output;
using AmqpToolkit.Decode.Streams;

namespace AmqpToolkit.Broker.Testing;

/// <summary>
/// What clients and broker said to each other, a line a frame, as the clients saw it: what a fault has changed is shown changed. Passwords are not shown, of bodies the first 64 octets. It is written down as
/// long as <see cref="IsOn"/>, up to <see cref="MaxCharacters"/>. Any thread.
/// </summary>
public sealed class ConversationRecorder
{
    /// <summary>Characters that are kept: a connection that says something after them is not written down any further.</summary>
    public const int MaxCharacters = 16 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly StringBuilder _text = new();
    private readonly TimeProvider _time;
    private readonly TextOutput _output;
    private readonly DecodeSettings _settings = new();
    private readonly KeptOctets _kept;
    private readonly ConversationNumbers _numbers = new();
    private readonly Dictionary<int, Conversation> _conversations = [];

    internal ConversationRecorder(TimeProvider time)
    {
        _time = time;
        _output = new TextOutput(new StringWriter(_text), isColored: false);
        _kept = new KeptOctets(_settings.MaxKeptOctets);
    }

    /// <summary>Whether connections that come are written down; on from the start.</summary>
    public bool IsOn { get; set; } = true;

    /// <summary>Lines so far.</summary>
    public IReadOnlyList<string> Lines => ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Forgets what was written down; connections that are open go on.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _text.Clear();
        }
    }

    /// <summary>All of it.</summary>
    public override string ToString()
    {
        lock (_gate)
        {
            return _text.ToString();
        }
    }

    internal void Begin(int connection, string client, string broker)
    {
        lock (_gate)
        {
            if (IsOn)
            {
                _conversations[connection] = new Conversation(_numbers, client, broker, mustBeAmqp: true, _settings, _output, _kept);
            }
        }
    }

    internal void Add(int connection, bool isFromClient, ReadOnlySpan<byte> octets)
    {
        lock (_gate)
        {
            if (_text.Length >= MaxCharacters)
            {
                // What has a gap is not gone on with.
                End(connection);
            }
            else if (_conversations.TryGetValue(connection, out var conversation))
            {
                (isFromClient ? conversation.FromClient : conversation.FromServer).Append(octets, (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick);
            }
        }
    }

    internal void End(int connection)
    {
        lock (_gate)
        {
            if (_conversations.Remove(connection, out var conversation))
            {
                conversation.Finish((_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick);
            }
        }
    }
}
