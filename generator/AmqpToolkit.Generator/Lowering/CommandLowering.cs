using System.Globalization;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Linking;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>Turns an edition of the command grammar into the plans of its files.</summary>
internal static class CommandLowering
{
    private static readonly string[] s_taken = ["Code", "SizeOctets", "HasCode", "TryParse", "ToOwned", "MaxOctets", "Write", "IsComplete", "Default", "ToString", "Equals", "GetHashCode"];

    public static IEnumerable<Unit> Lower(CommandEdition edition, CancellationToken cancellationToken)
    {
        foreach (PackedModel model in edition.Packed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return Packed(edition, model);
        }

        foreach (ChoicesModel choices in edition.Enumerations)
        {
            string[] path = choices.Name.Split('.');
            string name = CSharpName.Pascal(path.Length == 2 && !path[1].StartsWith(path[0] + "-", StringComparison.Ordinal) ? $"{path[0]}-{path[1]}" : path[path.Length - 1]);
            yield return new ChoicesUnit(
                edition.Namespace,
                edition.Edition,
                Hint(edition, name),
                name,
                choices.Name,
                choices.Label,
                choices.Primitive,
                choices.Items.Select(item => new ChoicePlan(CSharpName.Pascal(item.Name), item.Name, item.Value, item.Label)).ToEquatableArray());
        }

        yield return Names(edition, PackedKind.Command, "Commands", "command");
        yield return Names(edition, PackedKind.Control, "Controls", "control");
        yield return Names(edition, PackedKind.Struct, "Structs", "struct");
        IEnumerable<DefinitionPlan> constants = edition.Constants.Select(item => new DefinitionPlan(CSharpName.Constant(item.Name), item.Name, "uint", item.Value, item.Label));
        yield return new DefinitionsUnit(edition.Namespace, edition.Edition, Hint(edition, "Constants"), "Constants", "The constants of", constants.ToEquatableArray());
        IEnumerable<DefinitionPlan> types = edition.Types
            .Where(type => type.Code is not null)
            .OrderBy(type => type.Code)
            .Select(type => new DefinitionPlan(CSharpName.Pascal(type.Name), type.Name, "byte", Hex(type.Code!.Value, "X2"), type.FixedOctets is { } octets ? $"{type.Name}: {octets} octets" : $"{type.Name}: a length of {type.LengthOctets} octets, then as many octets"));
        yield return new DefinitionsUnit(edition.Namespace, edition.Edition, Hint(edition, "TypeCodes"), "TypeCodes", "The codes of the types of", types.ToEquatableArray());
    }

    private static string Hint(CommandEdition edition, string name) => $"{edition.Namespace}.{name}.g.cs";

    private static string Hex(int value, string format) => "0x" + value.ToString(format, CultureInfo.InvariantCulture);

    private static CommandNamesUnit Names(CommandEdition edition, PackedKind kind, string typeName, string word) => new(
        edition.Namespace,
        edition.Edition,
        Hint(edition, typeName),
        typeName,
        word,
        edition.Packed
            .Where(model => model.Kind == kind && model.Code is not null)
            .OrderBy(model => model.Code)
            .Select(model => new DefinitionPlan(model.TypeName, $"{model.Class}.{model.Name}", "ushort", Hex(model.Code!.Value, "X4"), model.Label))
            .ToEquatableArray());

    private static PackedUnit Packed(CommandEdition edition, PackedModel model)
    {
        PackedMember[] members = model.Fields.Select(field => Member(model, field)).ToArray();
        uint required = 0;
        uint known = 0;
        for (int i = 0; i < members.Length; i++)
        {
            // Without presence bits everything is there.
            uint bit = i < 32 ? 1u << i : 0;
            known |= bit;
            required |= members[i].Model.Required && members[i].Shape != PackedShape.Bit ? bit : 0;
        }

        int fixedOctets = model.PackOctets + members.Sum(member => member.Octets + (member.Shape == PackedShape.Struct && member.Model.Struct!.HasCode ? 2 : 0));
        return new PackedUnit(edition.Namespace, edition.Edition, Hint(edition, model.TypeName), model, members.ToEquatableArray(), known, required, fixedOctets);
    }

    private static PackedMember Member(PackedModel owner, PackedFieldModel field)
    {
        string name = CSharpName.Pascal(field.Name);
        if (s_taken.Contains(name, StringComparer.Ordinal) || name == owner.TypeName)
        {
            name += "Value";
        }

        string camel = CSharpName.Camel(field.Name);
        if (field.Struct is { } reference)
        {
            return new PackedMember(name, camel, PackedShape.Struct, reference.TypeName, "", reference.SizeOctets, field);
        }

        WireTypeModel wire = field.Wire!;
        if (wire.LengthOctets is { } length)
        {
            return new PackedMember(name, camel, PackedShape.Variable, "", "", length, field);
        }

        (string type, string suffix) = wire.Name switch
        {
            "bit" => ("bool", ""),
            "bin8" or "uint8" or "char" => ("byte", "UInt8"),
            "int8" => ("sbyte", "Int8"),
            "boolean" => ("bool", "Boolean"),
            "bin16" or "uint16" => ("ushort", "UInt16"),
            "int16" => ("short", "Int16"),
            "bin32" or "uint32" or "char-utf32" or "sequence-no" => ("uint", "UInt32"),
            "int32" => ("int", "Int32"),
            "bin64" or "uint64" or "datetime" => ("ulong", "UInt64"),
            "int64" => ("long", "Int64"),
            "float" => ("float", "Float"),
            "double" => ("double", "Double"),
            "uuid" => ("Guid", "Uuid"),
            _ => ("", ""),
        };
        int octets = wire.FixedOctets ?? 0;
        bool fits = octets == Width(suffix);
        PackedShape shape = wire.Name == "bit" ? PackedShape.Bit : suffix.Length == 0 || !fits ? PackedShape.Fixed : PackedShape.Scalar;
        return new PackedMember(name, camel, shape, type, suffix, octets, field);
    }

    private static int Width(string suffix) => suffix switch
    {
        "UInt8" or "Int8" or "Boolean" => 1,
        "UInt16" or "Int16" => 2,
        "UInt32" or "Int32" or "Float" => 4,
        "UInt64" or "Int64" or "Double" => 8,
        "Uuid" => 16,
        _ => -1,
    };
}
