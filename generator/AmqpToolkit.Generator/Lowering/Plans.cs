using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Linking;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>A place in the arguments of a method: so many octets after an anchor, or before the end.</summary>
/// <param name="After">Name of the end of the variable field that comes before; null for the start of the arguments.</param>
/// <param name="Octets">Distance from there, or from the end.</param>
/// <param name="FromEnd">The distance is counted back from the end of the arguments.</param>
internal sealed record Position(string? After, int Octets, bool FromEnd = false)
{
    public Position Plus(int octets) => this with { Octets = FromEnd ? Octets - octets : Octets + octets };
}

/// <summary>How one method lies on the wire, is read and is written. All offsets and masks are decided here.</summary>
/// <param name="TypeName">Name of the owned type; the view's is this and <c>View</c>.</param>
/// <param name="Name">The spec's name, <c>basic.publish</c>.</param>
/// <param name="Key">Class id and method id.</param>
/// <param name="Label">What it does, in words.</param>
/// <param name="Deprecated">The definition advises against it.</param>
/// <param name="Layout">The arguments on the wire, in words.</param>
/// <param name="Members">What the types expose, in wire order.</param>
/// <param name="Reads">The variable fields, in wire order: what a parser has to walk.</param>
/// <param name="End">Where the arguments end.</param>
/// <param name="StoredEnds">Ends of variable fields that accessors need.</param>
/// <param name="Writes">Steps of the writer.</param>
/// <param name="WriteTail">Fixed octets after the last variable field that is written.</param>
/// <param name="OverheadOctets">Everything but the contents of variable fields, with class and method id.</param>
/// <param name="MaxOctets">Greatest size, or null when a field has no bound of its own.</param>
internal sealed record MethodPlan(
    string TypeName,
    string Name,
    uint Key,
    string? Label,
    bool Deprecated,
    string Layout,
    EquatableArray<MemberPlan> Members,
    EquatableArray<ReadStep> Reads,
    Position End,
    EquatableArray<string> StoredEnds,
    EquatableArray<WriteStep> Writes,
    int WriteTail,
    int OverheadOctets,
    int? MaxOctets);

/// <summary>A field that the types expose.</summary>
/// <param name="Name">Name of the property.</param>
/// <param name="Parameter">Name of the parameter.</param>
/// <param name="RawName">The spec's name.</param>
/// <param name="Wire">Its type.</param>
/// <param name="Label">What it is, in words.</param>
/// <param name="At">Where its value begins; the contents, for a variable field.</param>
/// <param name="To">Where its contents end, for a variable field.</param>
/// <param name="BitMask">Its bit of the octet, for a bit.</param>
/// <param name="Checks">What <c>Validate</c> checks.</param>
internal sealed record MemberPlan(
    string Name,
    string Parameter,
    string RawName,
    WireType Wire,
    string? Label,
    Position At,
    Position? To,
    int BitMask,
    EquatableArray<CheckModel> Checks);

/// <summary>Walks over one variable field: the fixed run ahead of it and its prefix are checked at once.</summary>
/// <param name="Local">Stem of the local variables.</param>
/// <param name="RawName">The spec's name.</param>
/// <param name="Prefix">Where its length stands.</param>
/// <param name="PrefixOctets">1 or 4.</param>
/// <param name="IsTable">Its contents are walked, too.</param>
internal sealed record ReadStep(string Local, string RawName, Position Prefix, int PrefixOctets, bool IsTable)
{
    public string EndName => Local + "End";
}

/// <summary>Writes one field, or one octet of bits.</summary>
/// <param name="Kind">What is written.</param>
/// <param name="Offset">Distance from the end of the last variable field that was written, or from the start.</param>
/// <param name="AfterVariable">Whether there was such a field.</param>
/// <param name="Members">Indexes of the members; -1 for a reserved bit.</param>
/// <param name="RawName">The spec's name.</param>
internal sealed record WriteStep(WriteKind Kind, int Offset, bool AfterVariable, EquatableArray<int> Members, string RawName);

internal enum WriteKind
{
    ZeroOctet,
    ZeroShort,
    ZeroLong,
    ZeroLongLong,
    Bits,
    Octet,
    Short,
    Long,
    LongLong,
    ShortString,
    LongString,
    Table,
}

/// <summary>The content properties of a class.</summary>
internal sealed record PropertiesPlan(
    string TypeName,
    string ClassName,
    int ClassId,
    EquatableArray<PropertyPlan> Properties,
    int KnownFlags,
    string Layout);

/// <summary>One content property.</summary>
/// <param name="Name">Name of the C# property.</param>
/// <param name="Field">Name of the C# field.</param>
/// <param name="RawName">The spec's name.</param>
/// <param name="Wire">Its type.</param>
/// <param name="Label">What it is, in words.</param>
/// <param name="Flag">Its bit of the flag word.</param>
/// <param name="FixedOctets">Octets on the wire without variable contents.</param>
internal sealed record PropertyPlan(string Name, string Field, string RawName, WireType Wire, string? Label, int Flag, int FixedOctets);
