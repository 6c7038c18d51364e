using System.Buffers.Binary;
using System.Diagnostics;

namespace AmqpToolkit.Codec.Tests;

/// <summary>Runs tshark over a conversation that is written as a capture: one packet a piece, all from a client to a server.</summary>
internal static class Tshark
{
    private const int Ip = 20;
    private const int Tcp = 20;
    private const ushort ServerPort = 5672;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>What tshark has to say about each packet.</summary>
    internal static string[] Dissect(IReadOnlyList<byte[]> pieces)
    {
        string file = Path.Combine(Path.GetTempPath(), $"amqp-{Environment.ProcessId}-{Guid.NewGuid():N}.pcap");
        File.WriteAllBytes(file, Capture(pieces));
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("tshark", ["-n", "-r", file, "-d", $"tcp.port=={ServerPort},amqp", "-V"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            Assert.True(process.WaitForExit(Patience), "tshark does not end");
            Assert.True(process.ExitCode == 0, errors.Result);
            return output.Split("\nFrame ").Select(packet => packet[Math.Max(0, packet.IndexOf("Advanced Message Queuing", StringComparison.Ordinal))..]).ToArray();
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static byte[] Capture(IReadOnlyList<byte[]> pieces)
    {
        var capture = new MemoryStream();
        Write(capture, 0xA1B2C3D4, 0x00020004, 0, 0, 0x00040000, 101); // magic, version 2.4, zone, accuracy, longest packet, raw IP
        uint sequence = 1;
        for (int i = 0; i < pieces.Count; i++)
        {
            byte[] packet = new byte[Ip + Tcp + pieces[i].Length];
            packet[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
            packet[8] = 64;
            packet[9] = 6; // TCP
            packet[12] = packet[16] = 127;
            packet[15] = 1;
            packet[19] = 2;
            Span<byte> tcp = packet.AsSpan(Ip);
            BinaryPrimitives.WriteUInt16BigEndian(tcp, 40000);
            BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], ServerPort);
            BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], sequence);
            tcp[12] = Tcp / 4 << 4;
            tcp[13] = 0x18; // PSH, ACK
            BinaryPrimitives.WriteUInt16BigEndian(tcp[14..], ushort.MaxValue);
            pieces[i].CopyTo(tcp[Tcp..]);
            sequence += (uint)pieces[i].Length;
            Write(capture, (uint)i, 0, (uint)packet.Length, (uint)packet.Length);
            capture.Write(packet);
        }

        return capture.ToArray();
    }

    private static void Write(MemoryStream capture, params uint[] words)
    {
        Span<byte> octets = stackalloc byte[sizeof(uint)];
        foreach (uint word in words)
        {
            BinaryPrimitives.WriteUInt32BigEndian(octets, word);
            capture.Write(octets);
        }
    }
}
