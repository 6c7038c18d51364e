using System.Reflection;
using System.Reflection.Emit;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>Parses octets with a generated view and gives its owned form.</summary>
internal delegate DecodeError ParseDescribed(ReadOnlySpan<byte> source, out int octets, out object? owned);

/// <summary>
/// The generated code of a described type, found by its name in the definition. Views are ref structs, which reflection cannot box, so a few emitted
/// instructions call <c>TryParse</c> and <c>ToOwned</c>.
/// </summary>
internal sealed class DescribedTypeCode
{
    private DescribedTypeCode(SpecType spec)
    {
        Spec = spec;
        Owned = typeof(IDescribedType).Assembly.GetType($"{typeof(IDescribedType).Namespace}.{SpecModel.Pascal(spec.Name)}", throwOnError: true)!;
        Parse = EmitParse(Owned, Owned.Assembly.GetType(Owned.FullName + "View", throwOnError: true)!);
    }

    internal static IReadOnlyList<DescribedTypeCode> All { get; } = [.. SpecModel.All.Select(spec => new DescribedTypeCode(spec))];

    internal SpecType Spec { get; }

    internal Type Owned { get; }

    internal ParseDescribed Parse { get; }

    public override string ToString() => Spec.Name;

    internal static byte[] Write(object owned)
    {
        var value = (IDescribedTypeWriter)Activator.CreateInstance(typeof(Writer<>).MakeGenericType(owned.GetType()))!;
        return value.Write(owned);
    }

    internal PropertyInfo Property(SpecField field) => Owned.GetProperty(Spec.IsComposite ? field.PropertyOf(Spec) : "Value")
        ?? throw new MissingMemberException(Owned.Name, field.Name);

    internal bool Has(object owned, SpecField field) => (bool)Owned.GetProperty("Has" + Property(field).Name)!.GetValue(owned)!;

    private static ParseDescribed EmitParse(Type owned, Type view)
    {
        Type[] parameters = [typeof(ReadOnlySpan<byte>), typeof(int).MakeByRefType(), typeof(object).MakeByRefType()];
        var method = new DynamicMethod("Parse" + owned.Name, typeof(DecodeError), parameters, typeof(DescribedTypeCode).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        LocalBuilder parsed = il.DeclareLocal(view);
        LocalBuilder error = il.DeclareLocal(typeof(DecodeError));
        Label failed = il.DefineLabel();

        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldnull);
        il.Emit(OpCodes.Stind_Ref);

        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldloca, parsed);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Call, view.GetMethod("TryParse")!);
        il.Emit(OpCodes.Stloc, error);
        il.Emit(OpCodes.Ldloc, error);
        il.Emit(OpCodes.Brtrue, failed);

        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldloca, parsed);
        il.Emit(OpCodes.Call, view.GetMethod("ToOwned")!);
        il.Emit(OpCodes.Box, owned);
        il.Emit(OpCodes.Stind_Ref);

        il.MarkLabel(failed);
        il.Emit(OpCodes.Ldloc, error);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<ParseDescribed>();
    }

    private interface IDescribedTypeWriter
    {
        byte[] Write(object owned);
    }

    private sealed class Writer<T> : IDescribedTypeWriter
        where T : struct, IDescribedType
    {
        public byte[] Write(object owned)
        {
            var value = (T)owned;
            byte[] octets = new byte[value.MaxOctets];
            return octets[..value.Write(octets)];
        }
    }
}
