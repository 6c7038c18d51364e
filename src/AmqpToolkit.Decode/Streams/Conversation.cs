using AmqpToolkit.Decode.Framing;
using AmqpToolkit.Decode.Output;

namespace AmqpToolkit.Decode.Streams;

/// <summary>Two streams that answer each other, and what one tells about the other.</summary>
internal sealed class Conversation
{
    private readonly ConversationNumbers _numbers;
    private readonly string _client;
    private readonly string _server;
    private int _number;

    /// <summary>A conversation of TCP, or of streams in files.</summary>
    /// <param name="numbers">Counts the conversations that are shown.</param>
    /// <param name="client">Name of the end that opened it.</param>
    /// <param name="server">Name of the other.</param>
    /// <param name="mustBeAmqp">It is taken for AMQP even without a header.</param>
    public Conversation(ConversationNumbers numbers, string client, string server, bool mustBeAmqp, DecodeSettings settings, DecodeOutput output, KeptOctets kept)
    {
        _numbers = numbers;
        _client = client;
        _server = server;
        MustBeAmqp = mustBeAmqp;
        Edition = mustBeAmqp ? settings.Edition : Edition.Unknown;
        Output = output;
        FromClient = new StreamDecoder(this, Direction.FromClient, settings, kept);
        FromServer = new StreamDecoder(this, Direction.FromServer, settings, kept);
        Alone = new StreamDecoder(this, Direction.Unknown, settings, kept);
    }

    /// <summary>It is taken for AMQP even without a header.</summary>
    public bool MustBeAmqp { get; }

    /// <summary>What was asked for, or by the header that came last.</summary>
    public Edition Edition { get; set; }

    /// <summary>It is something else: nothing of it is shown.</summary>
    public bool IsForeign { get; set; }

    public DecodeOutput Output { get; }

    public StreamDecoder FromClient { get; }

    public StreamDecoder FromServer { get; }

    /// <summary>A stream of which nobody knows which way it went.</summary>
    public StreamDecoder Alone { get; }

    /// <summary>Its number; the first thing that is shown of it gives it one.</summary>
    public int Number
    {
        get
        {
            if (_number == 0)
            {
                _number = _numbers.Next();
                Output.Conversation(_number, _client, _server);
            }

            return _number;
        }
    }

    /// <summary>Nothing more comes: shows what is left of both streams.</summary>
    public void Finish(long nanoseconds)
    {
        FromClient.Finish(nanoseconds);
        FromServer.Finish(nanoseconds);
    }
}
