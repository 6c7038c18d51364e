using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Samples;

/// <summary>Writes a transfer of AMQP 1.0 with a message and reads both where they lie.</summary>
internal static class TransferSample
{
    public static void Run()
    {
        byte[] message = new byte[64];
        message = message[..new Data { Value = "hello" }.Write(message)];

        Span<byte> frame = stackalloc byte[256];
        int octets = FrameWriter.WritePerformative(frame, channel: 1, new Transfer { Handle = 0, DeliveryId = 7, DeliveryTag = new byte[] { 1 } }, message);

        FrameReadStatus status = FrameReader.TryRead(frame[..octets], maxFrameSize: 512, out Frame read);
        DecodeError error = TransferView.TryParse(read.Body, out TransferView transfer, out int performative);
        error = MessageSections.TryParse(read.Body[performative..], out MessageSections sections); // sections.Properties, .ApplicationProperties, .Body ...

        DataView.TryParse(read.Body[performative..], out DataView data, out _);
        Console.WriteLine($"{status}, {error}: transfer {transfer.DeliveryId}, {sections.BodyKind}, {Encoding.UTF8.GetString(data.Value)}");
    }
}
