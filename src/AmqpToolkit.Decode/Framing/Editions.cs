namespace AmqpToolkit.Decode.Framing;

/// <summary>Names and framings of the editions.</summary>
internal static class Editions
{
    private static readonly (Edition Edition, string Name)[] _names =
    [
        (Edition.V0_8, "0-8"), (Edition.V0_9, "0-9"), (Edition.V0_9_1, "0-9-1"), (Edition.V0_10, "0-10"), (Edition.V1_0, "1.0"),
    ];

    /// <summary>In the order in which a guess is tried; 0-8 and 0-9 look like 0-9-1.</summary>
    private static readonly Edition[] _guesses = [Edition.V0_9_1, Edition.V1_0, Edition.V0_10];

    public static IEnumerable<string> Names => _names.Select(one => one.Name);

    public static string NameOf(Edition edition) => _names.First(one => one.Edition == edition).Name;

    public static Edition Parse(string name) => _names.FirstOrDefault(one => one.Name == name.Replace("1-0", "1.0", StringComparison.Ordinal)).Edition;

    /// <summary>Makes what reads the frames of one direction.</summary>
    public static IFraming Framing(Edition edition, DecodeSettings settings) => edition switch
    {
        Edition.V1_0 => new TypeFraming(settings),
        Edition.V0_10 => new CommandFraming(settings),
        _ => new ClassicFraming(edition, settings),
    };

    /// <summary>Which edition's frame stands at the start of octets without a header.</summary>
    /// <returns>Incomplete when more octets are needed, malformed when it is none of ours.</returns>
    public static FrameCut Guess(ReadOnlySpan<byte> input, DecodeSettings settings, out Edition edition)
    {
        bool maybe = false;
        foreach (Edition candidate in _guesses)
        {
            FrameCut cut = Framing(candidate, settings).Recognize(input, settings.MaxFrameOctets);
            if (cut == FrameCut.Complete)
            {
                edition = candidate;
                return cut;
            }

            maybe |= cut == FrameCut.Incomplete;
        }

        edition = Edition.Unknown;
        return maybe ? FrameCut.Incomplete : FrameCut.Malformed;
    }
}
