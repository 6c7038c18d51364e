using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Protocol.V1_0;

/// <content>Windows and flows (1.0 section 2.5.6).</content>
public sealed partial class Session
{
    /// <summary>What this end says of transfers that it could send: it keeps none back by their number.</summary>
    private const uint OutgoingWindow = int.MaxValue;

    private readonly List<Link> _flowing = [];
    private uint _nextOutgoingId;
    private uint _nextIncomingId;
    private uint _incomingWindowLeft;
    private uint _remoteIncomingWindow;
    private bool _owesFlow;
    private bool _isListed;
    private bool _isHeld;

    /// <summary>Transfers that the peer may have on their way when none is.</summary>
    public uint IncomingWindow { get; private set; }

    /// <summary>Transfers that the peer takes now.</summary>
    public uint RemoteIncomingWindow => _remoteIncomingWindow;

    /// <summary>Holds the peer's transfers back: its window is not opened again until this is undone (a broker without memory).</summary>
    public bool IsHeld
    {
        get => _isHeld;
        set
        {
            _isHeld = value;
            if (!value && _incomingWindowLeft < IncomingWindow)
            {
                OweFlow();
            }
        }
    }

    internal EngineEvent HandleFlow(ReadOnlySpan<byte> body)
    {
        if (FlowView.TryParse(body, out var flow, out int octets) is var error and not DecodeError.None)
        {
            return _engine.FailDecoding("flow", error);
        }

        if (ConnectionEngine.HasRest(body, octets))
        {
            return _engine.FailRest("flow");
        }

        if (_hasSentEnd)
        {
            return default;
        }

        if (SerialNumber.IsBefore(flow.NextOutgoingId, _nextIncomingId))
        {
            return Fail(AmqpError.Texts.InvalidField, $"flow: next-outgoing-id {flow.NextOutgoingId} lies before {_nextIncomingId}");
        }

        _nextIncomingId = flow.NextOutgoingId;
        _remoteIncomingWindow = SerialNumber.Rest(flow.HasNextIncomingId ? flow.NextIncomingId : InitialOutgoingId, flow.IncomingWindow, _nextOutgoingId);
        Link? link = null;
        if (flow.HasHandle)
        {
            link = ByPeerHandle(flow.Handle);
            if (link is null)
            {
                return Fail(SessionError.Texts.UnattachedHandle, $"flow: handle {flow.Handle} is not attached");
            }

            link.TakeFlow(in flow);
        }

        if (flow.Echo)
        {
            if (link is null)
            {
                OweFlow();
            }
            else
            {
                link.OweFlow();
            }
        }

        return new EngineEvent { Kind = EngineEventKind.Flowed, Session = this, Link = link, IsDrain = flow.Drain, Performative = body[..octets] };
    }

    internal void OweFlow()
    {
        _owesFlow = true;
        List();
    }

    internal void OweFlow(Link link)
    {
        _flowing.Add(link);
        List();
    }

    /// <summary>One transfer has come.</summary>
    /// <returns>False when the window was shut.</returns>
    internal bool TryTakeTransfer()
    {
        if (_incomingWindowLeft == 0)
        {
            return false;
        }

        _nextIncomingId++;
        _incomingWindowLeft--;
        if (_incomingWindowLeft <= IncomingWindow / 2 && !_isHeld && !_owesFlow)
        {
            OweFlow();
        }

        return true;
    }

    /// <summary>One transfer goes.</summary>
    internal void CountTransfer()
    {
        _nextOutgoingId++;
        _remoteIncomingWindow--;
    }

    /// <summary>Writes what is owed.</summary>
    internal void Flush()
    {
        _isListed = false;
        if (_hasSentEnd)
        {
            _flowing.Clear();
            return;
        }

        FlushDispositions();
        foreach (var link in _flowing)
        {
            if (link.TryTakeOwedFlow(out var flow))
            {
                _owesFlow = false;
                _engine.TrySend(Channel, WithWindows(flow));
            }
        }

        _flowing.Clear();
        if (_owesFlow)
        {
            _owesFlow = false;
            _engine.TrySend(Channel, WithWindows(default));
        }
    }

    private void List()
    {
        if (!_isListed)
        {
            _isListed = true;
            _engine.FlushLater(this);
        }
    }

    private Flow WithWindows(Flow flow)
    {
        if (!_isHeld)
        {
            _incomingWindowLeft = IncomingWindow;
        }

        flow = flow with { IncomingWindow = _incomingWindowLeft, NextOutgoingId = _nextOutgoingId, OutgoingWindow = OutgoingWindow };

        // Before the peer's begin has come nobody knows what it begins to count with.
        return PeerChannel is null ? flow : flow with { NextIncomingId = _nextIncomingId };
    }
}
