using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace AmqpToolkit.Packages.Tests;

/// <summary>
/// What others can call of an assembly, a line a type and a line a member, in an order that does not change: <c>sealed class My.Type : Base</c>, then <c>    int Count { get; }</c>. Of a type that was generated there is one line
/// with the number of its members and a hash of them: the definitions say what it has.
/// </summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly HashSet<string> s_toldAttributes =
    [
        "ObsoleteAttribute", "ExperimentalAttribute", "FlagsAttribute", "NotNullWhenAttribute", "MaybeNullWhenAttribute", "AllowNullAttribute", "NotNullAttribute", "MaybeNullAttribute", "DoesNotReturnAttribute",
        "SetsRequiredMembersAttribute", "RequiresUnreferencedCodeAttribute", "RequiresDynamicCodeAttribute", "DynamicallyAccessedMembersAttribute", "EditorBrowsableAttribute", "UnscopedRefAttribute",
    ];

    public static IEnumerable<string> Describe(Assembly assembly) => assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal).SelectMany(Describe);

    public static IEnumerable<string> Describe(Type type)
    {
        string[] members = [.. Members(type).Order(StringComparer.Ordinal)];
        if (type.GetCustomAttribute<System.CodeDom.Compiler.GeneratedCodeAttribute>() is not null)
        {
            string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', members))))[..12];
            return [$"{Head(type)} // generated, {members.Length} members: {hash}"];
        }

        return members.Select(member => $"    {member}").Prepend(Head(type));
    }

    private static string Head(Type type)
    {
        string kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => (Has<IsReadOnlyAttribute>(type) ? "readonly " : "") + (type.IsByRefLike ? "ref struct" : IsRecord(type) ? "record struct" : "struct"),
            _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
            { IsSealed: true, IsAbstract: false } when IsRecord(type) => "sealed record",
            { IsAbstract: false } when IsRecord(type) => "record",
            { IsAbstract: true, IsSealed: false } when IsRecord(type) => "abstract record",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
        IEnumerable<Type> inherited = type.BaseType?.GetInterfaces() ?? [];
        IEnumerable<string> bases = type.IsEnum
            ? [TypeNames.Of(Enum.GetUnderlyingType(type))]
            : (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(MulticastDelegate) ? [TypeNames.Of(parent)] : Array.Empty<string>())
                .Concat(kind == "delegate" ? [] : type.GetInterfaces().Except(inherited).Select(one => TypeNames.Of(one)).Order(StringComparer.Ordinal));
        string after = string.Join(", ", bases);
        return $"{Attributes(type)}{kind} {TypeNames.Of(type)}{(after.Length > 0 ? $" : {after}" : "")}{Constraints(type.GetGenericArguments())}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => $"{field.Name} = {Convert.ToString(field.GetRawConstantValue(), CultureInfo.InvariantCulture)}");
        }

        if (typeof(Delegate).IsAssignableFrom(type))
        {
            return [Method(type.GetMethod("Invoke")!)];
        }

        return type.GetConstructors(Declared).Where(constructor => !constructor.IsStatic && IsSeen(constructor)).Select(constructor => $"{Access(constructor)}new({Parameters(constructor)})")
            .Concat(type.GetMethods(Declared).Where(method => IsSeen(method) && IsWritten(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))).Select(method => Method(method)))
            .Concat(type.GetProperties(Declared).Where(property => IsWritten(property) && property.GetAccessors(nonPublic: true).Any(IsSeen)).Select(property => Property(property)))
            .Concat(type.GetEvents(Declared).Where(one => IsSeen(one.AddMethod!)).Select(one => $"{Access(one.AddMethod!)}{Modifiers(one.AddMethod!)}event {TypeNames.Of(one)} {one.Name}"))
            .Concat(type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly).Select(field => Field(field)));
    }

    private static string Method(MethodInfo method)
    {
        Type[] arguments = method.GetGenericArguments();
        string generic = arguments.Length > 0 ? $"<{string.Join(", ", arguments.Select(argument => argument.Name))}>" : "";
        string parameters = (Has<ExtensionAttribute>(method) ? "this " : "") + Parameters(method);
        return $"{Attributes(method)}{Access(method)}{Modifiers(method)}{TypeNames.Of(method.ReturnParameter)} {method.Name}{generic}({parameters}){Constraints(arguments)}";
    }

    private static string Property(PropertyInfo property)
    {
        MethodInfo[] accessors = [.. property.GetAccessors(nonPublic: true).Where(IsSeen)];
        string access = accessors.Any(accessor => accessor.IsPublic) ? "" : "protected ";
        IEnumerable<string> words = accessors.Select(accessor =>
            (access.Length == 0 ? Access(accessor) : "") + (accessor == property.GetMethod ? "get;" : accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init;" : "set;"));
        ParameterInfo[] index = property.GetIndexParameters();
        string name = index.Length > 0 ? $"this[{string.Join(", ", index.Select(one => Parameter(one)))}]" : property.Name;
        return $"{Attributes(property)}{access}{(Has<RequiredMemberAttribute>(property) ? "required " : "")}{Modifiers(accessors[0])}{TypeNames.Of(property)} {name} {{ {string.Join(' ', words)} }}";
    }

    private static string Field(FieldInfo field)
    {
        string access = field.IsPublic ? "" : "protected ";
        return field.IsLiteral
            ? $"{access}const {TypeNames.Of(field)} {field.Name} = {Literal(field.GetRawConstantValue())}"
            : $"{access}{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{TypeNames.Of(field)} {field.Name}";
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter => Parameter(parameter)));

    private static string Parameter(ParameterInfo parameter)
    {
        string way = parameter.ParameterType.IsByRef ? parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref " : Has<ParamArrayAttribute>(parameter) || Has<ParamCollectionAttribute>(parameter) ? "params " : "";
        string scoped = Has<ScopedRefAttribute>(parameter) ? "scoped " : "";
        return $"{Attributes(parameter.GetCustomAttributesData())}{scoped}{way}{TypeNames.Of(parameter)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {(parameter.RawDefaultValue is null ? "default" : Literal(parameter.RawDefaultValue))}" : "")}";
    }

    private static string Constraints(Type[] arguments) => string.Concat(arguments.Where(argument => argument.IsGenericParameter).Select(argument =>
    {
        GenericParameterAttributes attributes = argument.GenericParameterAttributes;
        bool isStruct = attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        string[] all =
        [
            .. isStruct ? [argument.IsDefined(typeof(IsUnmanagedAttribute), inherit: false) ? "unmanaged" : "struct"] : Array.Empty<string>(),
            .. attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint) ? [TypeNames.FlagOf(argument) == 2 ? "class?" : "class"] : Array.Empty<string>(),
            .. argument.GetGenericParameterConstraints().Where(one => one != typeof(ValueType)).Select(one => TypeNames.Of(one)).Order(StringComparer.Ordinal),
            .. TypeNames.FlagOf(argument) == 1 && !attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint) && argument.GetGenericParameterConstraints().Length == 0 ? ["notnull"] : Array.Empty<string>(),
            .. !isStruct && attributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) ? ["new()"] : Array.Empty<string>(),
            .. attributes.HasFlag(GenericParameterAttributes.AllowByRefLike) ? ["allows ref struct"] : Array.Empty<string>(),
        ];
        return all.Length > 0 ? $" where {argument.Name} : {string.Join(", ", all)}" : "";
    }));

    private static string Literal(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text.Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"",
        char one => $"'{one}'",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Modifiers(MethodBase method) => method switch
    {
        { IsStatic: true } => method.IsAbstract ? "static abstract " : method.IsVirtual ? "static virtual " : "static ",
        { DeclaringType.IsInterface: true } => method.IsAbstract ? "" : "virtual ",
        { IsAbstract: true } => "abstract ",
        { IsVirtual: true, IsFinal: false } => ((MethodInfo)method).GetBaseDefinition() == method ? "virtual " : "override ",
        MethodInfo { IsVirtual: true } own when own.GetBaseDefinition() != own => "override ",
        _ => "",
    };

    private static bool IsRecord(Type type) =>
        type.GetMethod("<Clone>$", Declared) is not null || (type.IsValueType && type.GetMethod("PrintMembers", Declared, [typeof(StringBuilder)]) is { } print && Has<CompilerGeneratedAttribute>(print));

    private static string Attributes(MemberInfo member) => Attributes(member.GetCustomAttributesData());

    /// <summary>Those that a caller's compiler acts on.</summary>
    private static string Attributes(IEnumerable<CustomAttributeData> attributes) => string.Concat(attributes
        .Where(attribute => s_toldAttributes.Contains(attribute.AttributeType.Name) && !IsCompilersOwn(attribute))
        .Select(attribute => $"[{attribute.AttributeType.Name[..^"Attribute".Length]}{(attribute.ConstructorArguments.Count > 0 ? $"({string.Join(", ", attribute.ConstructorArguments.Select(one => Literal(one.Value)))})" : "")}] ")
        .Order(StringComparer.Ordinal));

    /// <summary>The compiler marks what older compilers must not use: ref structs, required members.</summary>
    private static bool IsCompilersOwn(CustomAttributeData attribute) =>
        attribute.AttributeType == typeof(ObsoleteAttribute) && attribute.ConstructorArguments is [{ Value: string text }, ..] && text.Contains("not supported in this version of your compiler", StringComparison.Ordinal);

    private static string Access(MethodBase method) => method.IsPublic ? "" : "protected ";

    private static bool IsSeen(MethodBase method) => method.IsPublic || ((method.IsFamily || method.IsFamilyOrAssembly) && !method.DeclaringType!.IsSealed);

    /// <summary>Not what the compiler adds to records.</summary>
    private static bool IsWritten(MemberInfo member) => !Has<CompilerGeneratedAttribute>(member) && !member.Name.Contains('<', StringComparison.Ordinal)
        && (member as PropertyInfo)?.GetMethod?.Name is not "get_EqualityContract";

    private static bool Has<T>(MemberInfo member)
        where T : Attribute => member.IsDefined(typeof(T), inherit: false);

    private static bool Has<T>(ParameterInfo parameter)
        where T : Attribute => parameter.IsDefined(typeof(T), inherit: false);
}
