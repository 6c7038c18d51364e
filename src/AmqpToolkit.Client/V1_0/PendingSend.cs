using System.Buffers;
using System.Numerics;

namespace AmqpToolkit.Client.V1_0;

/// <summary>
/// What one send waits on, and what of its message was not written; pooled by its sender. Under the gate, but for its task.
/// </summary>
/// <remarks>
/// <code>
///   Idle --no credit--> Waiting --credit--> Begun --outcome, or written and settled, or the link's end--> Ended --awaited--> Idle
///     \--credit------------------------------^  \--token--> Abandoned (never pooled; what was begun is written to its end)
/// </code>
/// One that has begun and is not whole stands in the row of those that wait, whatever is heard of it meanwhile.
/// </remarks>
internal sealed class PendingSend(AmqpSender sender) : PooledWait<DeliveryOutcome>
{
    /// <summary>Octets up to which it keeps its buffer for the next message.</summary>
    private const int KeptOctets = 256;

    /// <summary>What it takes beside its message, in octets.</summary>
    private const int OverheadOctets = 256;

    private byte[] _own = [];
    private byte[]? _rented;
    private int _start;
    private int _end;
    private DeliveryOutcome _heard;
    private bool _hasHeard;

    public SendPhase Phase { get; private set; }

    public ulong Number { get; private set; }

    public bool IsSettled { get; private set; }

    public uint MessageFormat { get; private set; }

    public ValueTask<DeliveryOutcome> Outcome => new(this, Version);

    /// <summary>Its neighbours in the row of those that wait.</summary>
    public PendingSend? Previous { get; set; }

    /// <inheritdoc cref="Previous"/>
    public PendingSend? Next { get; set; }

    /// <summary>Whether it stands in the row.</summary>
    public bool IsInRow { get; set; }

    /// <summary>What it counts in the row, in octets.</summary>
    public long WaitingOctets { get; set; }

    /// <summary>What a message costs that waits: its memory is of a few sizes.</summary>
    public static long CostOf(int octets) => OverheadOctets + (octets <= KeptOctets ? KeptOctets : (long)BitOperations.RoundUpToPowerOf2((uint)octets));

    /// <inheritdoc/>
    protected override Lock Gate => sender.Session.Connection.Gate;

    /// <inheritdoc/>
    protected override bool IsWaiting => Phase is SendPhase.Waiting or SendPhase.Begun;

    /// <summary>What of it was not written.</summary>
    public ReadOnlySpan<byte> Rest => (_rented ?? _own).AsSpan(_start, _end - _start);

    public void Prepare(ulong number, bool isSettled, uint messageFormat, bool isBegun)
    {
        Number = number;
        IsSettled = isSettled;
        MessageFormat = messageFormat;
        Phase = isBegun ? SendPhase.Begun : SendPhase.Waiting;
    }

    /// <summary>The first octets of it are about to be written; an abandoned one is no more in the row by then.</summary>
    public void Begin() => Phase = SendPhase.Begun;

    /// <summary>Keeps what is not written yet: the caller's memory is his again.</summary>
    public void Keep(ReadOnlySpan<byte> rest)
    {
        if (rest.Length > KeptOctets)
        {
            _rented = ArrayPool<byte>.Shared.Rent(rest.Length);
        }
        else if (rest.Length > _own.Length)
        {
            _own = new byte[KeptOctets];
        }

        rest.CopyTo(_rented ?? _own);
        (_start, _end) = (0, rest.Length);
    }

    /// <summary>More of it was written.</summary>
    public void Advance(int written) => _start += written;

    /// <summary>All of it was written, or nothing of it will be.</summary>
    public void DropRest()
    {
        (_start, _end) = (0, 0);
        if (_rented is { } rented)
        {
            _rented = null;
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>The receiver has said something: the caller hears it once the message is written to its end.</summary>
    public void Hear(in DeliveryOutcome outcome)
    {
        if (IsInRow)
        {
            (_heard, _hasHeard) = (outcome, true);
        }
        else
        {
            End(outcome);
        }
    }

    /// <summary>It is written to its end.</summary>
    public void HandleWritten()
    {
        DropRest();
        if (IsSettled || _hasHeard)
        {
            End(IsSettled ? DeliveryOutcome.Sent : _heard);
        }
    }

    /// <summary>The link has ended.</summary>
    public void HandleEnd(CloseReason reason)
    {
        DropRest();
        if (Phase == SendPhase.Waiting)
        {
            Phase = SendPhase.Ended;
            sender.HandleOver(Number);
            SetException(new AmqpException("The message was not sent", reason));
        }
        else
        {
            End(_hasHeard ? _heard : DeliveryOutcome.InDoubt(reason));
        }
    }

    /// <inheritdoc/>
    protected override void Abandon()
    {
        if (Phase == SendPhase.Waiting)
        {
            sender.RemoveWaiting(this);
            DropRest();
        }

        Phase = SendPhase.Abandoned;
        sender.HandleOver(Number);
    }

    /// <inheritdoc/>
    protected override bool TryReset()
    {
        if (Phase != SendPhase.Ended)
        {
            return false;
        }

        (_heard, _hasHeard) = (default, false);
        Phase = SendPhase.Idle;
        return true;
    }

    /// <inheritdoc/>
    protected override void Recycle() => sender.Recycle(this);

    /// <summary>Whoever waits goes on elsewhere.</summary>
    private void End(in DeliveryOutcome outcome)
    {
        if (IsWaiting)
        {
            Phase = SendPhase.Ended;
            sender.HandleOver(Number);
            SetResult(outcome);
        }
    }
}
