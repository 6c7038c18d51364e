using System.Buffers.Binary;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Testing.Traffic;

/// <summary>Cuts one direction of a connection into units. What is none - TLS, another protocol, garbage - goes through as it comes, from there on.</summary>
/// <param name="mostOctets">Octets of the largest frame, until <see cref="LimitFrames"/> says otherwise.</param>
internal sealed class UnitReader(uint mostOctets = UnitReader.AnyOctets)
{
    /// <summary>Octets that no frame has.</summary>
    public const uint AnyOctets = int.MaxValue / 2;

    /// <summary>Octets that no frame has before its connection is open.</summary>
    public const uint HandshakeOctets = 1024 * 1024;

    private readonly Dictionary<ushort, Gathering> _gathering = [];
    private readonly Queue<TrafficUnit> _waiting = new();
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;
    private bool _isClassic = true;
    private bool _isRaw;
    private bool _isLoose;
    private volatile uint _mostOctets = mostOctets;

    private ReadOnlySpan<byte> Input => _buffer.AsSpan(_start.._end);

    /// <summary>Whether something came that was not read yet.</summary>
    public bool HasOctets => _start < _end || _waiting.Count > 0;

    /// <summary>Octets of the largest content that is gathered before it goes on; a larger one goes as it comes, as nothing that is counted.</summary>
    public const int MaxContentOctets = 64 * 1024 * 1024;

    /// <summary>
    /// Frames are no larger from here on: what is goes on as it comes, with all behind it, so that the other end says its word at once. What has been agreed on is the other end's to know; a little more is no matter.
    /// </summary>
    public void LimitFrames(uint octets) => _mostOctets = Math.Min(octets, AnyOctets);

    /// <summary>Takes what came.</summary>
    public void Append(ReadOnlySpan<byte> octets)
    {
        if (_end + octets.Length > _buffer.Length)
        {
            int left = _end - _start;
            byte[] room = left + octets.Length > _buffer.Length ? new byte[Math.Max(left + octets.Length, _buffer.Length * 2)] : _buffer;
            Input.CopyTo(room);
            (_buffer, _start, _end) = (room, 0, left);
        }

        octets.CopyTo(_buffer.AsSpan(_end));
        _end += octets.Length;
    }

    /// <summary>The next unit, if it is whole.</summary>
    public TrafficUnit? Read()
    {
        while (HasOctets)
        {
            if (_waiting.TryDequeue(out var waiting))
            {
                return waiting;
            }

            if (_isRaw)
            {
                return new TrafficUnit(Take(Input.Length), 0, 0, isClassic: false);
            }

            int octets = CountOctets();
            if (octets < 0 || octets > _mostOctets)
            {
                _isRaw = true;
                if (_isClassic && octets > 0)
                {
                    return new TrafficUnit(Take(Input.Length), 0, 0, isClassic: true, FramingBreach.FrameTooLarge);
                }

                continue;
            }

            if (octets == 0 || octets > Input.Length)
            {
                return null;
            }

            if ((_isClassic ? ReadClassic(Take(octets)) : ReadPeer(Take(octets))) is { } unit)
            {
                return unit;
            }
        }

        return null;
    }

    /// <summary>Octets of the frame or header at hand; 0 when too little of it is there, -1 when it is neither.</summary>
    private int CountOctets()
    {
        var input = Input;
        if (input[0] == 'A' && (_isClassic || input.Length < 4 || input[..4].SequenceEqual("AMQP"u8)))
        {
            if (input.Length < ProtocolHeader.Octets)
            {
                return 0;
            }

            _isClassic = !input[..ProtocolHeader.Octets].SequenceEqual(ProtocolHeader.V1_0) && !input[..ProtocolHeader.Octets].SequenceEqual(ProtocolHeader.V1_0_Sasl);
            return input[..4].SequenceEqual("AMQP"u8) ? ProtocolHeader.Octets : -1;
        }

        if (_isClassic)
        {
            if (input[0] is not (1 or 2 or 3 or 8))
            {
                return -1;
            }

            if (input.Length < FrameReader.HeaderOctets)
            {
                return 0;
            }

            uint payload = BinaryPrimitives.ReadUInt32BigEndian(input[3..]);
            return payload > AnyOctets - FrameWriter.OverheadOctets ? -1 : (int)payload + FrameWriter.OverheadOctets;
        }

        if (input.Length < 8)
        {
            return 0;
        }

        uint size = BinaryPrimitives.ReadUInt32BigEndian(input);
        return size is < 8 or > AnyOctets ? -1 : (int)size;
    }

    private byte[] Take(int octets)
    {
        byte[] taken = Input[..octets].ToArray();
        _start += octets;
        if (_start == _end)
        {
            _start = _end = 0;
        }

        return taken;
    }

    private TrafficUnit? ReadClassic(byte[] frame)
    {
        byte type = frame[0];
        if (type == (byte)'A')
        {
            return new TrafficUnit(frame, 0, 0, isClassic: false);
        }

        ushort channel = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(1));
        if (type == Constants.FrameMethod && frame.Length >= FrameWriter.OverheadOctets + 4)
        {
            Release(channel, FramingBreach.ContentBroken);
            uint key = BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(FrameReader.HeaderOctets));
            if (key is BasicPublish.MethodKey or BasicDeliver.MethodKey or BasicGetOk.MethodKey or BasicReturn.MethodKey)
            {
                _gathering[channel] = new Gathering(key, [frame]);
                return null;
            }

            return InTurn(new TrafficUnit(frame, channel, key, isClassic: true));
        }

        if (type is (byte)Constants.FrameHeader or (byte)Constants.FrameBody && _gathering.TryGetValue(channel, out var gathering))
        {
            gathering.Frames.Add(frame);
            if (type == Constants.FrameHeader && frame.Length >= FrameWriter.ContentHeaderOverheadOctets)
            {
                gathering.LeftOctets = BinaryPrimitives.ReadUInt64BigEndian(frame.AsSpan(FrameReader.HeaderOctets + 4));
                if (gathering.LeftOctets > MaxContentOctets)
                {
                    // The broker may refuse it before it is there, and no test wants to hold it twice.
                    _isLoose = true;
                    Release(channel, FramingBreach.None);
                    return null;
                }
            }
            else if (type == (byte)Constants.FrameHeader)
            {
                // It is too short to say what follows: the broker has a word for that.
                Release(channel, FramingBreach.HeaderShort);
                return null;
            }
            else
            {
                gathering.LeftOctets -= Math.Min(gathering.LeftOctets, (ulong)(frame.Length - FrameWriter.OverheadOctets));
            }

            if (gathering.LeftOctets > 0)
            {
                return null;
            }

            _gathering.Remove(channel);
            return new TrafficUnit([.. gathering.Frames.SelectMany(static part => part)], channel, gathering.Key, isClassic: true);
        }

        bool isContent = type is (byte)Constants.FrameHeader or (byte)Constants.FrameBody;
        return InTurn(new TrafficUnit(frame, channel, 0, isClassic: true, isContent && !_isLoose ? FramingBreach.ContentWithoutMethod : FramingBreach.None));
    }

    /// <summary>What was gathered is not gone on with: it goes as it came, as no method with a content.</summary>
    private void Release(ushort channel, FramingBreach breach)
    {
        if (_gathering.Remove(channel, out var broken))
        {
            _waiting.Enqueue(new TrafficUnit([.. broken.Frames.SelectMany(static part => part)], channel, 0, isClassic: true, breach));
        }
    }

    /// <summary>A unit behind those that wait.</summary>
    private TrafficUnit InTurn(TrafficUnit unit)
    {
        _waiting.Enqueue(unit);
        return _waiting.Dequeue();
    }

    private static TrafficUnit ReadPeer(byte[] frame)
    {
        if (frame[0] == (byte)'A')
        {
            return new TrafficUnit(frame, 0, 0, isClassic: false);
        }

        // size, doff, type, channel, then the performative: 00 53 code.
        int at = frame[4] * 4;
        bool isSmall = frame[5] == 0 && frame.Length > at + 2 && frame[at] == 0 && frame[at + 1] == 0x53;
        return new TrafficUnit(frame, BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(6)), isSmall ? frame[at + 2] : 0u, isClassic: false);
    }

    /// <summary>A method whose content is not whole.</summary>
    private sealed class Gathering(uint key, List<byte[]> frames)
    {
        public uint Key => key;

        public List<byte[]> Frames => frames;

        public ulong LeftOctets { get; set; } = ulong.MaxValue;
    }
}
