using System.Text;
using AmqpToolkit.Codec;
using My.Amqp;
using Frame = AmqpToolkit.Codec.V1_0.Frame;
using FrameReader = AmqpToolkit.Codec.V1_0.FrameReader;
using FrameWriter = AmqpToolkit.Codec.V1_0.FrameWriter;

byte[] wire = new byte[256];
int octets = FrameWriter.WritePerformative(wire, channel: 0, new Open { ContainerId = "teapot", MaxFrameSize = 65536 });
octets += FrameWriter.WritePerformative(wire.AsSpan(octets), channel: 7, new Transfer { Handle = 3, DeliveryId = 41, DeliveryTag = new byte[] { 1 } }, "payload"u8);
Console.WriteLine(Convert.ToHexString(wire, 0, octets));

ReadOnlySpan<byte> input = wire.AsSpan(0, octets);
FrameReader.TryRead(input, maxFrameSize: 65536, out Frame first);
DecodeError error = OpenView.TryParse(first.Body, out OpenView open, out _);
Console.WriteLine($"{error}: open {Encoding.UTF8.GetString(open.ContainerId)}, frames up to {open.MaxFrameSize}, channels up to {open.ChannelMax} (by default: {!open.HasChannelMax})");

FrameReader.TryRead(input[first.Octets..], maxFrameSize: 65536, out Frame second);
error = TransferView.TryParse(second.Body, out TransferView transfer, out int performativeOctets);
Console.WriteLine($"{error}: transfer {transfer.DeliveryId} on handle {transfer.Handle} of channel {second.Channel}: {Encoding.UTF8.GetString(second.Body[performativeOctets..])}");

Console.WriteLine(OpenView.TryParse(second.Body, out _, out _));
