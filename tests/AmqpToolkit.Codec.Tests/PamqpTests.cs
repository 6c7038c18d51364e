using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Codec.Tests;

/// <summary>What we write, pamqp reads with the same values, and writes again octet for octet.</summary>
public class PamqpTests
{
    private const int Seed = 3210;
    private const int Rounds = 20;
    private const ushort Channel = 3;

    /// <summary>Properties that pamqp names otherwise.</summary>
    private static readonly Dictionary<string, string> Renamed = new() { ["messagetype"] = "type", ["exchangetype"] = "type", ["clusterid"] = "reserved" };

    [PamqpFact]
    public void Methods_WithRandomValues_AreReadAndWrittenAgainTheSame()
    {
        var random = new RandomValues(Seed, plainNames: true);
        using var peer = new Peer();
        foreach (MethodType type in MethodType.All.Where(type => type.Name is not ("AccessRequest" or "AccessRequestOk"))) // pamqp has no class access
        {
            for (int round = 0; round < Rounds; round++)
            {
                object method = type.Random(random);
                byte[] payload = MethodRoundTripTests.Write(method);
                byte[] frame = new byte[payload.Length + FrameWriter.OverheadOctets];
                FrameWriter.WriteFrameHeader(frame, (byte)Constants.FrameMethod, Channel, payload.Length);
                payload.CopyTo(frame, FrameReader.HeaderOctets);
                FrameWriter.End(frame, FrameReader.HeaderOctets + payload.Length);

                string[] answer = peer.Ask(frame);

                Assert.Equal(type.Name, answer[0].Replace(".", "", StringComparison.Ordinal));
                AssertFields(type, method, answer);
                Assert.Equal(Hex.Of(frame), answer[^1]);
            }
        }
    }

    [PamqpFact]
    public void ContentHeaders_WithRandomProperties_AreReadAndWrittenAgainTheSame()
    {
        MethodType content = MethodType.ContentOf(typeof(BasicProperties));
        var random = new RandomValues(Seed, plainNames: true);
        using var peer = new Peer();
        for (int round = 0; round < 10 * Rounds; round++)
        {
            var properties = (BasicProperties)content.Random(random, _ => random.Random.Next(2) == 0);
            byte[] list = new byte[properties.MaxOctets];
            list = list[..properties.Write(list)];
            byte[] frame = new byte[list.Length + FrameWriter.ContentHeaderOverheadOctets];
            FrameWriter.WriteContentHeader(frame, Channel, BasicPropertiesView.ClassId, (ulong)round, list);

            string[] answer = peer.Ask(frame);

            Assert.Equal($"body_size={round}", answer[^2]);
            AssertFields(content, properties, answer, absentIsNull: true);
            Assert.Equal(Hex.Of(frame), answer[^1]);
        }
    }

    /// <summary>A table with each tag that pamqp reads, compared by value: it writes other tags than it read.</summary>
    [PamqpFact]
    public void Table_OfEveryType_IsReadTheSame()
    {
        var method = new QueueDeclare { Queue = "q", Arguments = new Table(TableVectors.EveryType) };
        byte[] frame = new byte[method.MaxOctets + FrameWriter.OverheadOctets];
        int octets = FrameWriter.WriteMethod(frame, Channel, method);
        using var peer = new Peer();

        string[] answer = peer.Ask(frame.AsSpan(0, octets));

        string expected = Canonical(method.Arguments).Replace("D:-0.001", "D:4294967.295", StringComparison.Ordinal); // it reads decimals unsigned
        Assert.Contains(answer, field => field == "arguments=" + expected);
    }

    private static void AssertFields(MethodType type, object value, string[] answer, bool absentIsNull = false)
    {
        int compared = 0;
        foreach (string field in answer[1..^1])
        {
            int equals = field.IndexOf('=', StringComparison.Ordinal);
            string name = field[..equals].Replace("_", "", StringComparison.Ordinal);
            name = Renamed.GetValueOrDefault(name, name);
            PropertyInfo? property = type.Properties.SingleOrDefault(property => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                continue; // a reserved field
            }

            compared++;
            bool absent = absentIsNull && !(bool)type.Owned.GetProperty("Has" + property.Name)!.GetValue(value)!;
            string absentValue = property.Name == "Reserved" ? "s:" : "null";
            string expected = absent ? absentValue : Canonical(property.GetValue(value)!);
            bool seconds = property.Name == "Timestamp" && !absent;
            Assert.Equal(property.Name + "=" + (seconds ? "T:" + expected : expected), property.Name + field[equals..]);
        }

        Assert.Equal(type.Properties.Count, compared);
    }

    private static string Canonical(object? value) => value switch
    {
        null => "null",
        bool boolean => boolean ? "true" : "false",
        float number => Canonical((double)number),
        double number => "d:" + BitConverter.DoubleToUInt64Bits(number).ToString("x16", CultureInfo.InvariantCulture),
        decimal number => "D:" + number.ToString(CultureInfo.InvariantCulture),
        ShortString or LongString => Canonical(value.ToString()),
        string text => "s:" + Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text)),
        byte[] octets => "x:" + Convert.ToHexStringLower(octets),
        AmqpTimestamp timestamp => "T:" + timestamp.Seconds.ToString(CultureInfo.InvariantCulture),
        Table table => Canonical(table.ToDictionary()),
        Dictionary<string, object?> table => "{" + string.Join(',', table.Select(entry => Canonical(entry.Key)[2..] + "=" + Canonical(entry.Value))) + "}",
        object?[] array => "[" + string.Join(',', array.Select(Canonical)) + "]",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new NotSupportedException(value.GetType().ToString()),
    };

    private sealed class Peer : IDisposable
    {
        private readonly Process _process;

        internal Peer() => _process = Process.Start(new ProcessStartInfo(
            Peers.Python, [Path.Combine(AppContext.BaseDirectory, "pamqp_peer.py")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

        internal string[] Ask(ReadOnlySpan<byte> frame)
        {
            _process.StandardInput.WriteLine(Hex.Of(frame));
            _process.StandardInput.Flush();
            string? answer = _process.StandardOutput.ReadLine();
            if (answer is null)
            {
                Assert.Fail($"{Hex.Of(frame)}: {_process.StandardError.ReadToEnd()}");
            }

            return answer.Split('\t');
        }

        public void Dispose()
        {
            _process.StandardInput.Close();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
