using System.Buffers.Binary;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Codec.Tests;

/// <summary>Every method that the definitions have, with random values: written, read, cut, lengthened, damaged.</summary>
public class MethodRoundTripTests
{
    private const int Seed = 20261121;
    private const int Rounds = 100;
    private const int IdOctets = sizeof(uint);

    public static TheoryData<string> Methods => [.. MethodType.All.Select(method => method.Name)];

    [Fact]
    public void Methods_Of091WithRabbitMqsExtensions_AreAllThere() => Assert.Equal(66, MethodType.All.Count);

    [Theory]
    [MemberData(nameof(Methods))]
    public void Method_WrittenAndRead_IsTheSame(string name)
    {
        foreach ((MethodType type, object method, byte[] wire) in Samples(name, Rounds))
        {
            Assert.Equal(type.Key, BinaryPrimitives.ReadUInt32BigEndian(wire));
            Assert.Equal(DecodeError.None, type.Parse(wire.AsSpan(IdOctets), out object? read, out bool isTextValid));
            Assert.True(isTextValid);
            Assert.Equal(method, read);
            Assert.Equal(method.GetHashCode(), read!.GetHashCode());
            Assert.Equal(Hex.Of(wire), Hex.Of(Write(read)));
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Method_Default_IsWrittenAndRead(string name)
    {
        MethodType type = Find(name);
        object method = Activator.CreateInstance(type.Owned)!;
        byte[] wire = Write(method);

        Assert.Equal(DecodeError.None, type.Parse(wire.AsSpan(IdOctets), out object? read, out _));
        Assert.Equal(method, read);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Method_CutAnywhere_IsTruncated(string name)
    {
        foreach ((MethodType type, _, byte[] wire) in Samples(name, rounds: 20))
        {
            for (int length = 0; length < wire.Length - IdOctets; length++)
            {
                Assert.Equal(DecodeError.Truncated, type.Parse(wire.AsSpan(IdOctets, length), out _, out _));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Method_WithAnOctetMore_HasTrailingOctets(string name)
    {
        foreach ((MethodType type, _, byte[] wire) in Samples(name, rounds: 20))
        {
            Assert.Equal(DecodeError.TrailingOctets, type.Parse([.. wire.AsSpan(IdOctets), 0], out _, out _));
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Method_WithAnyOctetChanged_IsReadOrRefusedWithoutException(string name)
    {
        foreach ((MethodType type, _, byte[] wire) in Samples(name, rounds: 5))
        {
            for (int at = IdOctets; at < wire.Length; at++)
            {
                byte original = wire[at];
                foreach (int change in new[] { 0x01, 0x80, 0xFF, 0x41, 0x7F })
                {
                    wire[at] = (byte)(original ^ change);
                    DecodeError error = type.Parse(wire.AsSpan(IdOctets), out object? read, out _);
                    Assert.Equal(error == DecodeError.None, read is not null);
                    Assert.True(error is DecodeError.None or DecodeError.Truncated or DecodeError.TrailingOctets
                        or DecodeError.MalformedTable or DecodeError.UnknownFieldType or DecodeError.NestingTooDeep);
                }

                wire[at] = original;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Method_IntoItsBound_FitsAndIntoLess_Throws(string name)
    {
        foreach ((_, object method, byte[] wire) in Samples(name, rounds: 5))
        {
            Assert.Equal(wire.Length, ((IMethod)method).Write(new byte[((IMethod)method).MaxOctets]));
            for (int length = 0; length < Math.Min(wire.Length, 40); length++)
            {
                Assert.ThrowsAny<Exception>(() => ((IMethod)method).Write(new byte[length]));
            }
        }
    }

    [Fact]
    public void Methods_TryGetInfo_KnowsEachByItsKey()
    {
        foreach (MethodType type in MethodType.All)
        {
            Assert.True(V0_9_1.Methods.TryGetInfo(type.Key, out MethodInfo info));
            Assert.Equal(type.Key, ((uint)info.ClassId << 16) | info.MethodId);
            Assert.Equal(type.Name.ToUpperInvariant(), info.Name.Replace(".", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToUpperInvariant());
            Assert.Equal(info.Name, V0_9_1.Methods.NameOf(type.Key));
            Assert.True(info.ServerReceives || info.ClientReceives);
        }

        Assert.False(V0_9_1.Methods.TryGetInfo(0x003C_0001, out _));
        Assert.Equal("Publish, Return, Deliver, GetOk", string.Join(", ", MethodType.All
            .Where(type => V0_9_1.Methods.TryGetInfo(type.Key, out MethodInfo info) && info.HasContent)
            .OrderBy(type => type.Key)
            .Select(type => type.Name["Basic".Length..])));
    }

    internal static byte[] Write(object method)
    {
        byte[] buffer = new byte[((IMethod)method).MaxOctets];
        int octets = ((IMethod)method).Write(buffer);
        Assert.InRange(octets, IdOctets, buffer.Length);
        return buffer[..octets];
    }

    private static MethodType Find(string name) => MethodType.All.Single(type => type.Name == name);

    private static IEnumerable<(MethodType Type, object Method, byte[] Wire)> Samples(string name, int rounds)
    {
        MethodType type = Find(name);
        var random = new RandomValues(Seed);
        for (int round = 0; round < (type.Properties.Count == 0 ? 1 : rounds); round++)
        {
            object method = type.Random(random);
            yield return (type, method, Write(method));
        }
    }
}
