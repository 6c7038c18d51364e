using System.Buffers.Binary;
using AmqpToolkit.Codec.V0_9_1;
using CommandQueueDeclare = AmqpToolkit.Codec.V0_10.QueueDeclare;
using MessageTransfer = AmqpToolkit.Codec.V0_10.MessageTransfer;
using PackedWriter = AmqpToolkit.Codec.V0_10.PackedWriter;

namespace AmqpToolkit.Codec.Tests;

public class DispatchTests
{
    private const int Seed = 91;

    private readonly RecordingDispatch _server = RecordingDispatch.Server();
    private readonly RecordingDispatch _client = RecordingDispatch.Client();

    [Fact]
    public void Dispatch_OfEachMethod_ReachesTheRolesThatReceiveIt()
    {
        var random = new RandomValues(Seed);
        foreach (MethodType type in MethodType.All)
        {
            byte[] payload = MethodRoundTripTests.Write(type.Random(random));
            Assert.True(Methods.TryGetInfo(type.Key, out MethodInfo info));

            Check(_server, info.ServerReceives);
            Check(_client, info.ClientReceives);

            void Check(RecordingDispatch role, bool receives)
            {
                int calls = role.Handler.Calls;
                Assert.Equal(receives ? DecodeError.None : DecodeError.UnexpectedMethod, role.Dispatch(channel: 7, payload));
                Assert.Equal(receives ? calls + 1 : calls, role.Handler.Calls);
                if (receives)
                {
                    Assert.Equal("Handle" + type.Name, role.Handler.Method);
                    Assert.Equal(7, role.Handler.Channel);
                }
            }
        }
    }

    [Theory]
    [InlineData("Server", "Basic")]
    [InlineData("Client", "Basic")]
    [InlineData("Server", "Queue")]
    [InlineData("Server", "Tx")]
    [InlineData("Client", "Connection")]
    public void DispatchOfOneClass_OfEachMethod_TakesThoseOfItsClassAlone(string role, string name)
    {
        RecordingDispatch dispatch = RecordingDispatch.OfClass(MethodType.Edition, role, "Method", name);
        var random = new RandomValues(Seed);
        int received = 0;
        foreach (MethodType type in MethodType.All)
        {
            byte[] payload = MethodRoundTripTests.Write(type.Random(random));
            Assert.True(Methods.TryGetInfo(type.Key, out MethodInfo info));
            bool receives = type.Name.StartsWith(name, StringComparison.Ordinal) && (role == "Server" ? info.ServerReceives : info.ClientReceives);
            received += receives ? 1 : 0;

            Assert.Equal(receives ? DecodeError.None : DecodeError.UnexpectedMethod, dispatch.Dispatch(channel: 3, payload));
            Assert.Equal(received, dispatch.Handler.Calls);
        }

        Assert.NotEqual(0, received);
        Assert.Equal(DecodeError.UnknownClass, dispatch.Dispatch(channel: 3, Hex.Parse("FFFF FFFF")));
        Assert.Equal(DecodeError.Truncated, dispatch.Dispatch(channel: 3, Hex.Parse("003C")));
    }

    [Fact]
    public void DispatchOfOneClass_OfCommands_TakesThoseOfItsClassAlone()
    {
        RecordingDispatch dispatch = RecordingDispatch.OfClass("AmqpToolkit.Codec.V0_10", "Server", "Command", "Message");
        byte[] octets = new byte[64];

        Assert.Equal(DecodeError.None, dispatch.Dispatch(5, octets.AsSpan(0, PackedWriter.WriteCommand(octets, new MessageTransfer { Destination = "q" }, sync: false))));
        Assert.Equal("HandleMessageTransfer", dispatch.Handler.Method);
        Assert.Equal(DecodeError.UnexpectedMethod, dispatch.Dispatch(5, octets.AsSpan(0, PackedWriter.WriteCommand(octets, new CommandQueueDeclare { Queue = "q" }, sync: false))));
        Assert.Equal(1, dispatch.Handler.Calls);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("00 3C 00")]
    public void Dispatch_WithoutIds_IsTruncated(string hex)
    {
        Assert.Equal(DecodeError.Truncated, _server.Dispatch(1, Hex.Parse(hex)));
        Assert.Equal(DecodeError.Truncated, _client.Dispatch(1, Hex.Parse(hex)));
    }

    [Theory]
    [InlineData(0x003C_0029, DecodeError.UnknownMethod)] // basic has no 41
    [InlineData(0x000A_0000, DecodeError.UnknownMethod)]
    [InlineData(0x0055_000C, DecodeError.UnknownMethod)]
    [InlineData(0x0000_000A, DecodeError.UnknownClass)]
    [InlineData(0x003D_0028, DecodeError.UnknownClass)]
    [InlineData(0xFFFF_FFFF, DecodeError.UnknownClass)]
    public void Dispatch_OfUnknownIds_TellsWhichIsUnknown(uint key, DecodeError expected)
    {
        byte[] payload = new byte[16];
        BinaryPrimitives.WriteUInt32BigEndian(payload, key);

        Assert.Equal(expected, _server.Dispatch(1, payload));
        Assert.Equal(expected, _client.Dispatch(1, payload));
    }

    [Fact]
    public void Dispatch_OfTextThatIsNoUtf8_IsRefusedBeforeTheHandler()
    {
        byte[] payload = Hex.Parse(
            """
            00 3C 00 28     # basic.publish
            00 00           # reserved-1
            02 C3 28        # exchange: no UTF-8
            00              # routing-key
            00              # bits
            """);

        Assert.Equal(DecodeError.InvalidUtf8, _server.Dispatch(1, payload));
        Assert.Equal(0, _server.Handler.Calls);
    }

    [Fact]
    public void Dispatch_OfDamagedArguments_HandsTheErrorOn()
    {
        Assert.Equal(DecodeError.Truncated, _server.Dispatch(1, Hex.Parse("003C 0028 0000 01")));
        Assert.Equal(DecodeError.TrailingOctets, _server.Dispatch(1, Hex.Parse("003C 0028 0000 00 00 00 00")));
        Assert.Equal(DecodeError.MalformedTable, _server.Dispatch(1, Hex.Parse("0032 000A 0000 00 00 00000001 05")));
        Assert.Equal(DecodeError.UnknownFieldType, _server.Dispatch(1, Hex.Parse("0032 000A 0000 00 00 00000002 00 00")));
        Assert.Equal(0, _server.Handler.Calls);
    }
}
