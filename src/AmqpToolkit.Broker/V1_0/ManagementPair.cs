using System.Buffers.Binary;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// The two links of one name over which a client of RabbitMQ declares and deletes: requests come on one, answers go on the other, both settled. Requests are done by the
/// connection's reader; what is used of the engine, and the answers, under the gate of the connection's output.
/// </summary>
internal sealed class ManagementPair(BrokerSession session) : IJournalWaiter
{
    /// <summary>The largest request, in octets.</summary>
    public const ulong MaxRequestOctets = 64 * 1024;

    /// <summary>Requests that a client may have on their way.</summary>
    private const uint Credit = 64;

    /// <summary>Answers that may wait for the client's credit; one that asks on without taking any is no good client.</summary>
    private const int MaxAnswers = 1024;

    /// <summary>Octets of them.</summary>
    private const int MaxAnswerOctets = 1024 * 1024;

    private readonly Queue<Reply> _answers = new();
    private readonly OctetBuffer _request = new();
    private readonly byte[] _tag = new byte[sizeof(uint)];
    private ReadOnlyMemory<byte> _rest;
    private JournalTicket _ticket;
    private ulong _token;
    private ulong _kept;
    private uint _number;
    private int _answerOctets;
    private bool _isWaitTold;

    /// <summary>The address of the node.</summary>
    public static ReadOnlySpan<byte> Address => "/management"u8;

    /// <summary>What both links say of themselves.</summary>
    public static EncodedValue Properties { get; } = new EncodedValueBuilder().BeginMap().AddSymbol("paired").AddBoolean(true).End().ToValue();

    /// <summary>Where requests come.</summary>
    public Link? Requests { get; set; }

    /// <summary>Where answers go.</summary>
    public Link? Answers { get; set; }

    /// <inheritdoc/>
    ref JournalTicket IJournalWaiter.Ticket => ref _ticket;

    /// <summary>Lets requests come. Under the gate.</summary>
    public void GrantCredit() => Requests!.SetCredit(Credit);

    /// <summary>Octets of a request, or its end.</summary>
    public void HandleTransfer(scoped in EngineEvent transfer)
    {
        if (transfer.IsFirst)
        {
            _request.Clear();
        }

        _request.Add(transfer.Payload);
        if (!transfer.IsLast)
        {
            return;
        }

        HandleRequest(transfer.Link!, transfer.IsAborted ? default : _request.Written, transfer.Sequence, transfer.IsSettled, transfer.IsAborted);
        _request.Clear();
    }

    /// <summary>A whole request.</summary>
    public void HandleRequest(Link link, ReadOnlySpan<byte> octets, ulong sequence, bool isSettled, bool isAborted = false)
    {
        if (!isAborted)
        {
            Handle(octets);
        }

        if (!isSettled)
        {
            session.Dispose(sequence, Outcomes.Accepted, link);
        }

        lock (session.Connection.Output.Gate)
        {
            if (link.Credit <= Credit / 2)
            {
                link.SetCredit(Credit);
            }
        }
    }

    /// <summary>Sends what waits, as far as the client takes it. Under the gate.</summary>
    public void SendAnswers()
    {
        if (Answers is not { } link)
        {
            return;
        }

        if (link.IsSending)
        {
            _rest = _rest[link.Continue(_rest.Span, default)..];
        }

        while (link.CanSend && _answers.TryPeek(out var answer) && answer.Token <= _kept)
        {
            _answers.Dequeue();
            _answerOctets -= answer.Message.Length;
            BinaryPrimitives.WriteUInt32BigEndian(_tag, _number++);
            _rest = answer.Message.AsMemory(link.Send(_tag, settled: true, 0, 0, answer.Message, default, out _));
            session.Deliveries.Skip();
        }

        _isWaitTold &= _answers.Count > 0;
    }

    /// <summary>One of the links is gone. Under the gate.</summary>
    /// <returns>Whether it was the last.</returns>
    public bool Release(Link link)
    {
        Requests = ReferenceEquals(Requests, link) ? null : Requests;
        Answers = ReferenceEquals(Answers, link) ? null : Answers;
        return Requests is null && Answers is null;
    }

    /// <inheritdoc/>
    void IJournalWaiter.HandleCommitted(ulong token)
    {
        bool waits;
        lock (session.Connection.Output.Gate)
        {
            _kept = Math.Max(_kept, token);
            SendAnswers();
            waits = BeginsToWait();
        }

        TellWait(waits);
        session.Connection.VirtualHost.Store!.Told.Add(session.Connection.Output);
    }

    /// <inheritdoc/>
    void IJournalWaiter.HandleFailed(ulong token, Exception error) =>
        session.Connection.RequestClose(Protocol.ProtocolError.InternalError("the broker's store has failed: what it was asked to keep is not safe"));

    /// <summary>
    /// Whether it is to be told that the next answer waits for nothing but the client: it has not attached the link for answers yet, or given it no credit. Once for all that waits; a window that is shut is not told.
    /// Under the gate.
    /// </summary>
    private bool BeginsToWait()
    {
        bool begins = !_isWaitTold && _answers.TryPeek(out var answer) && answer.Token <= _kept && Answers is not { Credit: > 0 };
        _isWaitTold |= begins;
        return begins;
    }

    /// <summary>A client that asks and hears nothing is to be understood by who looks for the reason. Outside the gate.</summary>
    private void TellWait(bool waits)
    {
        if (waits)
        {
            Log.AnswerWaits(session.Connection.Broker.Logger, session.Connection.Name);
        }
    }

    private void Handle(ReadOnlySpan<byte> request)
    {
        var answer = new EncodedValueBuilder();
        if (MessageSections.TryParse(request, out var sections) != DecodeError.None || PropertiesView.TryParse(sections.Properties, out var properties, out _) != DecodeError.None)
        {
            // Whose answer it is nobody can say, but one is awaited.
            Answer(Write(ManagementOperations.BadRequest, default, answer.AddString("the request cannot be read")));
            return;
        }

        var body = default(EncodedValueView);
        if (sections.BodyKind == MessageBodyKind.AmqpValue && AmqpValueView.TryParse(sections.Body, out var value, out _) == DecodeError.None)
        {
            body = value.Value;
        }

        var path = properties.To.TryGetAddressString(out var to) ? to : default;
        int status = ManagementOperations.Do(session.Connection, properties.Subject, path, body, answer);
        Answer(Write(status, properties.MessageId.Octets, answer));
    }

    /// <summary>A reply to a declaration means that it is kept; nothing that comes later overtakes it.</summary>
    private void Answer(byte[] message)
    {
        bool mustWait = session.Connection.VirtualHost.Store is { HasUncommittedDefinitions: true };
        bool waits;
        lock (session.Connection.Output.Gate)
        {
            if (_answers.Count == MaxAnswers || _answerOctets + message.Length > MaxAnswerOctets)
            {
                Requests?.Detach(closed: true, new AmqpFault(AmqpError.Texts.ResourceLimitExceeded, "nobody takes the answers"));
                return;
            }

            _answerOctets += message.Length;
            _answers.Enqueue(new Reply(mustWait ? ++_token : _token, message));
            SendAnswers();
            waits = BeginsToWait();
        }

        TellWait(waits);
        if (mustWait)
        {
            var store = session.Connection.VirtualHost.Store!;
            using var appender = store.Journal!.Append();
            appender.Commit(this, _token, store.DefinitionLevel);
        }
    }

    private static byte[] Write(int status, ReadOnlySpan<byte> correlationId, EncodedValueBuilder answer)
    {
        var sections = new EncodedValueBuilder()
            .Add(new Properties { Subject = $"{status}", CorrelationId = correlationId.IsEmpty ? default : EncodedValue.CopyOf(correlationId) });
        sections.Describe(ApplicationPropertiesView.DescriptorCode).BeginMap().AddString("http:response").AddString("1.1").End();
        sections.Describe(AmqpValueView.DescriptorCode);
        if (answer.Span.IsEmpty)
        {
            sections.AddNull();
        }
        else
        {
            sections.Add(answer.AsValue());
        }

        return sections.Span.ToArray();
    }

    /// <summary>An answer, and what must be kept before it is sent.</summary>
    private readonly record struct Reply(ulong Token, byte[] Message);
}
