namespace AmqpToolkit.Generator.Linking;

/// <summary>
/// Names of C# that emitted code uses without a namespace before them. A type of a definition that took one of them would hide what is meant, and a
/// member would where a name stands before a dot.
/// </summary>
internal sealed class ReservedNames
{
    private readonly HashSet<string> _files;
    private readonly HashSet<string> _types;
    private readonly HashSet<string> _members;

    private ReservedNames(string[] files, string[] types, string[] members, string[] called)
    {
        _files = new HashSet<string>([.. files, "Descriptions"], StringComparer.OrdinalIgnoreCase);
        _types = new HashSet<string>([.. types, .. s_types, .. called, .. s_called], StringComparer.Ordinal);
        _members = new HashSet<string>([.. members, .. OfEveryType], StringComparer.Ordinal);
        Called = new HashSet<string>([.. called, .. s_called], StringComparer.Ordinal);
    }

    private const string Discard = "_";

    /// <summary>Members that every type of C# has, or a record besides.</summary>
    public static readonly string[] OfEveryType =
    [
        "Equals", "GetHashCode", "GetType", "ToString", "MemberwiseClone", "Finalize", "ReferenceEquals", "PrintMembers", "Deconstruct", "EqualityContract", "Clone",
    ];

    private static readonly string[] s_types =
    [
        "ReadOnlySpan", "Span", "GeneratedCode", "GeneratedCodeAttribute", "IReadOnlyList", "ShapeDescription", "ChoicesDescription", "InvalidOperationException",
    ];

    private static readonly string[] s_called = ["DecodeError", "LongString", "ShapeKind", "SizeBound"];

    /// <summary>Of 0-8, 0-9 and 0-9-1.</summary>
    public static readonly ReservedNames Classic = new(
        ["Constants", "Methods", "FieldValueTags", "ServerMethods", "ClientMethods", "IServerMethodHandler", "IClientMethodHandler"],
        ["AssertViolation", "IMethod", "MethodInfo", "Table"],
        ["MethodKey", "OverheadOctets", "MaxOctets", "ClassId", "KnownFlags", "IsTextValid"],
        ["ErrorScope", "ShortString", "TableView", "WireReader", "WireWriter"]);

    /// <summary>Of 0-10.</summary>
    public static readonly ReservedNames Command = new(
        [
            "Constants", "TypeCodes", "Structs", "Commands", "Controls", "ServerCommands", "ClientCommands", "ServerControls", "ClientControls",
            "IServerCommandHandler", "IClientCommandHandler", "IServerControlHandler", "IClientControlHandler",
        ],
        [
            "ByteRanges", "ByteRangesView", "CommandInfo", "Guid", "ICommand", "IControl", "IPacked", "PackedArrayView", "PackedListView", "PackedMapView",
            "PackedStructView", "PackedValue", "SequenceSet", "SequenceSetView",
        ],
        ["Code", "SizeOctets", "TryParse", "ToOwned", "MaxOctets", "Write", "IsComplete", "IsTextValid", "Present", "Default"],
        ["PackedReader", "PackedWriter"]);

    /// <summary>Of 1.0.</summary>
    public static readonly ReservedNames Type = new(
        ["Constants", "Constructors", "Descriptors"],
        ["EncodedArrayView", "EncodedListView", "EncodedMapView", "Guid", "IDescribedType", "MultipleView", "Rune", "UInt128"],
        ["DescriptorCode", "DescriptorSymbol", "TryParse", "ToOwned", "MaxOctets", "Write", "ReadFields", "Value", "Known", "TryGetKnown", "Texts"],
        ["AmqpReader", "AmqpType", "AmqpWriter", "BitOperations", "CompositeReader", "CompositeWriter", "DescriptorReader", "EncodedValue", "EncodedValueView"]);

    /// <summary>What stands before a dot in the bodies of emitted types.</summary>
    public HashSet<string> Called { get; }

    /// <summary>Whether no type of a definition can have the name.</summary>
    public bool IsReserved(string typeName) => _files.Contains(typeName) || _types.Contains(typeName) || _members.Contains(typeName);

    /// <summary>Whether a part of a namespace would hide a type that emitted code means, whatever the grammar.</summary>
    public static bool IsReservedInNamespaces(string part) => part == Discard || Classic._types.Contains(part) || Command._types.Contains(part) || Type._types.Contains(part);
}
