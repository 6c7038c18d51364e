using AmqpToolkit.Codec.Tests.Specs;
using Xunit.Abstractions;

namespace AmqpToolkit.Codec.Tests;

/// <summary>
/// Every method and every content class of 0-8, 0-9 and 0-9-1, with all of its fields set, with none, and with each alone: what generated code writes is what a
/// plain writer over the XML writes, and it is read again.
/// </summary>
public class SpecCoverageTests(ITestOutputHelper output)
{
    private const int Seed = 810;
    private const int Rounds = 5;
    private const int IdOctets = sizeof(uint);

    public static TheoryData<string, string> Methods => Rows(spec => spec.Methods.Select(method => method.ToString()));

    public static TheoryData<string, string> ContentClasses => Rows(spec => spec.Classes.Where(item => item.Properties.Count != 0).Select(item => item.Name));

    [Theory]
    [InlineData("AmqpToolkit.Codec.V0_8", 89, 4)]
    [InlineData("AmqpToolkit.Codec.V0_9", 101, 4)]
    [InlineData("AmqpToolkit.Codec.V0_9_1", 66, 1)]
    public void Edition_HasTheMethodsOfItsDefinition_AndNoOthers(string edition, int methods, int contentClasses)
    {
        ClassicSpec spec = ClassicSpec.Editions[edition];

        Assert.Equal(methods, spec.Methods.Count());
        Assert.Equal(contentClasses, spec.Classes.Count(item => item.Properties.Count != 0));
        Assert.Equal(
            spec.Methods.Select(method => method.TypeName).Order(StringComparer.Ordinal),
            MethodType.AllOf(edition, typeof(IMethod)).Select(type => type.Name));
        output.WriteLine($"{spec.Methods.Count()} methods");
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Method_AsTheDefinitionSays_IsWrittenAndRead(string edition, string name)
    {
        SpecMethod method = Find(edition, name);
        MethodType type = MethodType.Named(edition, method.TypeName);
        foreach (object instance in Instances(type))
        {
            byte[] wire = MethodRoundTripTests.Write(instance);

            Assert.Equal(Hex.Of(ClassicWriter.Method(method, type, instance)), Hex.Of(wire));
            Vectors.AssertExact(type, instance, wire.AsSpan(IdOctets));
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Method_WithAnyOctetChanged_IsReadOrRefused(string edition, string name)
    {
        MethodType type = MethodType.Named(edition, Find(edition, name).TypeName);
        byte[] wire = MethodRoundTripTests.Write(type.Random(new RandomValues(Seed, plainNames: true)));

        Vectors.AssertMutationsAreHarmless(type, wire.AsSpan(IdOctets));
        Vectors.AssertMutationsCanBeCopied(type, wire.AsSpan(IdOctets));
    }

    [Theory]
    [MemberData(nameof(ContentClasses))]
    public void Properties_AsTheDefinitionSays_AreWrittenAndRead(string edition, string name)
    {
        SpecClass item = ClassicSpec.Editions[edition].Classes.Single(item => item.Name == name);
        MethodType type = MethodType.Named(edition, Naming.Pascal(name) + "Properties");
        System.Reflection.MethodInfo write = type.Owned.GetMethod("Write")!;
        foreach (object instance in Instances(type))
        {
            byte[] buffer = new byte[(int)type.Owned.GetProperty("MaxOctets")!.GetValue(instance)!];
            ReadOnlySpan<byte> wire = buffer.AsSpan(0, write.CreateDelegate<WriteInto>(instance)(buffer));

            Assert.Equal(Hex.Of(ClassicWriter.Properties(item, type, instance)), Hex.Of(wire));
            Vectors.AssertExact(type, instance, wire);
            Vectors.AssertMutationsAreHarmless(type, wire);
        }
    }

    [Theory]
    [InlineData("AmqpToolkit.Codec.V0_8")]
    [InlineData("AmqpToolkit.Codec.V0_9")]
    [InlineData("AmqpToolkit.Codec.V0_9_1")]
    public void Dispatch_OfEachMethod_ReachesTheRolesThatReceiveIt(string edition)
    {
        var random = new RandomValues(Seed);
        Type methods = typeof(IMethod).Assembly.GetType(edition + ".Methods", throwOnError: true)!;
        var tryGetInfo = methods.GetMethod("TryGetInfo")!.CreateDelegate<TryGetInfo>();
        (string Name, RecordingDispatch Dispatch)[] roles = [("server", RecordingDispatch.Of(edition, "Server", "Method")), ("client", RecordingDispatch.Of(edition, "Client", "Method"))];
        foreach (SpecMethod method in ClassicSpec.Editions[edition].Methods)
        {
            byte[] payload = MethodRoundTripTests.Write(MethodType.Named(edition, method.TypeName).Random(random));
            Assert.True(tryGetInfo(method.Key, out MethodInfo info));
            Assert.Equal(method.ToString(), info.Name);
            Assert.Equal((method.Synchronous, method.HasContent), (info.Synchronous, info.HasContent));
            Assert.Equal((method.Receivers.Contains("server"), method.Receivers.Contains("client")), (info.ServerReceives, info.ClientReceives));
            foreach ((string role, RecordingDispatch dispatch) in roles)
            {
                bool receives = method.Receivers.Contains(role);
                int calls = dispatch.Handler.Calls;
                Assert.Equal(receives ? DecodeError.None : DecodeError.UnexpectedMethod, dispatch.Dispatch(channel: 7, payload));
                Assert.Equal(receives ? calls + 1 : calls, dispatch.Handler.Calls);
                Assert.Equal(receives ? "Handle" + method.TypeName : dispatch.Handler.Method, dispatch.Handler.Method);
            }
        }

        Assert.False(tryGetInfo(0x003C_FFFF, out _));
    }

    private delegate int WriteInto(Span<byte> destination);

    private delegate bool TryGetInfo(uint methodKey, out MethodInfo info);

    private static TheoryData<string, string> Rows(Func<ClassicSpec, IEnumerable<string>> names)
    {
        var rows = new TheoryData<string, string>();
        foreach ((string edition, ClassicSpec spec) in ClassicSpec.Editions)
        {
            foreach (string name in names(spec))
            {
                rows.Add(edition, name);
            }
        }

        return rows;
    }

    private static SpecMethod Find(string edition, string name) => ClassicSpec.Editions[edition].Methods.Single(method => method.ToString() == name);

    private static IEnumerable<object> Instances(MethodType type)
    {
        var random = new RandomValues(Seed);
        yield return Activator.CreateInstance(type.Owned)!;
        for (int round = 0; round < Rounds; round++)
        {
            yield return type.Random(random);
        }

        foreach (System.Reflection.PropertyInfo only in type.Properties)
        {
            yield return type.Random(random, property => property == only);
        }
    }
}
