using System.Buffers.Binary;
using System.Diagnostics;
using Xunit.Abstractions;

namespace AmqpToolkit.Codec.Tests;

/// <summary>
/// Feeds a decoder with damaged samples, and names seed, input and octets of what it throws at. <c>AMQP_FUZZ_SEED</c> and <c>AMQP_FUZZ_INPUTS</c> choose
/// another run; a number of inputs that is asked for is run to its end, however long it takes.
/// </summary>
/// <param name="output">Where seed and results go.</param>
/// <param name="defaultSeed">The seed of the run that is not asked for.</param>
/// <param name="telling">Octets that mean something to the decoder: tags, codes.</param>
/// <param name="defaultInputs">How many inputs there are when nobody asks.</param>
internal sealed class FuzzRun(ITestOutputHelper output, int defaultSeed, byte[] telling, int defaultInputs = FuzzRun.DefaultInputs)
{
    private const int DefaultInputs = 1_000_000;
    private const int FewestInputs = 20_000;

    private static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(20);

    private readonly int[] _outcomes = new int[256];

    internal delegate void Decoder(ReadOnlySpan<byte> input);

    /// <summary>Puts right what would keep damage from the inner decoders: a size, an end octet.</summary>
    internal delegate void Mender(Span<byte> input);

    internal int Seed { get; } = Setting("AMQP_FUZZ_SEED", defaultSeed);

    /// <summary>Counts what a decoder said.</summary>
    internal void Count(DecodeError error) => _outcomes[(int)error]++;

    /// <summary>Runs, and checks that nothing was thrown and that only defined errors were counted.</summary>
    internal void Over(IReadOnlyList<byte[]> corpus, int longestInput, Mender mend, Decoder decode)
    {
        int inputs = Setting("AMQP_FUZZ_INPUTS", defaultInputs);
        bool bounded = inputs == defaultInputs;
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        byte[] input = new byte[longestInput + sizeof(int)]; // a length may be damaged at the very end
        var clock = Stopwatch.StartNew();
        int run = 0;
        int length = 0;
        try
        {
            for (; run < inputs && (!bounded || (run & 0xFFF) != 0 || clock.Elapsed < LongestRun); run++)
            {
                length = Damage(corpus[random.Next(corpus.Count)], input, longestInput, random);
                if (random.Next(8) != 0)
                {
                    mend(input.AsSpan(0, length));
                }

                decode(input.AsSpan(0, length));
            }
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"Seed {Seed}, input {run}: {Hex.Of(input.AsSpan(0, length))}", failure);
        }

        output.WriteLine($"{run} inputs in {clock.Elapsed}");
        foreach (DecodeError error in Enum.GetValues<DecodeError>())
        {
            output.WriteLine($"{error}: {_outcomes[(int)error]}");
        }

        Assert.True(run >= Math.Min(inputs, FewestInputs), $"only {run} inputs in {clock.Elapsed}");
        Assert.Equal(_outcomes.Sum(), Enum.GetValues<DecodeError>().Sum(error => _outcomes[(int)error]));
        Assert.True(_outcomes.Count(outcome => outcome != 0) > 3, "the damage is always the same");
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), out int value) ? value : otherwise;

    /// <summary>One to four changes.</summary>
    private int Damage(byte[] sample, byte[] input, int longestInput, Random random)
    {
        sample.CopyTo(input, 0);
        int length = sample.Length;
        for (int change = random.Next(1, 5); change > 0 && length > 0; change--)
        {
            int at = random.Next(length);
            switch (random.Next(8))
            {
                case 0:
                    input[at] = (byte)random.Next(256);
                    break;
                case 1:
                    input[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    input[at] = telling[random.Next(telling.Length)];
                    break;
                case 3: // a length
                    BinaryPrimitives.WriteInt32BigEndian(input.AsSpan(at), random.Next(3) switch { 0 => -1, 1 => random.Next(300), _ => int.MinValue });
                    break;
                case 4: // something less
                    int less = random.Next(length - at);
                    input.AsSpan(at + less, length - at - less).CopyTo(input.AsSpan(at));
                    length -= less;
                    break;
                case 5: // something twice
                    int more = Math.Min(random.Next(length - at), longestInput - length);
                    input.AsSpan(at, length - at).CopyTo(input.AsSpan(at + more));
                    length += more;
                    break;
                case 6:
                    input[at] = 0xFF;
                    break;
                default:
                    input[at] = 0;
                    break;
            }
        }

        return length;
    }
}
