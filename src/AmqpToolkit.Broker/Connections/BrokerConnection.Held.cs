using AmqpToolkit.Broker.Channels;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Connections;

/// <content>
/// Replies that wait for the journal: a declare-ok of something durable means that it is kept. While they wait, further declarations are taken, so that a row
/// of them shares one sync; before anything else the reader waits until they are out.
/// </content>
internal sealed partial class BrokerConnection
{
    /// <summary>Null until a reply had to wait for the first time.</summary>
    private HeldReplies? _held;

    /// <summary>Whether the last frame was left alone until the replies that are held are out.</summary>
    private bool _leavesFrame;

    /// <summary>What the frame that was left alone waits for, if not for replies.</summary>
    private Task? _awaited;

    /// <summary>Whether replies wait for the journal. Any thread.</summary>
    public bool IsHolding => _held is { IsHolding: true };

    private HeldReplies Held => _held ??= new HeldReplies(this, VirtualHost.Store!.Journal);

    /// <summary>Whether the reader waits until they are out.</summary>
    private bool WaitsForHeld => _leavesFrame || _held is { IsFull: true };

    /// <summary>Sends a reply when all that was appended to the journal before is kept; what is sent behind it waits as well. By the reader, with a store.</summary>
    public void Hold<TMethod>(ushort channel, in TMethod method, CommitLevel level)
        where TMethod : struct, IMethod
    {
        var held = Held;
        lock (Output.Gate)
        {
            held.Add(channel, in method, level);
        }
    }

    /// <summary>Puts what the reader's own turn has brought about behind the replies that wait, one of which tells of the cause. Under the output's gate.</summary>
    /// <returns>False when none waits, or the turn is another's.</returns>
    public bool TryHoldUnderGate<TMethod>(ushort channel, in TMethod method, Turn turn)
        where TMethod : struct, IMethod => ReferenceEquals(turn, Turn) && _held is { } held && held.TryAdd(channel, in method);

    /// <summary>Closes a channel: when what was published there is kept and confirmed, if that is still on its way.</summary>
    public void SendChannelClose(BrokerChannel channel, in ChannelClose close)
    {
        lock (Output.Gate)
        {
            if (channel.AwaitsConfirms && !IsClosed)
            {
                Held.AddClose([channel], channel.Number, in close);
                return;
            }
        }

        Send(channel.Number, in close);
    }

    /// <summary>The journal has failed: what waits for it will never be true. Any thread.</summary>
    internal void FailHeld() => RequestClose(ProtocolError.InternalError("the broker's store has failed: what it was asked to keep is not safe"));

    /// <summary>Whether a method must not be looked at before the replies that wait are out.</summary>
    private bool MustWaitForHeld(uint key) =>
        _ending.State == ConnectionState.Running && (key >> 16 is not (ExchangeDeclareView.MethodKey >> 16 or QueueDeclareView.MethodKey >> 16) || key == QueuePurgeView.MethodKey);

    /// <summary>Leaves the method at hand, and all behind it, for later.</summary>
    private ProtocolError? LeaveFrame()
    {
        _leavesFrame = true;
        HasPaused = true;
        return null;
    }

    /// <summary>Leaves the method at hand, and all behind it, until something has happened; it is looked at anew then.</summary>
    internal void LeaveFrameUntil(Task happened)
    {
        _awaited = happened;
        LeaveFrame();
    }

    /// <summary>At the end of a batch: what waits shall be told of, and a reader that took too many declarations rests.</summary>
    private void PromiseHeld()
    {
        if (_held is { IsHolding: true } held)
        {
            held.Promise();
        }
    }
}
