using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Samples;

/// <summary>Writes a method and reads it where it lies.</summary>
internal static class CodecSample
{
    public static void Run()
    {
        Span<byte> wire = stackalloc byte[128];
        int octets = new BasicPublish { Exchange = "orders", RoutingKey = "eu.new", Mandatory = true }.Write(wire);

        DecodeError error = BasicPublishView.TryParse(wire[4..octets], out BasicPublishView publish); // after class and method id
        Console.WriteLine($"{error}: {Encoding.UTF8.GetString(publish.RoutingKey)}, mandatory {publish.Mandatory}");
    }
}
