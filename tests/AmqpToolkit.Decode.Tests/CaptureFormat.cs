namespace AmqpToolkit.Decode.Tests;

/// <summary>Formats of capture files.</summary>
public enum CaptureFormat
{
    Pcap,
    PcapBigEndian,
    PcapNanoseconds,
    Pcapng,
    PcapngBigEndian,
}
