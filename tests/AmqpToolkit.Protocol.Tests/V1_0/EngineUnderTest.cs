using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Protocol.Tests.V1_0;

/// <summary>An engine, what it has been fed and what it has written.</summary>
internal sealed class EngineUnderTest : IFrameOutput
{
    private byte[] _output = new byte[1024];
    private int _outputOctets;
    private byte[] _input = [];

    public EngineUnderTest(bool isServer = true, ConnectionSettings? settings = null) =>
        Engine = new ConnectionEngine(settings ?? new ConnectionSettings { ContainerId = isServer ? "server" : "client" }, this, isServer);

    public ConnectionEngine Engine { get; }

    /// <summary>Does what the users of an engine do with most events: answers opens, attaches, detaches.</summary>
    public bool Answers { get; set; } = true;

    Span<byte> IFrameOutput.Reserve(int octets)
    {
        if (_output.Length - _outputOctets < octets)
        {
            Array.Resize(ref _output, Math.Max(_output.Length * 2, _outputOctets + octets));
        }

        // What is not overwritten must not look like anything.
        var room = _output.AsSpan(_outputOctets, octets);
        room.Fill(0xEE);
        return room;
    }

    void IFrameOutput.Advance(int octets) => _outputOctets += octets;

    /// <summary>Feeds octets; what is left of them comes again with the next.</summary>
    public List<Happening> Feed(params byte[][] octets)
    {
        byte[] input = [.. _input, .. octets.SelectMany(some => some)];
        var happenings = new List<Happening>();
        int at = 0;
        while (true)
        {
            var found = Engine.Read(input.AsSpan(at), out int consumed);
            at += consumed;
            if (found.Kind == EngineEventKind.None)
            {
                break;
            }

            var happening = Happening.Of(in found);
            happenings.Add(happening);
            if (Answers)
            {
                Answer(happening);
            }
        }

        _input = input[at..];
        Engine.Flush();
        return happenings;
    }

    /// <summary>Everything that was written since the last time.</summary>
    public byte[] TakeOctets()
    {
        byte[] octets = _output[.._outputOctets];
        _outputOctets = 0;
        return octets;
    }

    /// <summary>The frames that were written since the last time.</summary>
    public List<Sent> TakeSent() => Sent.ReadAll(TakeOctets());

    private void Answer(Happening happening)
    {
        switch (happening.Kind)
        {
            case EngineEventKind.Opened when Engine.IsServer:
                Engine.Open();
                break;
            case EngineEventKind.Attached when !happening.Link!.IsLocal:
                happening.Link.Attach(new Codec.V1_0.Attach { SndSettleMode = happening.Link.SenderSettleMode, RcvSettleMode = happening.Link.ReceiverSettleMode });
                if (happening.Link.Role == Codec.V1_0.Role.Receiver)
                {
                    happening.Link.SetCredit(10);
                }

                break;
            case EngineEventKind.Detached:
                happening.Link!.Detach(happening.IsClosed);
                break;
        }
    }
}
