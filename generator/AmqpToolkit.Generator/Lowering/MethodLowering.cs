using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Linking;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>Lays the fields of one method out on the wire.</summary>
internal sealed class MethodLowering
{
    private const int BitsPerOctet = 8;

    private static readonly string[] s_members =
    [
        "MethodKey", "TryParse", "IsTextValid", "Validate", "ToOwned", "MaxOctets", "OverheadOctets", "Write", .. ReservedNames.OfEveryType, .. ReservedNames.Classic.Called,
    ];

    private static readonly HashSet<string> s_locals = new(StringComparer.Ordinal) { "buffer", "at", "view", "arguments", "error", "end" };

    private readonly string[] _names;
    private readonly string[] _parameters;
    private readonly List<MemberPlan> _members = [];
    private readonly List<ReadStep> _reads = [];
    private readonly List<WriteStep> _writes = [];

    // Reading: the place that was reached, from the end of the last variable field.
    private Position _at = new(null, 0);

    // Writing: the same, from the start of the method.
    private int _offset = Widths.MethodKeyOctets;
    private bool _afterVariable;

    // The octet of bits that is being filled.
    private List<int>? _bits;
    private Position _bitsAt = new(null, 0);

    private int _overhead = Widths.MethodKeyOctets;

    private MethodLowering(string typeName, List<FieldModel> fields)
    {
        FieldModel[] exposed = fields.Where(field => !field.Reserved).ToArray();
        var reserved = new HashSet<string>([.. s_members, typeName, typeName + "View"], StringComparer.Ordinal);
        _names = MemberNames.Assign(exposed.Select(field => CSharpName.Pascal(field.Name)).ToArray(), reserved);
        _parameters = MemberNames.Assign(exposed.Select(field => CSharpName.Camel(field.Name)).ToArray(), s_locals);
    }

    public static MethodPlan Lower(ClassModel owner, MethodModel method)
    {
        string typeName = CSharpName.Pascal(owner.Name) + CSharpName.Pascal(method.Name);
        List<FieldModel> fields = Expand(method.Fields);
        var lowering = new MethodLowering(typeName, fields);
        foreach (FieldModel field in fields)
        {
            lowering.Add(field);
        }

        lowering.EndBits();
        return lowering.Plan(typeName, owner, method, fields);
    }

    /// <summary>0-9's content is two fields to us: what kind of body follows, and the body.</summary>
    private static List<FieldModel> Expand(IEnumerable<FieldModel> fields)
    {
        var expanded = new List<FieldModel>();
        foreach (FieldModel field in fields)
        {
            if (field.Wire == WireType.Content)
            {
                string label = $"0: {field.Name} is the content itself; 1: {field.Name} names a content that was opened before";
                expanded.Add(new FieldModel(field.Name + "-kind", WireType.Octet, field.Reserved, label, default));
                expanded.Add(field with { Wire = WireType.LongString });
            }
            else
            {
                expanded.Add(field);
            }
        }

        return expanded;
    }

    private static string Layout(List<FieldModel> fields) =>
        fields.Count == 0 ? "no arguments" : string.Join(", ", fields.Select(field => $"{field.Name} {BaseTypes.NameOf(field.Wire)}"));

    private MethodPlan Plan(string typeName, ClassModel owner, MethodModel method, List<FieldModel> fields)
    {
        string? last = _reads.Count == 0 ? null : _reads[_reads.Count - 1].EndName;
        bool bounded = _reads.All(read => read.PrefixOctets == 1 || fields.Any(field => field.Reserved && field.Name == read.RawName));
        int variable = _members.Count(member => member.Wire == WireType.ShortString) * Widths.MaxShortStringOctets;
        return new MethodPlan(
            typeName,
            $"{owner.Name}.{method.Name}",
            ((uint)owner.Index << 16) | (uint)method.Index,
            method.Label,
            method.Deprecated,
            Layout(fields),
            _members.Select(member => Resolve(member, last)).ToEquatableArray(),
            _reads.ToEquatableArray(),
            _at,
            StoredEnds(last).ToEquatableArray(),
            _writes.ToEquatableArray(),
            _offset,
            _overhead,
            bounded ? _overhead + variable : null);
    }

    /// <summary>The last variable field needs no stored end: nothing but a fixed run comes after it, so it is found from the end.</summary>
    private MemberPlan Resolve(MemberPlan member, string? last)
    {
        Position Rebase(Position position) =>
            last is not null && position.After == last ? new Position(null, _at.Octets - position.Octets, FromEnd: true) : position;

        return member with { At = Rebase(member.At), To = member.To is null ? null : Rebase(member.To) };
    }

    private List<string> StoredEnds(string? last)
    {
        var used = new HashSet<string>(
            _members.SelectMany(member => new[] { member.At.After, member.To?.After }).OfType<string>(),
            StringComparer.Ordinal);
        return _reads.Select(read => read.EndName).Where(end => end != last && used.Contains(end)).ToList();
    }

    private void Add(FieldModel field)
    {
        if (field.Wire == WireType.Bit)
        {
            AddBit(field);
            return;
        }

        EndBits();
        if (Widths.IsVariable(field.Wire))
        {
            AddVariable(field);
            return;
        }

        int octets = Widths.Of(field.Wire);
        var members = new List<int>();
        if (!field.Reserved)
        {
            members.Add(AddMember(field, _at, null, 0));
        }

        _writes.Add(new WriteStep(FixedKind(field), _offset, _afterVariable, members.ToEquatableArray(), field.Name));
        Advance(octets);
    }

    private static WriteKind FixedKind(FieldModel field) => Widths.Of(field.Wire) switch
    {
        1 => field.Reserved ? WriteKind.ZeroOctet : WriteKind.Octet,
        2 => field.Reserved ? WriteKind.ZeroShort : WriteKind.Short,
        4 => field.Reserved ? WriteKind.ZeroLong : WriteKind.Long,
        _ => field.Reserved ? WriteKind.ZeroLongLong : WriteKind.LongLong,
    };

    private void Advance(int octets)
    {
        _at = _at.Plus(octets);
        _offset += octets;
        _overhead += octets;
    }

    private void AddBit(FieldModel field)
    {
        if (_bits is null)
        {
            _bits = [];
            _bitsAt = _at;
        }

        _bits.Add(field.Reserved ? -1 : AddMember(field, _bitsAt, null, 1 << _bits.Count));
        if (_bits.Count == BitsPerOctet)
        {
            EndBits();
        }
    }

    private void EndBits()
    {
        if (_bits is null)
        {
            return;
        }

        _writes.Add(
            _bits.All(bit => bit < 0)
                ? new WriteStep(WriteKind.ZeroOctet, _offset, _afterVariable, default, "reserved bits")
                : new WriteStep(WriteKind.Bits, _offset, _afterVariable, _bits.ToEquatableArray(), "bits"));
        _bits = null;
        Advance(1);
    }

    private void AddVariable(FieldModel field)
    {
        int prefix = Widths.Of(field.Wire);
        var read = new ReadStep(CSharpName.Camel(field.Name), field.Name, _at, prefix, field.Wire == WireType.Table);
        _reads.Add(read);
        var end = new Position(read.EndName, 0);
        if (field.Reserved)
        {
            _writes.Add(new WriteStep(prefix == 1 ? WriteKind.ZeroOctet : WriteKind.ZeroLong, _offset, _afterVariable, default, field.Name));
            _offset += prefix;
        }
        else
        {
            int member = AddMember(field, _at.Plus(prefix), end, 0);
            WriteKind kind = field.Wire switch
            {
                WireType.ShortString => WriteKind.ShortString,
                WireType.LongString => WriteKind.LongString,
                _ => WriteKind.Table,
            };
            _writes.Add(new WriteStep(kind, _offset, _afterVariable, new([member]), field.Name));
            _offset = 0;
            _afterVariable = true;
        }

        _overhead += prefix;
        _at = end;
    }

    private int AddMember(FieldModel field, Position at, Position? to, int bitMask)
    {
        _members.Add(new MemberPlan(
            _names[_members.Count],
            CSharpName.Parameter(_parameters[_members.Count]),
            field.Name,
            field.Wire,
            field.Label,
            at,
            to,
            bitMask,
            field.Checks));
        return _members.Count - 1;
    }
}
