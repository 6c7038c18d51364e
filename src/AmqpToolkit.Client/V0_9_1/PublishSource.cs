using System.Threading.Tasks.Sources;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// What one publish waits on; pooled by its channel. While queued it holds what is to be sent, afterwards its place in the
/// <see cref="ConfirmRing"/>.
/// </summary>
/// <remarks>
/// <code>
///   Idle --no room--> Queued --room--> Sent --ack, nack, or the channel's end--> Ended --awaited--> Idle
///     \--room--------------------------^ \--token--> Abandoned (never pooled; its slot stays taken until answered)
/// </code>
/// </remarks>
internal sealed class PublishSource : PooledWait<PublishOutcome>, IValueTaskSource
{
    /// <summary>Stands in a slot whose publish nobody awaits by itself, but a summary counts.</summary>
    public static readonly PublishSource Posted = new(null);

    /// <summary>As <see cref="Posted"/>, after its return.</summary>
    public static readonly PublishSource PostedReturned = new(null);

    /// <summary>Stands in a slot whose caller has left.</summary>
    public static readonly PublishSource Left = new(null);

    private readonly AmqpChannel? _channel;
    private PublishOutcome _outcome;
    private Exception? _failure;

    public PublishSource(AmqpChannel? channel) => _channel = channel;

    public PublishPhase Phase { get; private set; }

    /// <summary>Whether the caller waits for the broker's answer, not only for room.</summary>
    public bool IsTracked { get; private set; }

    /// <summary>The tag that the answer names, from <see cref="PublishPhase.Sent"/> on.</summary>
    public ulong Tag { get; private set; }

    /// <summary>What a basic.return has said already.</summary>
    public ReturnReason? Return { get; set; }

    /// <summary>What is to be sent, while queued.</summary>
    public QueuedPublish Content { get; private set; }

    /// <inheritdoc/>
    protected override Lock Gate => _channel!.Gate;

    /// <inheritdoc/>
    protected override bool IsWaiting => Phase is PublishPhase.Queued or PublishPhase.Sent;

    public ValueTask<PublishOutcome> OutcomeTask => new(this, Version);

    public ValueTask AcceptedTask => new(this, Version);

    public void Begin(bool isTracked)
    {
        IsTracked = isTracked;
        Return = null;
        _failure = null;
    }

    public void Queue(in QueuedPublish content)
    {
        Content = content;
        Phase = PublishPhase.Queued;
    }

    public void Send(ulong tag)
    {
        DropContent();
        Tag = tag;
        Phase = PublishPhase.Sent;
    }

    /// <summary>Settles the outcome; the caller hears of it by <see cref="Complete"/>, outside every lock.</summary>
    public void End(in PublishOutcome outcome)
    {
        DropContent();
        Phase = PublishPhase.Ended;
        _outcome = outcome;
    }

    /// <summary>As <see cref="End(in PublishOutcome)"/>, for what was never sent.</summary>
    public void End(Exception failure)
    {
        End(default(PublishOutcome));
        _failure = failure;
    }

    /// <summary>Tells the caller.</summary>
    public void Complete()
    {
        if (_failure is null)
        {
            SetResult(_outcome);
        }
        else
        {
            SetException(_failure);
        }
    }

    void IValueTaskSource.GetResult(short token) => GetResult(token);

    /// <inheritdoc/>
    protected override void Abandon()
    {
        _channel!.Abandon(this);
        DropContent();
        Phase = PublishPhase.Abandoned;
    }

    /// <inheritdoc/>
    protected override bool TryReset()
    {
        if (Phase != PublishPhase.Ended)
        {
            return false;
        }

        _outcome = default;
        _failure = null;
        Phase = PublishPhase.Idle;
        return true;
    }

    /// <inheritdoc/>
    protected override void Recycle() => _channel!.Recycle(this);

    private void DropContent()
    {
        Content.Given?.Release();
        Content = default;
    }
}
