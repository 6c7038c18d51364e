using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using Shop.Protocol;

// Three frames: the method, the header of its content, the body.
byte[] wire = new byte[512];
Table wishes = new TableBuilder().Add("gift"u8, true).Add("floor"u8, 3).ToTable();
int octets = FrameWriter.WriteMethod(wire, channel: 1, new OrderPlace { Customer = "Ada", Wishes = wishes, Express = true });

byte[] properties = new byte[64];
int propertyOctets = new OrderProperties { Currency = "EUR", Parcels = 2 }.Write(properties);
octets += FrameWriter.WriteContentHeader(wire.AsSpan(octets), channel: 1, OrderProperties.ClassId, bodyOctets: 9, properties.AsSpan(0, propertyOctets));
octets += FrameWriter.WriteBody(wire.AsSpan(octets), channel: 1, "2 teapots"u8);

// And back.
ReadOnlySpan<byte> input = wire.AsSpan(0, octets);
while (FrameReader.TryRead(input, maxFrameOctets: 4096, out Frame frame) == FrameReadStatus.Complete)
{
    Console.WriteLine((ushort)frame.Type switch
    {
        Constants.FrameMethod => Place(frame.Payload),
        Constants.FrameHeader => Header(frame.Payload),
        _ => Encoding.UTF8.GetString(frame.Payload),
    });
    input = input[frame.Octets..];
}

// What is cut off or damaged is an error, not an exception.
Console.WriteLine(OrderCancelView.TryParse([0, 0, 0, 0, 0, 0, 0, 1, 5, (byte)'n', (byte)'o'], out _));

static string Place(ReadOnlySpan<byte> payload)
{
    string name = Methods.NameOf(WireReader.ReadUInt32(payload)); // class and method id, then the arguments
    DecodeError error = OrderPlaceView.TryParse(payload[4..], out OrderPlaceView place);
    place.Wishes.TryGetValue("floor"u8, out FieldValueView floor);
    floor.TryGetInt64(out long number);
    return $"{name}: {error}, {Encoding.UTF8.GetString(place.Customer)}, floor {number}, express {place.Express}";
}

static string Header(ReadOnlySpan<byte> payload)
{
    DecodeError error = ContentHeaderView.TryParse(payload, out ContentHeaderView header);
    OrderPropertiesView.TryParse(header.Properties, out OrderPropertiesView order);
    return $"{error}, {header.BodyOctets} octets, {Encoding.UTF8.GetString(order.Currency)}, parcels {order.Parcels}";
}
