using System.Reflection;
using System.Reflection.Emit;
using ReflectedMethod = System.Reflection.MethodInfo;

namespace AmqpToolkit.Codec.Tests;

/// <summary>Parses octets with a generated view and looks at its text, without a copy of anything.</summary>
internal delegate DecodeError CheckOctets(ReadOnlySpan<byte> octets);

/// <summary>Parses arguments with a generated view and gives its owned form.</summary>
internal delegate DecodeError ParseOwned(ReadOnlySpan<byte> octets, out object? owned, out bool isTextValid);

/// <summary>
/// A generated method or content class, found by reflection. Views are ref structs, which reflection cannot box, so a few emitted instructions call
/// <c>TryParse</c>, <c>IsTextValid</c>, <c>Validate</c> and <c>ToOwned</c>.
/// </summary>
internal sealed class MethodType
{
    internal const string Edition = "AmqpToolkit.Codec.V0_9_1";

    private MethodType(Type owned)
    {
        Owned = owned;
        View = owned.Assembly.GetType(owned.FullName + "View", throwOnError: true)!;
        Parse = EmitParse(owned, View);
        Check = EmitCheck(View);
        Properties = [.. owned.GetProperties().Where(property => property.SetMethod is not null)];
    }

    internal static IReadOnlyList<MethodType> All { get; } = AllOf(Edition, typeof(IMethod));

    /// <summary>The generated types of a namespace that implement an interface.</summary>
    internal static IReadOnlyList<MethodType> AllOf(string edition, Type implemented) =>
    [
        .. typeof(IMethod).Assembly.GetExportedTypes()
            .Where(type => type.Namespace == edition && type.IsValueType && type.IsAssignableTo(implemented))
            .OrderBy(type => type.Name, StringComparer.Ordinal)
            .Select(type => new MethodType(type)),
    ];

    internal static MethodType ContentOf(Type properties) => new(properties);

    internal static MethodType Named(string edition, string name) => new(typeof(IMethod).Assembly.GetType($"{edition}.{name}", throwOnError: true)!);

    internal Type Owned { get; }

    internal Type View { get; }

    internal ParseOwned Parse { get; }

    internal CheckOctets Check { get; }

    internal IReadOnlyList<PropertyInfo> Properties { get; }

    internal string Name => Owned.Name;

    internal uint Key => (uint)Owned.GetField("MethodKey")!.GetRawConstantValue()!;

    public override string ToString() => Name;

    /// <summary>An instance with random values in all of its properties, or in those that are chosen.</summary>
    internal object Random(RandomValues random, Func<PropertyInfo, bool>? chosen = null)
    {
        object instance = Activator.CreateInstance(Owned)!;
        foreach (PropertyInfo property in Properties)
        {
            if (chosen?.Invoke(property) ?? true)
            {
                property.SetValue(instance, random.Of(property.PropertyType));
            }
        }

        return instance;
    }

    /// <summary>The property of a field of the definition; one that would clash is named otherwise.</summary>
    internal PropertyInfo PropertyOf(string fieldName)
    {
        string name = Specs.Naming.Pascal(fieldName);
        return Properties.SingleOrDefault(property => property.Name == name)
            ?? Properties.SingleOrDefault(property => property.Name == name + "Value")
            ?? throw new MissingMemberException(Owned.FullName, name);
    }

    private static CheckOctets EmitCheck(Type view)
    {
        var method = new DynamicMethod("Check" + view.Name, typeof(DecodeError), [typeof(ReadOnlySpan<byte>)], typeof(MethodType).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        LocalBuilder parsed = il.DeclareLocal(view);
        Label failed = il.DefineLabel();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldloca, parsed);
        il.Emit(OpCodes.Call, Member(view, "TryParse"));
        il.Emit(OpCodes.Dup);
        il.Emit(OpCodes.Brtrue, failed);
        il.Emit(OpCodes.Ldloca, parsed);
        il.Emit(OpCodes.Call, Member(view, "get_IsTextValid"));
        il.Emit(OpCodes.Pop);
        il.MarkLabel(failed);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<CheckOctets>();
    }

    private static ParseOwned EmitParse(Type owned, Type view)
    {
        Type[] parameters = [typeof(ReadOnlySpan<byte>), typeof(object).MakeByRefType(), typeof(bool).MakeByRefType()];
        var method = new DynamicMethod("Parse" + owned.Name, typeof(DecodeError), parameters, typeof(MethodType).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        LocalBuilder parsed = il.DeclareLocal(view);
        LocalBuilder error = il.DeclareLocal(typeof(DecodeError));
        Label failed = il.DefineLabel();

        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldnull);
        il.Emit(OpCodes.Stind_Ref);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldc_I4_0);
        il.Emit(OpCodes.Stind_I1);

        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldloca, parsed);
        il.Emit(OpCodes.Call, Member(view, "TryParse"));
        il.Emit(OpCodes.Stloc, error);
        il.Emit(OpCodes.Ldloc, error);
        il.Emit(OpCodes.Brtrue, failed);

        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldloca, parsed);
        il.Emit(OpCodes.Call, Member(view, "get_IsTextValid"));
        il.Emit(OpCodes.Stind_I1);

        if (view.GetMethod("Validate") is { } validate)
        {
            il.Emit(OpCodes.Ldloca, parsed);
            il.Emit(OpCodes.Call, validate);
            il.Emit(OpCodes.Pop);
        }

        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldloca, parsed);
        il.Emit(OpCodes.Call, Member(view, "ToOwned"));
        il.Emit(OpCodes.Box, owned);
        il.Emit(OpCodes.Stind_Ref);

        il.MarkLabel(failed);
        il.Emit(OpCodes.Ldloc, error);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<ParseOwned>();
    }

    private static ReflectedMethod Member(Type view, string name) =>
        view.GetMethod(name) ?? throw new MissingMethodException(view.FullName, name);
}
