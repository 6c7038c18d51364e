using System.Reflection;

namespace AmqpToolkit.Packages.Tests;

/// <summary>Types as C# writes them, with what may be null: <c>System.Collections.Generic.IReadOnlyList&lt;string?&gt;</c>.</summary>
internal sealed class TypeNames
{
    private static readonly Dictionary<Type, string> s_keywords = new()
    {
        [typeof(void)] = "void", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(bool)] = "bool", [typeof(char)] = "char",
        [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short", [typeof(ushort)] = "ushort", [typeof(int)] = "int", [typeof(uint)] = "uint",
        [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(nint)] = "nint", [typeof(nuint)] = "nuint", [typeof(float)] = "float", [typeof(double)] = "double", [typeof(decimal)] = "decimal",
    };

    private readonly NullabilityInfoContext _nullability = new();

    public string Of(Type type) => Of(type, null, isRead: true);

    public string Of(ParameterInfo parameter) => Of(parameter.ParameterType, _nullability.Create(parameter), isRead: parameter.Position < 0);

    public string Of(PropertyInfo property) => Of(property.PropertyType, _nullability.Create(property), property.CanRead);

    public string Of(FieldInfo field) => Of(field.FieldType, _nullability.Create(field), isRead: true);

    public string Of(EventInfo one) => Of(one.EventHandlerType!, _nullability.Create(one), isRead: true);

    private static string Of(Type type, NullabilityInfo? nullability, bool isRead)
    {
        if (type.IsByRef)
        {
            return $"{(isRead ? "ref " : "")}{Of(type.GetElementType()!, nullability, isRead)}";
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return $"{Of(value, nullability?.GenericTypeArguments.FirstOrDefault(), isRead)}?";
        }

        bool mayBeNull = type is { IsValueType: false, IsGenericParameter: false } && (isRead ? nullability?.ReadState : nullability?.WriteState) == NullabilityState.Nullable;
        return Bare(type, nullability) + (mayBeNull ? "?" : "");
    }

    private static string Bare(Type type, NullabilityInfo? nullability)
    {
        if (s_keywords.TryGetValue(type, out string? keyword))
        {
            return keyword;
        }

        if (type.IsArray)
        {
            return $"{Of(type.GetElementType()!, nullability?.ElementType, isRead: true)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        if (type.IsPointer)
        {
            return $"{Of(type.GetElementType()!, null, isRead: true)}*";
        }

        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        Type[] arguments = type.GetGenericArguments();
        Type[] outer = type.DeclaringType?.GetGenericArguments() ?? [];
        string name = type.Name.Split('`')[0];
        string before = type.IsNested ? $"{Bare(arguments.Length > 0 && outer.Length > 0 ? type.DeclaringType!.MakeGenericType(arguments[..outer.Length]) : type.DeclaringType!, null)}." : $"{type.Namespace}.";
        string[] own = [.. arguments.Select((argument, i) => Of(argument, nullability?.GenericTypeArguments.ElementAtOrDefault(i), isRead: true)).Skip(outer.Length)];
        return before + name + (own.Length > 0 ? $"<{string.Join(", ", own)}>" : "");
    }
}
