using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>Octets that a file gets before it is used, so that using it changes nothing but them.</summary>
internal static class Zeros
{
    private const int StepOctets = 1024 * 1024;

    private static readonly byte[] s_step = new byte[StepOctets];

    public static void Write(IStoreFile file, int octets)
    {
        for (int at = 0; at < octets; at += StepOctets)
        {
            file.Write(at, s_step.AsSpan(0, Math.Min(StepOctets, octets - at)));
        }
    }
}
