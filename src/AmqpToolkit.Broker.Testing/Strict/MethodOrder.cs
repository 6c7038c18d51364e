using AmqpToolkit.Broker.Testing.Traffic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Testing.Strict;

/// <summary>
/// In which order a client's methods come: header, start-ok, tune-ok, open, then channels, each open before it is used and not after it was closed, then close. What the broker closes the client may go on using until it has
/// answered: it cannot know sooner.
/// </summary>
internal sealed class MethodOrder
{
    private readonly HashSet<ushort> _open = [];
    private Phase _phase = Phase.Start;

    private enum Phase
    {
        Start,
        Tune,
        Open,
        Opened,
        Closed,
    }

    /// <summary>Whether connection.open came, and neither connection.close nor its answer.</summary>
    public bool IsOpen => _phase == Phase.Opened;

    /// <summary>Takes a method.</summary>
    /// <returns>What is wrong with its place; null when nothing is.</returns>
    public (string Field, string Section, string Text)? Follow(TrafficUnit unit) =>
        unit.Key >> 16 == ConnectionStartOk.MethodKey >> 16 ? FollowConnection(unit) : FollowChannel(unit);

    private (string Field, string Section, string Text)? FollowConnection(TrafficUnit unit)
    {
        (Phase Expected, Phase Next)? step = unit.Key switch
        {
            ConnectionStartOk.MethodKey => (Phase.Start, Phase.Tune),
            ConnectionSecureOk.MethodKey => (Phase.Tune, Phase.Tune),
            ConnectionTuneOk.MethodKey => (Phase.Tune, Phase.Open),
            ConnectionOpen.MethodKey => (Phase.Open, Phase.Opened),
            ConnectionClose.MethodKey or ConnectionCloseOk.MethodKey => (_phase, Phase.Closed),
            _ => null,
        };
        var before = _phase;
        _phase = step is { } known && (before <= known.Expected || known.Next == Phase.Closed) ? known.Next : _phase;
        if (unit.Channel != 0)
        {
            return ("channel", Sections.Frames, $"methods of connections belong to channel 0, not {unit.Channel}");
        }

        if (step is not { } wanted || before == wanted.Expected)
        {
            return null;
        }

        return ("", Sections.Connections, before > wanted.Expected ? "it came again, or too late" : $"it came before {NameOf(before)}");
    }

    private (string Field, string Section, string Text)? FollowChannel(TrafficUnit unit)
    {
        if (unit.Channel == 0)
        {
            return ("channel", Sections.Frames, "it belongs to a channel, and 0 is none");
        }

        if (_phase != Phase.Opened)
        {
            return ("", Sections.Connections, _phase == Phase.Closed ? "it came after connection.close, or the answer to it" : $"it came before {NameOf(_phase)}");
        }

        switch (unit.Key)
        {
            case ChannelOpen.MethodKey:
                return _open.Add(unit.Channel) ? null : ("", Sections.Of(unit.Key), "the channel is open");
            case ChannelClose.MethodKey:
                return _open.Remove(unit.Channel) ? null : ("", Sections.Channels, "the channel is not open");
            case ChannelCloseOk.MethodKey:
                // Both ends may close it at the same time.
                _open.Remove(unit.Channel);
                return null;
            default:
                return _open.Contains(unit.Channel) ? null : ("", Sections.Channels, "the channel is not open");
        }
    }

    /// <summary>What is awaited in a phase.</summary>
    private static string NameOf(Phase phase) => phase switch
    {
        Phase.Start => "connection.start-ok",
        Phase.Tune => "connection.tune-ok",
        _ => "connection.open",
    };
}
