using System.Buffers.Binary;

namespace AmqpToolkit.Broker.Tests.Fuzz;

/// <summary>Damages conversations: first their frames, so that the damage reaches what lies behind the framing, then their octets. All from one seed.</summary>
internal sealed class FuzzMutator(int seed)
{
    private static readonly byte[] Interesting = [0, 1, 2, 3, 4, 7, 8, 0x7F, 0x80, 0xCE, 0xFF, (byte)'S', (byte)'F', (byte)'A', (byte)'x', (byte)'D', 10, 20, 40, 50, 60, 85, 90];

    private readonly Random _random = new(seed);

    public int Next(int below) => _random.Next(below);

    /// <summary>One conversation, damaged, from the protocol header on.</summary>
    public byte[] NextInput()
    {
        byte[][] sound = FuzzCorpus.Conversations[_random.Next(FuzzCorpus.Conversations.Length)];
        List<byte[]> frames = [.. sound];
        for (int damages = _random.Next(4); damages > 0 && frames.Count > 0; damages--)
        {
            DamageFrames(frames);
        }

        // One in sixteen has its handshake damaged as well.
        bool isStranger = _random.Next(16) == 0;
        List<byte[]> handshake = [.. FuzzCorpus.Handshake];
        if (isStranger && _random.Next(2) == 0)
        {
            DamageFrames(handshake);
        }

        byte[] greeting = [.. handshake.SelectMany(frame => frame)];
        byte[] rest = [.. frames.SelectMany(frame => frame)];
        return [.. isStranger ? DamageOctets(greeting, _random.Next(3)) : greeting, .. DamageOctets(rest, _random.Next(4))];
    }

    /// <summary>Cuts an input into the pieces that it arrives in.</summary>
    public List<ReadOnlyMemory<byte>> Cut(byte[] input)
    {
        int longest = _random.Next(6) switch { 0 => 1, 1 => 20, 2 => 300, 3 => 5000, _ => int.MaxValue };
        var pieces = new List<ReadOnlyMemory<byte>>();
        for (int at = 0; at < input.Length;)
        {
            int octets = (int)Math.Min(input.Length - at, longest == 1 ? 1 : _random.NextInt64(1, longest));
            if (longest == 1 && at > 3000)
            {
                octets = input.Length - at;
            }

            pieces.Add(input.AsMemory(at, octets));
            at += octets;
        }

        return pieces;
    }

    private void DamageFrames(List<byte[]> frames)
    {
        int at = _random.Next(frames.Count);
        byte[][] other = FuzzCorpus.Conversations[_random.Next(FuzzCorpus.Conversations.Length)];
        switch (_random.Next(10))
        {
            case 0:
                frames.RemoveAt(at);
                break;

            case 1:
                for (int times = _random.Next(10) == 0 ? 50 : 1; times > 0; times--)
                {
                    frames.Insert(at, frames[at]);
                }

                break;

            case 2:
                int to = _random.Next(frames.Count);
                (frames[at], frames[to]) = (frames[to], frames[at]);
                break;

            case 3:
                frames.Insert(at, other[_random.Next(other.Length)]);
                break;

            case 4:
                frames.RemoveRange(at, frames.Count - at);
                frames.AddRange(other[_random.Next(other.Length)..]);
                break;

            case 5:
                frames.InsertRange(at, other);
                break;

            case 6 when frames[at].Length >= 8:
                byte[] moved = [.. frames[at]];
                BinaryPrimitives.WriteUInt16BigEndian(moved.AsSpan(1), _random.Next(8) == 0 ? (ushort)_random.Next(65536) : (ushort)_random.Next(5));
                frames[at] = moved;
                break;

            case 7 when frames[at].Length >= 8:
                byte[] retyped = [.. frames[at]];
                retyped[0] = (byte)_random.Next(10);
                frames[at] = retyped;
                break;

            default:
                // The payload changes, and the size with it.
                if (frames[at].Length < 8)
                {
                    break;
                }

                byte[] payload = DamageOctets(frames[at][7..^1], 1 + _random.Next(2));
                byte[] frame = [.. frames[at][..7], .. payload, 0xCE];
                BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(3), payload.Length);
                frames[at] = frame;
                break;
        }
    }

    private byte[] DamageOctets(byte[] sound, int damages)
    {
        var octets = new List<byte>(sound);
        Span<byte> number = stackalloc byte[4];
        for (; damages > 0 && octets.Count > 0; damages--)
        {
            int at = _random.Next(octets.Count);
            int length = 1 + _random.Next(Math.Min(_random.Next(8) == 0 ? 2000 : 12, octets.Count - at));
            switch (_random.Next(8))
            {
                case 0:
                    octets[at] ^= (byte)(1 << _random.Next(8));
                    break;

                case 1:
                    octets[at] = Interesting[_random.Next(Interesting.Length)];
                    break;

                case 2:
                    octets[at] = (byte)_random.Next(256);
                    break;

                case 3:
                    octets.RemoveRange(at, length);
                    break;

                case 4:
                    octets.InsertRange(at, octets.GetRange(at, length));
                    break;

                case 5:
                    octets.InsertRange(at, Enumerable.Range(0, length).Select(_ => (byte)_random.Next(256)).ToArray());
                    break;

                case 6 when _random.Next(3) == 0:
                    octets.RemoveRange(at, octets.Count - at);
                    break;

                default:
                    BinaryPrimitives.WriteUInt32BigEndian(number, _random.Next(4) switch { 0 => uint.MaxValue, 1 => (uint)_random.Next(300), 2 => 0x8000_0000, _ => (uint)_random.Next(1 << 20) });
                    for (int index = 0; index < number.Length && at + index < octets.Count; index++)
                    {
                        octets[at + index] = number[index];
                    }

                    break;
            }
        }

        return [.. octets];
    }
}
