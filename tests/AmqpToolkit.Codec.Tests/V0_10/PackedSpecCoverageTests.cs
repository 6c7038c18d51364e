using AmqpToolkit.Codec.Tests.Specs;
using AmqpToolkit.Codec.V0_10;

namespace AmqpToolkit.Codec.Tests.V0_10;

/// <summary>
/// Every control, command, struct and result of 0-10, with all of its fields set, with none, and with each alone: what generated code writes is what a plain
/// writer over the XML writes, and it is read again.
/// </summary>
public class PackedSpecCoverageTests
{
    private const int Seed = 1010;
    private const int Rounds = 10;

    private static readonly CommandSpec Spec = CommandSpec.Instance;

    private delegate bool TryGetInfo(ushort code, out CommandInfo info);

    public static TheoryData<string> Items => [.. Spec.Packed.Select(item => $"{item.Kind} {item.Name}")];

    [Theory]
    [InlineData("control", 25, typeof(IControl))]
    [InlineData("command", 59, typeof(ICommand))]
    [InlineData("struct", 17, typeof(IPacked))]
    public void Edition_HasWhatItsDefinitionHas_AndNothingElse(string kind, int count, Type face)
    {
        SpecPacked[] items = [.. Spec.Packed.Where(item => item.Kind == kind)];

        Assert.Equal(count, items.Length);
        Assert.Equal(
            items.Select(item => item.TypeName).Order(StringComparer.Ordinal),
            MethodType.AllOf(CommandSpec.Edition, face)
                .Where(type => kind != "struct" || (!type.Owned.IsAssignableTo(typeof(IControl)) && !type.Owned.IsAssignableTo(typeof(ICommand))))
                .Select(type => type.Name));
    }

    [Theory]
    [MemberData(nameof(Items))]
    public void Item_AsTheDefinitionSays_IsWrittenAndRead(string name)
    {
        SpecPacked item = Find(name);
        foreach (object instance in Instances(item))
        {
            byte[] wire = Write(instance);

            Assert.Equal(Hex.Of(PackedPlainWriter.Fields(item, instance)), Hex.Of(wire));
            Vectors.AssertExact(item.Type, instance, wire);
        }
    }

    [Theory]
    [MemberData(nameof(Items))]
    public void Item_WithAnyOctetChanged_IsReadOrRefused(string name)
    {
        SpecPacked item = Find(name);
        foreach (object instance in Instances(item).Take(3))
        {
            byte[] wire = Write(instance);
            Vectors.AssertMutationsAreHarmless(item.Type, wire);
            Vectors.AssertMutationsCanBeCopied(item.Type, wire);
        }
    }

    [Theory]
    [InlineData("control", "Control")]
    [InlineData("command", "Command")]
    public void Dispatch_OfEach_ReachesTheRolesThatReceiveIt(string kind, string typeName)
    {
        var random = new PackedRandom(Seed);
        var tryGetInfo = typeof(Commands).Assembly.GetType($"{CommandSpec.Edition}.{typeName}s")!.GetMethod("TryGetInfo")!.CreateDelegate<TryGetInfo>();
        (string Name, RecordingDispatch Dispatch)[] roles =
            [("server", RecordingDispatch.Of(CommandSpec.Edition, "Server", typeName)), ("client", RecordingDispatch.Of(CommandSpec.Edition, "Client", typeName))];
        foreach (SpecPacked item in Spec.Packed.Where(item => item.Kind == kind))
        {
            byte[] fields = Write(random.Instance(item));
            byte[] code = [(byte)(item.Code!.Value >> 8), (byte)item.Code.Value];
            byte[] payload = kind == "command" ? [.. code, 1, 1, .. fields] : [.. code, .. fields];
            Assert.True(tryGetInfo((ushort)item.Code, out CommandInfo info));
            Assert.Equal((item.Name, (ushort)item.Code, item.HasBody), (info.Name, info.Code, info.HasBody));
            Assert.Equal(item.Result is null ? 0 : Spec.Find(item.Result).Code, info.ResultCode);
            Assert.Equal((item.ReceivedBy("server"), item.ReceivedBy("client")), (info.ServerReceives, info.ClientReceives));
            foreach ((string role, RecordingDispatch dispatch) in roles)
            {
                bool receives = item.ReceivedBy(role);
                int calls = dispatch.Handler.Calls;
                Assert.Equal(receives ? DecodeError.None : DecodeError.UnexpectedMethod, dispatch.Dispatch(channel: 7, payload));
                Assert.Equal(receives ? calls + 1 : calls, dispatch.Handler.Calls);
                Assert.Equal(receives ? "Handle" + item.TypeName : dispatch.Handler.Method, dispatch.Handler.Method);
                for (int cut = 0; cut < payload.Length && receives; cut++)
                {
                    Assert.Equal(DecodeError.Truncated, dispatch.Dispatch(channel: 7, payload.AsSpan(0, cut)));
                }
            }
        }

        Assert.False(tryGetInfo(0x04FF, out _));
    }

    [Fact]
    public void TypeCodes_AreThoseOfTheDefinition() => Assert.All(
        Spec.Lengths.Keys.Where(type => Spec.CodeOf(type) >= 0),
        type => Assert.Equal((byte)Spec.CodeOf(type), typeof(TypeCodes).GetField(Naming.Pascal(type))!.GetRawConstantValue()));

    [Fact]
    public void Enumerations_TakeValuesThatTheyDoNotHave()
    {
        byte[] wire = Write(new MessageSubscribe { Queue = "q", AcceptMode = (MessageAcceptMode)200 });

        Assert.Equal(DecodeError.None, MessageSubscribeView.TryParse(wire, out MessageSubscribeView view));
        Assert.Equal(200, (int)view.AcceptMode);
        Assert.Equal(404, (int)ExecutionErrorCode.NotFound);
    }

    internal static byte[] Write(object instance)
    {
        byte[] buffer = new byte[((IPacked)instance).MaxOctets];
        return buffer[..((IPacked)instance).Write(buffer)];
    }

    private static SpecPacked Find(string name) => Spec.Packed.Single(item => $"{item.Kind} {item.Name}" == name);

    private static IEnumerable<object> Instances(SpecPacked item)
    {
        var random = new PackedRandom(Seed);
        yield return random.Instance(item);
        if (item.Pack != 0)
        {
            yield return Activator.CreateInstance(item.Type.Owned)!;
        }

        for (int round = 0; round < Rounds; round++)
        {
            yield return random.Instance(item);
        }

        foreach (SpecField only in item.Pack == 0 ? [] : item.Fields)
        {
            yield return random.Instance(item, field => field == only);
        }
    }
}
