using AmqpToolkit.Decode.Framing;
using AmqpToolkit.Decode.Output;

namespace AmqpToolkit.Decode.Streams;

/// <summary>
/// Decodes one direction of a conversation. Octets come in order; what is no whole frame yet is kept. After an error or a gap it looks for the next
/// place that reads like a frame.
/// </summary>
internal sealed class StreamDecoder(Conversation conversation, Direction direction, DecodeSettings settings, KeptOctets kept)
{
    /// <summary>How far back a search for the next frame looks at octets again when more have come.</summary>
    private const int MaxSearchOctets = 256 << 10;

    private const int MinBufferOctets = 4096;

    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private long _offset;
    private long _nanoseconds = -1;
    private long _lostOctets;
    private Phase _phase;
    private IFraming? _framing;

    private enum Phase : byte
    {
        /// <summary>Nothing was decoded yet.</summary>
        Start,

        /// <summary>A frame or a header begins where the buffer does.</summary>
        Frames,

        /// <summary>Somewhere in what is left a frame begins.</summary>
        Searching,

        /// <summary>Nothing more can be read.</summary>
        Stopped,
    }

    private ReadOnlySpan<byte> Input => _buffer.AsSpan(_start.._end);

    private StreamPosition Here => At(_offset);

    /// <summary>Takes the octets that come next.</summary>
    public void Append(ReadOnlySpan<byte> octets, long nanoseconds)
    {
        _nanoseconds = nanoseconds;
        while (!octets.IsEmpty)
        {
            if (_phase == Phase.Stopped || conversation.IsForeign)
            {
                Drop();
                _offset += octets.Length;
                return;
            }

            // In parts, so that what is kept stays within its bound however much comes at once.
            int part = Math.Min(octets.Length, Math.Max(MinBufferOctets, settings.MaxFrameOctets));
            if (!Keep(octets[..part]))
            {
                conversation.Output.Note(Here, NoteKind.Error, $"too much is kept for all streams together: {Input.Length + part} octets are dropped");
                int dropped = Input.Length + part;
                Consume(Input.Length);
                _offset += part;
                Lose(dropped);
            }

            octets = octets[part..];
            Run();
        }
    }

    /// <summary>Octets are missing here.</summary>
    /// <param name="octets">How many; negative when nobody knows.</param>
    /// <param name="nanoseconds">When that was noticed.</param>
    public void Gap(long octets, long nanoseconds)
    {
        _nanoseconds = nanoseconds;
        bool isAmqp = conversation.MustBeAmqp || conversation.Edition != Edition.Unknown;
        bool isShown = !conversation.IsForeign && (_phase is Phase.Frames or Phase.Searching || (_phase == Phase.Start && isAmqp));
        if (isShown)
        {
            string lost = Input.IsEmpty || _phase != Phase.Frames ? "" : $"; the frame at {_offset} is lost with them";
            conversation.Output.Note(
                At(_offset + Input.Length), NoteKind.Error, octets < 0 ? $"the sequence numbers jump{lost}" : $"{octets} octets are missing{lost}");
        }

        int left = Input.Length;
        Consume(left);
        _offset += Math.Max(0, octets);
        if (isShown)
        {
            Lose(_phase == Phase.Start ? 0 : left);
        }
    }

    /// <summary>Nothing more comes.</summary>
    public void Finish(long nanoseconds)
    {
        _nanoseconds = nanoseconds;
        int left = Input.Length;
        if (!conversation.IsForeign)
        {
            switch (_phase)
            {
                case Phase.Frames when left > 0:
                    conversation.Output.Note(Here, NoteKind.Error, $"the stream ends {left} octets into a frame");
                    break;
                case Phase.Searching when _lostOctets + left > 0:
                    conversation.Output.Note(Here, NoteKind.Error, $"{_lostOctets + left} octets without a frame up to the end");
                    break;
                case Phase.Start when left > 0 && (conversation.MustBeAmqp || conversation.Edition != Edition.Unknown):
                    conversation.Output.Note(Here, NoteKind.Error, $"{left} octets are neither a protocol header nor a whole frame");
                    break;
                default:
                    break;
            }
        }

        Drop();
    }

    private StreamPosition At(long offset) => new(conversation.Number, direction, _nanoseconds, offset);

    private void Run()
    {
        bool goesOn = true;
        while (goesOn && _start < _end)
        {
            goesOn = _phase switch
            {
                Phase.Start => Begin(),
                Phase.Frames => ReadOne(),
                Phase.Searching => Search(),
                _ => false,
            };
        }

        if (_phase == Phase.Stopped || conversation.IsForeign || (_start == _end && _buffer.Length > MinBufferOctets))
        {
            Drop();
        }
    }

    /// <summary>Decides what the stream is.</summary>
    private bool Begin()
    {
        if (ProtocolHeaders.StartsLike(Input))
        {
            return ReadHeader();
        }

        if (LooksLikeTls(Input, out bool isWhole))
        {
            return isWhole && StopAtTls();
        }

        if (conversation.Edition != Edition.Unknown)
        {
            Use(conversation.Edition);
            return true;
        }

        if (!conversation.MustBeAmqp)
        {
            conversation.IsForeign = true;
            return false;
        }

        switch (Editions.Guess(Input, settings, out Edition edition))
        {
            case FrameCut.Complete:
                UseGuess(edition);
                return true;
            case FrameCut.Incomplete when Input.Length < settings.MaxFrameOctets:
                return false;
            default:
                conversation.Output.Note(Here, NoteKind.Error, "neither a protocol header nor a frame of any edition");
                _phase = Phase.Searching;
                return true;
        }
    }

    private void UseGuess(Edition edition)
    {
        conversation.Output.Note(Here, NoteKind.Information, $"no protocol header; the frames look like {Editions.NameOf(edition)} (--edition says otherwise)");
        conversation.Edition = edition;
        Use(edition);
    }

    private bool ReadHeader()
    {
        if (Input.Length < ProtocolHeaders.Octets)
        {
            return false;
        }

        ReadOnlySpan<byte> header = Input[..ProtocolHeaders.Octets];
        Edition edition = ProtocolHeaders.EditionOf(header, out bool startsTls);
        conversation.Output.Frame(Here, ProtocolHeaders.Decode(header));
        Consume(ProtocolHeaders.Octets);
        if (edition == Edition.Unknown)
        {
            _phase = Phase.Stopped;
            return false;
        }

        conversation.Edition = edition;
        Use(edition);
        return !startsTls || StopAtTls();
    }

    private bool ReadOne()
    {
        if (ProtocolHeaders.StartsLike(Input))
        {
            return ReadHeader();
        }

        FrameCut cut = _framing!.Cut(Input, settings.MaxFrameOctets, out int octets, out string reason);
        if (cut == FrameCut.Complete)
        {
            conversation.Output.Frame(Here, _framing.Decode(Input[..octets]));
            Consume(octets);
            return true;
        }

        if (cut == FrameCut.Incomplete)
        {
            return false;
        }

        if (LooksLikeTls(Input, out bool isWhole) && isWhole)
        {
            return StopAtTls();
        }

        conversation.Output.Note(At(_offset + octets), NoteKind.Error, $"{reason} (the frame begins at {_offset})");
        Consume(1);
        Lose(1);
        return true;
    }

    /// <summary>Looks for the next place that reads like a whole frame, with what may be another one after it.</summary>
    private bool Search()
    {
        if (_framing is null && conversation.Edition != Edition.Unknown)
        {
            _framing = Editions.Framing(conversation.Edition, settings);
        }

        int firstMaybe = Input.Length;
        for (int i = 0; i < Input.Length; i++)
        {
            FrameCut cut = Recognize(Input[i..], out Edition guess);
            if (cut == FrameCut.Complete)
            {
                GoOn(i, guess);
                return true;
            }

            if (cut == FrameCut.Incomplete)
            {
                firstMaybe = Math.Min(firstMaybe, i);
            }
        }

        int passed = Math.Max(firstMaybe, Input.Length - MaxSearchOctets);
        _lostOctets += passed;
        Consume(passed);
        return false;
    }

    private FrameCut Recognize(ReadOnlySpan<byte> input, out Edition guess)
    {
        guess = Edition.Unknown;
        if (ProtocolHeaders.StartsLike(input))
        {
            return input.Length >= ProtocolHeaders.Octets ? FrameCut.Complete : FrameCut.Incomplete;
        }

        IFraming? framing = _framing;
        if (framing is null)
        {
            FrameCut guessed = Editions.Guess(input, settings, out guess);
            if (guessed != FrameCut.Complete)
            {
                return guessed;
            }

            framing = Editions.Framing(guess, settings);
        }

        FrameCut cut = framing.Recognize(input, settings.MaxFrameOctets);
        if (cut == FrameCut.Complete && framing.Cut(input, settings.MaxFrameOctets, out int octets, out _) == FrameCut.Complete)
        {
            ReadOnlySpan<byte> next = input[octets..];
            bool isFollowed = next.IsEmpty || ProtocolHeaders.StartsLike(next) || framing.Recognize(next, settings.MaxFrameOctets) != FrameCut.Malformed;
            return isFollowed ? FrameCut.Complete : FrameCut.Malformed;
        }

        return cut;
    }

    private void GoOn(int passed, Edition guess)
    {
        _lostOctets += passed;
        Consume(passed);
        conversation.Output.Note(Here, NoteKind.Information, $"decoding goes on after {_lostOctets} octets that were passed over");
        _phase = Phase.Frames;
        if (guess != Edition.Unknown)
        {
            UseGuess(guess);
        }
        else if (_framing is null)
        {
            _phase = Phase.Start;
        }
    }

    private void Use(Edition edition)
    {
        _framing = Editions.Framing(edition, settings);
        _phase = Phase.Frames;
    }

    private void Lose(int octets)
    {
        _lostOctets = (_phase == Phase.Searching ? _lostOctets : 0) + octets;
        _phase = Phase.Searching;
        _framing?.Reset();
    }

    /// <summary>A record of a TLS handshake, version 3.0 to 3.4.</summary>
    private static bool LooksLikeTls(ReadOnlySpan<byte> input, out bool isWhole)
    {
        isWhole = input.Length >= 3;
        return input[0] == 0x16 && (input.Length < 2 || input[1] == 3) && (input.Length < 3 || input[2] <= 4);
    }

    private bool StopAtTls()
    {
        if (conversation.MustBeAmqp || conversation.Edition != Edition.Unknown)
        {
            conversation.Output.Note(Here, NoteKind.Information, "TLS from here on: nobody can read it without the keys");
            _phase = Phase.Stopped;
        }
        else
        {
            conversation.IsForeign = true;
        }

        return false;
    }

    private bool Keep(ReadOnlySpan<byte> octets)
    {
        int all = Input.Length + octets.Length;
        if (all > _buffer.Length)
        {
            int size = (int)Math.Min(Math.Max(Math.Max(all, _buffer.Length * 2L), MinBufferOctets), Array.MaxLength);
            if (!kept.Take(size - _buffer.Length))
            {
                return false;
            }

            byte[] larger = new byte[size];
            Input.CopyTo(larger);
            (_buffer, _end, _start) = (larger, _end - _start, 0);
        }
        else if (_end + octets.Length > _buffer.Length)
        {
            Input.CopyTo(_buffer);
            (_end, _start) = (_end - _start, 0);
        }

        octets.CopyTo(_buffer.AsSpan(_end));
        _end += octets.Length;
        return true;
    }

    private void Consume(int octets)
    {
        _start += octets;
        _offset += octets;
    }

    /// <summary>Gives the buffer back.</summary>
    private void Drop()
    {
        Consume(Input.Length);
        kept.Give(_buffer.Length);
        (_buffer, _start, _end) = ([], 0, 0);
    }
}
