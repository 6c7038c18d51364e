using System.Reflection;
using System.Runtime.CompilerServices;

namespace AmqpToolkit.Packages.Tests;

/// <summary>
/// Types as C# writes them, with what may be null and how the elements of tuples are called: <c>System.Collections.Generic.IReadOnlyList&lt;(string? Name, T? Value)&gt;</c>. Both are notes of the compiler beside the type
/// (docs/features/nullable-metadata.md of Roslyn): a flag for each part of it, outside first. The platform's <see cref="NullabilityInfoContext"/> cannot tell <c>T</c> from <c>T?</c>.
/// </summary>
internal static class TypeNames
{
    private static readonly Dictionary<Type, string> s_keywords = new()
    {
        [typeof(void)] = "void", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(bool)] = "bool", [typeof(char)] = "char",
        [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short", [typeof(ushort)] = "ushort", [typeof(int)] = "int", [typeof(uint)] = "uint",
        [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(nint)] = "nint", [typeof(nuint)] = "nuint", [typeof(float)] = "float", [typeof(double)] = "double", [typeof(decimal)] = "decimal",
    };

    public static string Of(Type type) => new Notes([], null).Of(type);

    public static string Of(ParameterInfo parameter)
    {
        // The parameters of an indexer are those of its accessor.
        MemberInfo member = parameter.Member is PropertyInfo property ? property.GetMethod ?? property.SetMethod! : parameter.Member;
        return new Notes(parameter.GetCustomAttributesData(), member).Of(parameter.ParameterType, isReturned: parameter.Position < 0);
    }

    public static string Of(PropertyInfo property) => new Notes(property.GetCustomAttributesData(), property.DeclaringType).Of(property.PropertyType);

    public static string Of(FieldInfo field) => new Notes(field.GetCustomAttributesData(), field.DeclaringType).Of(field.FieldType);

    public static string Of(EventInfo one) => new Notes(one.GetCustomAttributesData(), one.DeclaringType).Of(one.EventHandlerType!);

    /// <summary>Whether a type parameter takes what may be null: 1 for no, 2 for yes, 0 where nothing is said.</summary>
    public static byte FlagOf(Type parameter) => new Notes(parameter.GetCustomAttributesData(), (MemberInfo?)parameter.DeclaringMethod ?? parameter.DeclaringType).Flag();

    /// <summary>What stands beside one type, read in its order.</summary>
    private sealed class Notes
    {
        private const byte MayBeNull = 2;

        private readonly byte[] _flags;
        private readonly string?[] _names;
        private readonly byte _usual;
        private int _flag;
        private int _name;

        public Notes(IList<CustomAttributeData> attributes, MemberInfo? within)
        {
            _flags = Argument(attributes, nameof(NullableAttribute)) switch
            {
                byte flag => [flag],
                IReadOnlyCollection<CustomAttributeTypedArgument> flags => [.. flags.Select(flag => (byte)flag.Value!)],
                _ => [],
            };
            _names = Argument(attributes, nameof(TupleElementNamesAttribute)) is IReadOnlyCollection<CustomAttributeTypedArgument> names ? [.. names.Select(name => (string?)name.Value)] : [];
            for (; within is not null; within = within.DeclaringType)
            {
                if (Argument(within.GetCustomAttributesData(), nameof(NullableContextAttribute)) is byte usual)
                {
                    _usual = usual;
                    break;
                }
            }
        }

        /// <summary>The flag of the next part: of its own, or one for all, or what is usual there.</summary>
        public byte Flag()
        {
            int at = _flag++;
            return _flags.Length == 0 ? _usual : _flags.Length == 1 ? _flags[0] : _flags[at];
        }

        public string Of(Type type, bool isReturned = true)
        {
            if (type.IsByRef)
            {
                return $"{(isReturned ? "ref " : "")}{Of(type.GetElementType()!)}";
            }

            if (Nullable.GetUnderlyingType(type) is { } value)
            {
                return $"{Of(value)}?";
            }

            // Values have a flag where they have arguments, which says nothing.
            bool hasFlag = type.IsGenericParameter || !type.IsValueType || type.IsGenericType;
            bool mayBeNull = hasFlag && Flag() == MayBeNull;
            return Bare(type) + (mayBeNull ? "?" : "");
        }

        private string Bare(Type type)
        {
            if (s_keywords.TryGetValue(type, out string? keyword))
            {
                return keyword;
            }

            if (type.IsArray)
            {
                return $"{Of(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
            }

            if (type.IsPointer)
            {
                return $"{Of(type.GetElementType()!)}*";
            }

            return type.IsGenericParameter ? type.Name : IsTuple(type) ? Tuple(type.GetGenericArguments()) : Named(type);
        }

        private string Tuple(Type[] elements)
        {
            // The names of all come before those of tuples within.
            string?[] names = [.. elements.Select(_ => _names.Length > 0 ? _names[_name++] : null)];
            return $"({string.Join(", ", elements.Select((element, i) => names[i] is { } name ? $"{Of(element)} {name}" : Of(element)))})";
        }

        private string Named(Type type)
        {
            string[] arguments = [.. type.GetGenericArguments().Select(argument => Of(argument))];
            return type.IsNested || arguments.Length > 0 ? Nested(type, arguments) : $"{type.Namespace}.{type.Name}";
        }

        /// <summary>The arguments of a nested type begin with those of the types around it.</summary>
        private static string Nested(Type type, ReadOnlySpan<string> arguments)
        {
            int outer = type.DeclaringType?.GetGenericArguments().Length ?? 0;
            string before = type.DeclaringType is { } around ? Nested(around, arguments[..outer]) : type.Namespace!;
            string own = arguments.Length > outer ? $"<{string.Join(", ", arguments[outer..].ToArray())}>" : "";
            return $"{before}.{type.Name.Split('`')[0]}{own}";
        }

        /// <summary>One of more than seven elements is written as the type that it is.</summary>
        private static bool IsTuple(Type type) => type.IsGenericType && type.GetGenericArguments().Length < 8 && type is { Namespace: "System" } && type.Name.StartsWith("ValueTuple`", StringComparison.Ordinal);

        private static object? Argument(IList<CustomAttributeData> attributes, string name) =>
            attributes.FirstOrDefault(attribute => attribute.AttributeType.Name == name)?.ConstructorArguments[0].Value;
    }
}
