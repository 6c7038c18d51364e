using System.Threading.Tasks.Sources;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// What one publish waits on; pooled by its channel. While queued it holds what is to be sent, afterwards its place in the
/// <see cref="ConfirmRing"/>. Awaited once; a second await meets a newer version and throws.
/// </summary>
/// <remarks>
/// <code>
///   Idle --no room--> Queued --room--> Sent --ack, nack, or the channel's end--> Ended --awaited--> Idle
///     \--room--------------------------^ \--token--> Abandoned (never pooled; its slot stays taken until answered)
/// </code>
/// </remarks>
internal sealed class PublishSource : IValueTaskSource<PublishOutcome>, IValueTaskSource
{
    /// <summary>Stands in a slot whose publish nobody awaits by itself, but a summary counts.</summary>
    public static readonly PublishSource Posted = new(null);

    /// <summary>As <see cref="Posted"/>, after its return.</summary>
    public static readonly PublishSource PostedReturned = new(null);

    /// <summary>Stands in a slot whose caller has left.</summary>
    public static readonly PublishSource Left = new(null);

    private readonly AmqpChannel? _channel;
    private ManualResetValueTaskSourceCore<PublishOutcome> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private CancellationToken _token;
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

    public ValueTask<PublishOutcome> OutcomeTask => new(this, _core.Version);

    public ValueTask AcceptedTask => new(this, _core.Version);

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
            _core.SetResult(_outcome);
        }
        else
        {
            _core.SetException(_failure);
        }
    }

    /// <summary>Lets the caller's token end the wait. After the publish was queued or sent, outside every lock.</summary>
    public void Watch(CancellationToken token)
    {
        _token = token;
        _registration = token.UnsafeRegister(static (state, token) => ((PublishSource)state!).Leave(token), this);
    }

    public PublishOutcome GetResult(short token)
    {
        bool isOver = _core.GetStatus(token) != ValueTaskSourceStatus.Pending;
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            if (isOver)
            {
                Recycle();
            }
        }
    }

    void IValueTaskSource.GetResult(short token) => GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Recycle()
    {
        _registration.Unregister();
        _registration = default;
        if (Phase != PublishPhase.Ended)
        {
            return;
        }

        _token = default;
        _outcome = default;
        _failure = null;
        Phase = PublishPhase.Idle;
        _core.Reset();
        _channel!.Recycle(this);
    }

    private void DropContent()
    {
        Content.Given?.Release();
        Content = default;
    }

    private void Leave(CancellationToken token)
    {
        // The callback of an earlier publish may come late: only the token of the present one counts.
        lock (_channel!.Gate)
        {
            if (token != _token || Phase is not (PublishPhase.Queued or PublishPhase.Sent))
            {
                return;
            }

            _channel.Abandon(this);
            DropContent();
            Phase = PublishPhase.Abandoned;
        }

        _core.SetException(new OperationCanceledException(token));
    }
}
