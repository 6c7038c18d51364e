namespace AmqpToolkit.Conformance.Tests.Own;

/// <summary>Damages octets in the ways that break parsers: bits, numbers, lengths, order, ends.</summary>
internal sealed class FrameMutator(int seed)
{
    private static readonly byte[] Interesting = [0, 1, 2, 3, 7, 8, 9, 0x7F, 0x80, 0xCE, 0xFE, 0xFF, (byte)'S', (byte)'F', (byte)'A', (byte)'x'];

    private readonly Random _random = new(seed);

    public int Next(int below) => _random.Next(below);

    /// <summary>One to three damages.</summary>
    public byte[] Mutate(ReadOnlySpan<byte> octets)
    {
        var result = new List<byte>(octets.Length + 64);
        result.AddRange(octets);
        for (var damages = 1 + _random.Next(3); damages > 0 && result.Count > 0; damages--)
        {
            Damage(result);
        }

        return [.. result];
    }

    private void Damage(List<byte> octets)
    {
        var at = _random.Next(octets.Count);
        var length = 1 + _random.Next(Math.Min(16, octets.Count - at));
        switch (_random.Next(9))
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
                octets.Insert(at, (byte)_random.Next(256));
                break;
            case 6:
                octets.RemoveRange(at, octets.Count - at);
                break;
            case 7:
                // A number of four octets, large or small.
                var number = _random.Next(4) switch { 0 => uint.MaxValue, 1 => (uint)_random.Next(64), 2 => 0x7FFFFFFFu, _ => (uint)_random.Next(1 << 20) };
                for (var i = 0; i < 4 && at + i < octets.Count; i++)
                {
                    octets[at + i] = (byte)(number >> (24 - (8 * i)));
                }

                break;
            default:
                // Two pieces change places.
                var other = _random.Next(octets.Count);
                (octets[at], octets[other]) = (octets[other], octets[at]);
                break;
        }
    }
}
