using System.Globalization;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>A session (1.0 section 2.5): links stand on one, and what it has of the window they share. All members may be called by any thread at any time.</summary>
public sealed class AmqpSession : IAsyncDisposable
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<CloseReason> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<AmqpLink> _links = [];
    private readonly Session _engine;
    private CloseReason? _reason;
    private int _firstServed;

    internal AmqpSession(AmqpConnection connection, Session engine)
    {
        Connection = connection;
        _engine = engine;
    }

    /// <summary>The connection that it is on.</summary>
    public AmqpConnection Connection { get; }

    /// <summary>Completes when the session has ended, with the first cause. Never faults.</summary>
    public Task<CloseReason> Closed => _closed.Task;

    private const string What = "The session has ended";

    internal Task Begun => _begun.Task;

    internal Task Ended => _ended.Task;

    internal Session Engine => _engine;

    /// <summary>Attaches as a sender (1.0 section 2.6.3).</summary>
    /// <param name="address">The target; null for the anonymous terminus: each message says where it goes (<c>properties.to</c>).</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">An address for a dynamic target; or address and properties are more than a frame of the peer's takes.</exception>
    /// <exception cref="AmqpException">The peer refused, or takes no more links (<c>amqp:resource-limit-exceeded</c>), or the session has ended.</exception>
    /// <exception cref="InvalidOperationException">There is a link of that name on the session already.</exception>
    /// <exception cref="TimeoutException">There was no answer in time: the link is given up.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended, and the link given up.</exception>
    public async Task<AmqpSender> OpenSenderAsync(string? address, SenderOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new SenderOptions();
        if (address is not null && options.IsDynamic)
        {
            throw new ArgumentException("The address of a dynamic target is the peer's to choose.", nameof(address));
        }

        var sender = new AmqpSender(this, options);
        await AttachAsync(sender, sender.AttachTo(address), cancellationToken).ConfigureAwait(false);
        return sender;
    }

    /// <summary>Attaches as a receiver (1.0 section 2.6.3).</summary>
    /// <param name="address">The source; null with <see cref="ReceiverOptions.IsDynamic"/>.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">A durable source without a name of the link or the container; address and dynamic, or neither; selector and filter; or address, filter and properties are more than a frame of the peer's takes.</exception>
    /// <exception cref="AmqpException">The peer refused, or takes no more links (<c>amqp:resource-limit-exceeded</c>), or the session has ended.</exception>
    /// <exception cref="InvalidOperationException">There is a link of that name on the session already.</exception>
    /// <exception cref="TimeoutException">There was no answer in time: the link is given up.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended, and the link given up.</exception>
    public async Task<AmqpReceiver> OpenReceiverAsync(string? address, ReceiverOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new ReceiverOptions();
        if (options.IsDurable && (options.Name is null || Connection.Options.ContainerId is null))
        {
            throw new ArgumentException("A durable source is found again by the name of its link and the container-id: both must be given.", nameof(options));
        }

        if (options.Selector is not null && !options.Filter.IsNull)
        {
            throw new ArgumentException("A selector and a filter in full were given: one of them.", nameof(options));
        }

        if ((address is null) != options.IsDynamic)
        {
            throw new ArgumentException("A source has an address, or the peer makes it.", nameof(address));
        }

        var receiver = new AmqpReceiver(this, options);
        await AttachAsync(receiver, receiver.AttachTo(address), cancellationToken).ConfigureAwait(false);
        return receiver;
    }

    /// <summary>Attaches a sender and a receiver of answers over a node that the peer makes for it.</summary>
    /// <param name="address">Where requests go.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="AmqpException">The peer refused, or takes no more links (<c>amqp:resource-limit-exceeded</c>), or the session has ended.</exception>
    /// <exception cref="InvalidOperationException">There is a link of that name on the session already.</exception>
    /// <exception cref="TimeoutException">There was no answer in time: the link is given up.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended, and the link given up.</exception>
    public async Task<AmqpRequester> OpenRequesterAsync(string address, CancellationToken cancellationToken = default)
    {
        var answers = await OpenReceiverAsync(null, new ReceiverOptions { IsDynamic = true, IsSettled = true, TakesUnsettled = true }, cancellationToken).ConfigureAwait(false);
        try
        {
            return new AmqpRequester(await OpenSenderAsync(address, null, cancellationToken).ConfigureAwait(false), answers);
        }
        catch
        {
            await answers.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends the session with all its links (1.0 section 2.5.2).</summary>
    /// <exception cref="TimeoutException">There was no answer in time.</exception>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        lock (Connection.Gate)
        {
            _engine.End();
            EndLinks(CloseReason.Here(CloseScope.Session));
        }

        Connection.Pump.FlushSoon();
        await Connection.WaitAsync(_ended.Task, "end", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>As <see cref="CloseAsync"/>, and throws nothing because the peer is late. May be called more than once.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await CloseAsync().ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It has ended at this end; whether the peer knows is the connection's matter.
        }
    }

    internal static string NameOf(string? name) => name ?? Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);

    /// <summary>Under the gate.</summary>
    internal void Remove(AmqpLink link) => _links.Remove(link);

    /// <summary>Under the gate.</summary>
    internal void HandleRoom()
    {
        for (int count = _links.Count, index = 0; index < count; index++)
        {
            _links[(_firstServed + index) % count].HandleRoom();
        }

        _firstServed = (_firstServed + 1) % Math.Max(1, _links.Count);
    }

    /// <summary>Nobody waits for the answer any more. Under the gate.</summary>
    internal void GiveUp()
    {
        _engine.End();
        End(CloseReason.Local(CloseScope.Session, string.Empty, "given up before the peer answered"));
    }

    /// <summary>Under the gate.</summary>
    internal void HandleEvent(scoped in EngineEvent found)
    {
        switch (found.Kind)
        {
            case EngineEventKind.Begun:
                _begun.TrySetResult();
                break;

            case EngineEventKind.Ended:
                End(EndView.TryParse(found.Performative, out var end, out _) == DecodeError.None && end.HasError
                    ? CloseReason.Of(CloseScope.Session, end.Error)
                    : CloseReason.There(CloseScope.Session, "ended by the peer"));
                break;

            case EngineEventKind.SessionFailed:
                End(CloseReason.Local(CloseScope.Session, found.Fault!.Condition, found.Fault.Description));
                break;

            case EngineEventKind.Disposed:
                HandleDisposed(in found);
                break;

            case EngineEventKind.Flowed:
                // Room in the window counts as well as credit.
                HandleRoom();
                break;

            case EngineEventKind.Attached or EngineEventKind.Transferred or EngineEventKind.Detached or EngineEventKind.LinkFailed:
                if (found.Link!.Owner is AmqpLink link)
                {
                    link.HandleEvent(in found);
                }
                else if (found.Kind == EngineEventKind.Attached)
                {
                    found.Link.Refuse(new AmqpFault(AmqpError.Texts.NotImplemented, "links are this end's to begin"));
                }

                break;
        }
    }

    /// <summary>Under the gate.</summary>
    internal void End(CloseReason reason)
    {
        EndLinks(reason);
        Connection.Remove(this);
        _begun.TrySetException(new AmqpException(What, _reason!));
        _ = _begun.Task.Exception;
        _ended.TrySetResult();
    }

    private void EndLinks(CloseReason reason)
    {
        _reason ??= reason;
        foreach (var link in _links.ToArray())
        {
            link.End(_reason);
        }

        _closed.TrySetResult(_reason);
    }

    private void HandleDisposed(scoped in EngineEvent found)
    {
        ulong at = found.Sequence;

        // One for all that the range speaks of: its texts are as long as the peer likes.
        var outcome = found.IsOfOutgoing ? DeliveryOutcome.Read(found.State) : default;
        while (_engine.TryTakeDisposed(in found, ref at, out ulong sequence, out var delivery))
        {
            if (!found.IsOfOutgoing && found.IsSettled)
            {
                (delivery.Link.Owner as AmqpReceiver)?.HandleSettled(sequence);
            }

            if (!found.IsOfOutgoing || delivery.Link.Owner is not AmqpSender sender)
            {
                continue;
            }

            if (!found.IsSettled)
            {
                if (outcome.Kind == OutcomeKind.None)
                {
                    continue;
                }

                _engine.DisposeOutgoing(sequence, default, settled: true);
            }

            sender.HandleOutcome(delivery.Cookie, outcome);
        }
    }

    private async Task AttachAsync(AmqpLink link, Attach attach, CancellationToken cancellationToken)
    {
        lock (Connection.Gate)
        {
            Connection.ThrowIfEnded();
            if (_reason is not null)
            {
                throw new AmqpException(What, _reason);
            }

            if (_engine.Links.Any(other => other.Name == link.Name && other.Role == link.Role))
            {
                throw new InvalidOperationException($"There is a link '{link.Name}' on this session already, or the peer has not answered its end yet.");
            }

            var engine = _engine.CreateLink(link.Name, link.Role)
                ?? throw new AmqpException($"No link '{link.Name}'", CloseReason.Local(CloseScope.Link, AmqpError.Texts.ResourceLimitExceeded, "the peer takes no more on this session"));
            if (!link.TryAttach(engine, attach))
            {
                engine.Detach(closed: true);
                throw new ArgumentException("Address, filter and properties are more than a frame of the peer's takes.");
            }

            _links.Add(link);
        }

        Connection.Pump.FlushSoon();
        try
        {
            await Connection.WaitAsync(link.Attached, "attach", cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            lock (Connection.Gate)
            {
                link.GiveUp();
            }

            Connection.Pump.FlushSoon();
            throw;
        }
    }
}
