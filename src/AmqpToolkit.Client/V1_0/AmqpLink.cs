using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>A link (1.0 section 2.6): messages one way between this container and a node. All members may be called by any thread at any time.</summary>
public abstract class AmqpLink : IAsyncDisposable
{
    private readonly TaskCompletionSource _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _detached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<CloseReason> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private protected AmqpLink(AmqpSession session, string name, Role role)
    {
        Session = session;
        Name = name;
        Role = role;
    }

    /// <summary>The session that it is on.</summary>
    public AmqpSession Session { get; }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The address of the node, as the peer says it: that of a dynamic node is the peer's choice. Null for the anonymous terminus.</summary>
    public string? Address { get; private protected set; }

    /// <summary>Completes when the link has ended, with the first cause. Never faults.</summary>
    public Task<CloseReason> Closed => _closed.Task;

    internal Role Role { get; }

    internal Task Attached => _attached.Task;

    private protected Link? Engine { get; private set; }

    private protected CloseReason? Reason { get; private set; }

    /// <summary>Whether what hangs on the link at the peer is to outlive all but <see cref="CloseAsync"/>.</summary>
    private protected virtual bool IsKept => false;

    private protected string What => $"Link '{Name}' has ended";

    /// <summary>Closes the link (1.0 section 2.6.6): what hangs on it at the peer goes, too. Of one that was detached or disposed of before nothing is said any more: what it left at the peer stays.</summary>
    /// <exception cref="TimeoutException">There was no answer in time.</exception>
    public Task CloseAsync(CancellationToken cancellationToken = default) => DetachAsync(closed: true, cancellationToken);

    /// <summary>Detaches the link, and leaves what hangs on it, such as a durable subscription, at the peer (1.0 section 2.6.4).</summary>
    /// <exception cref="TimeoutException">There was no answer in time.</exception>
    public Task DetachAsync(CancellationToken cancellationToken = default) => DetachAsync(closed: false, cancellationToken);

    /// <summary>
    /// As <see cref="CloseAsync"/>, but a durable subscription is detached (<see cref="DetachAsync(CancellationToken)"/>) and stays at the peer; throws nothing because the peer is late. May be called more than once.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        try
        {
            await DetachAsync(closed: !IsKept, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It has ended at this end; whether the peer knows is the connection's matter.
        }
    }

    /// <summary>Under the gate.</summary>
    internal bool TryAttach(Link engine, Attach attach)
    {
        Engine = engine;
        engine.Owner = this;
        engine.IsKept = IsKept;
        return engine.Attach(attach);
    }

    /// <summary>Nobody waits for the answer any more. Under the gate.</summary>
    internal void GiveUp()
    {
        Engine!.Detach(closed: !IsKept);
        End(CloseReason.Local(CloseScope.Link, string.Empty, "given up before the peer answered"));
    }

    /// <summary>Under the gate.</summary>
    internal void HandleEvent(scoped in EngineEvent found)
    {
        switch (found.Kind)
        {
            case EngineEventKind.Attached:
                if (AttachView.TryParse(found.Performative, out var attach, out _) == DecodeError.None && TryTakeAttach(in attach))
                {
                    _attached.TrySetResult();
                }

                break;

            case EngineEventKind.Transferred:
                HandleTransfer(in found);
                break;

            case EngineEventKind.Detached:
                End(DetachView.TryParse(found.Performative, out var detach, out _) == DecodeError.None && detach.HasError
                    ? CloseReason.Of(CloseScope.Link, detach.Error)
                    : CloseReason.There(CloseScope.Link, "detached by the peer"));
                Engine!.Detach(found.IsClosed);
                _detached.TrySetResult();
                break;

            case EngineEventKind.LinkFailed:
                End(CloseReason.Local(CloseScope.Link, found.Fault!.Condition, found.Fault.Description));
                break;
        }
    }

    /// <summary>The link has ended, with whatever waits on it. Under the gate.</summary>
    internal void End(CloseReason reason)
    {
        if (Reason is not null)
        {
            return;
        }

        Reason = reason;
        Session.Remove(this);
        _attached.TrySetException(new AmqpException(What, reason));
        _ = _attached.Task.Exception;
        HandleEnd(reason);
        if (Role == Role.Sender)
        {
            Session.Engine.ForgetOutgoing(Engine!, null);
        }
        else
        {
            Session.Engine.ForgetIncoming(Engine!, null);
        }

        _closed.TrySetResult(reason);
    }

    /// <summary>Under the gate.</summary>
    /// <exception cref="AmqpException">The link has ended.</exception>
    private protected void ThrowIfEnded()
    {
        if (Reason is not null)
        {
            throw new AmqpException(What, Reason);
        }
    }

    /// <summary>Credit, the window or the output may have room. Under the gate.</summary>
    internal virtual void HandleRoom()
    {
    }

    /// <summary>This end gives the link up. Under the gate.</summary>
    private protected void Fail(string condition, string description)
    {
        Engine!.Detach(closed: !IsKept, new AmqpFault(condition, description));
        End(CloseReason.Local(CloseScope.Link, condition, description));
    }

    /// <returns>False when the peer refuses: a detach follows, and says why. Or the link has been given up here.</returns>
    private protected abstract bool TryTakeAttach(in AttachView attach);

    private protected abstract void HandleEnd(CloseReason reason);

    private protected virtual void HandleTransfer(scoped in EngineEvent transfer)
    {
    }

    private protected static string? TextOf(in AnyAddress address) => address.TryGetAddressString(out var text) ? Encoding.UTF8.GetString(text) : null;

    private async Task DetachAsync(bool closed, CancellationToken cancellationToken)
    {
        bool isGone;
        lock (Session.Connection.Gate)
        {
            isGone = Reason is not null || Engine is null || Session.Engine.IsEnded;
            if (!isGone)
            {
                Engine!.Detach(closed);
                End(CloseReason.Here(CloseScope.Link));
            }
        }

        if (!isGone)
        {
            Session.Connection.Pump.FlushSoon();
            await Session.Connection.WaitAsync(Task.WhenAny(_detached.Task, Session.Ended), "detach", cancellationToken).ConfigureAwait(false);
        }
    }
}
