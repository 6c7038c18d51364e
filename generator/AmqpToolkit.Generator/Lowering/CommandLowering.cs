using System.Globalization;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Linking;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>Turns an edition of the command grammar into the plans of its files.</summary>
internal static class CommandLowering
{
    private static readonly string[] s_taken =
    [
        "Code", "SizeOctets", "HasCode", "TryParse", "ToOwned", "MaxOctets", "Write", "IsComplete", "IsTextValid", "Present", "Default", .. ReservedNames.OfEveryType, .. ReservedNames.Command.Called,
    ];

    private static readonly HashSet<string> s_fields = new(StringComparer.Ordinal) { "_source", "_present" };

    private static readonly HashSet<string> s_codes = new(
        ["Structs", "Controls", "Commands", "TryGetInfo", "NameOf", "WhyNotReceived", "DecodeError", "CommandInfo", .. ReservedNames.OfEveryType], StringComparer.Ordinal);

    private static readonly HashSet<string> s_constants = new(["Constants", "TypeCodes", .. ReservedNames.OfEveryType], StringComparer.Ordinal);

    private static readonly (PackedKind Kind, string Word)[] s_kinds = [(PackedKind.Control, "control"), (PackedKind.Command, "command")];

    public static IEnumerable<Unit> Lower(CommandEdition edition, CancellationToken cancellationToken)
    {
        foreach (PackedModel model in edition.Packed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return Packed(edition, model);
        }

        foreach (ChoicesModel choices in edition.Enumerations)
        {
            yield return new ChoicesUnit(
                edition.Namespace,
                edition.Edition,
                Hint(edition, choices.TypeName),
                choices.TypeName,
                choices.Name,
                choices.Label,
                choices.Primitive,
                choices.Items.Select(item => new ChoicePlan(CSharpName.Pascal(item.Name), item.Name, item.Value, item.Label)).ToEquatableArray());
        }

        yield return Names(edition);
        foreach ((PackedKind kind, string word) in s_kinds)
        {
            yield return Infos(edition, kind, word);
            yield return Dispatch(edition, kind, word, "server");
            yield return Dispatch(edition, kind, word, "client");
        }

        DefinitionPlan[] constants = Definitions(edition.Constants, item => CSharpName.Constant(item.Name), (item, name) => new DefinitionPlan(name, item.Name, "uint", item.Value, item.Label));
        yield return new DefinitionsUnit(edition.Namespace, edition.Edition, Hint(edition, "Constants"), "Constants", "The constants of", constants.ToEquatableArray());
        DefinitionPlan[] types = Definitions(
            edition.Types.Where(type => type.Code is not null).OrderBy(type => type.Code),
            type => CSharpName.Pascal(type.Name),
            (type, name) => new DefinitionPlan(name, type.Name, "byte", Hex(type.Code!.Value, "X2"), TypeLabel(type)));
        yield return new DefinitionsUnit(edition.Namespace, edition.Edition, Hint(edition, "TypeCodes"), "TypeCodes", "The codes of the types of", types.ToEquatableArray());
    }

    private static string TypeLabel(WireTypeModel type) => type.FixedOctets is { } octets ? $"{type.Name}: {octets} octets" : $"{type.Name}: a length of {type.LengthOctets} octets, then as many octets";

    private static string Hint(CommandEdition edition, string name) => $"{edition.Namespace}.{name}.g.cs";

    private static string Hex(int value, string format) => "0x" + value.ToString(format, CultureInfo.InvariantCulture);

    private static CommandNamesUnit Names(CommandEdition edition)
    {
        PackedModel[] structs = OfKind(edition, PackedKind.Struct).ToArray();
        string[] names = CodeNames(structs);
        return new CommandNamesUnit(
            edition.Namespace,
            edition.Edition,
            Hint(edition, "Structs"),
            "Structs",
            "struct",
            structs.Select((model, index) => new DefinitionPlan(names[index], $"{model.Class}.{model.Name}", "ushort", Hex(model.Code!.Value, "X4"), model.Label)).ToEquatableArray());
    }

    /// <summary>Constants with the codes of types are called as these are.</summary>
    private static string[] CodeNames(PackedModel[] models) => MemberNames.Assign(models.Select(model => model.TypeName).ToArray(), s_codes);

    private static DefinitionPlan[] Definitions<T>(IEnumerable<T> items, Func<T, string> nameOf, Func<T, string, DefinitionPlan> plan)
    {
        T[] all = items.ToArray();
        string[] names = MemberNames.Assign(all.Select(nameOf).ToArray(), s_constants);
        return all.Select((item, index) => plan(item, names[index])).ToArray();
    }

    private static IEnumerable<PackedModel> OfKind(CommandEdition edition, PackedKind kind) =>
        edition.Packed.Where(model => model.Kind == kind && model.Code is not null).OrderBy(model => model.Code);

    /// <summary>The sender and the receiver of a session are either end.</summary>
    private static bool Receives(PackedModel model, string role) => model.Receivers.Any(receiver => receiver == role || receiver is "sender" or "receiver");

    private static CommandInfosUnit Infos(CommandEdition edition, PackedKind kind, string word)
    {
        string typeName = CSharpName.Pascal(word) + "s";
        PackedModel[] models = OfKind(edition, kind).ToArray();
        string[] names = CodeNames(models);
        IEnumerable<CommandFacts> facts = models.Select((model, index) => new CommandFacts(
            names[index],
            $"{model.Class}.{model.Name}",
            model.Label,
            model.Code!.Value,
            model.Header.Count != 0,
            model.HasBody,
            Receives(model, "server"),
            Receives(model, "client"),
            edition.Packed.FirstOrDefault(other => other.TypeName == model.Result)?.Code ?? 0));
        IEnumerable<int> classes = models.Select(model => model.Code!.Value >> 8).Distinct();
        return new CommandInfosUnit(edition.Namespace, edition.Edition, Hint(edition, typeName), typeName, word, facts.ToEquatableArray(), classes.ToEquatableArray());
    }

    private static CommandDispatchUnit Dispatch(CommandEdition edition, PackedKind kind, string word, string role)
    {
        string name = CSharpName.Pascal(role) + CSharpName.Pascal(word);
        IEnumerable<HandlerPlan> handlers = OfKind(edition, kind)
            .Where(model => Receives(model, role))
            .GroupBy(model => model.Class, StringComparer.Ordinal)
            .Select(group => new HandlerPlan(
                $"I{CSharpName.Pascal(group.Key)}{name}Handler",
                role,
                group.Key,
                group.Select(model => new HandledMethod(model.TypeName, $"{model.Class}.{model.Name}", model.Label)).ToEquatableArray()));
        return new CommandDispatchUnit(
            edition.Namespace,
            edition.Edition,
            Hint(edition, name + "s"),
            name + "s",
            $"I{name}Handler",
            role,
            word,
            CSharpName.Pascal(word) + "s",
            handlers.ToEquatableArray());
    }

    private static PackedUnit Packed(CommandEdition edition, PackedModel model)
    {
        string[] names = Names(model);
        string[] fields = MemberNames.Assign(
            model.Fields.Select(field => CSharpName.Camel(field.Name)).ToArray(), (_, name) => s_fields.Contains(name), name => [$"_{name}", $"_{name}At"]);
        PackedMember[] members = model.Fields.Select((field, index) => Member(field, names[index], fields[index])).ToArray();
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

    /// <summary>Views of structs are called by name, which a member must not have, either.</summary>
    private static string[] Names(PackedModel model)
    {
        IEnumerable<string> views = model.Fields.Where(field => field.Struct is not null).Select(field => field.Struct!.TypeName + "View");
        var reserved = new HashSet<string>([.. s_taken, .. views, model.TypeName, model.TypeName + "View"], StringComparer.Ordinal);
        return MemberNames.Assign(model.Fields.Select(field => CSharpName.Pascal(field.Name)).ToArray(), (_, name) => reserved.Contains(name), name => [name, "Has" + name]);
    }

    private static PackedMember Member(PackedFieldModel field, string name, string camel)
    {
        if (field.Struct is { } reference)
        {
            return new PackedMember(name, camel, PackedShape.Struct, reference.TypeName, "", reference.SizeOctets, field);
        }

        WireTypeModel wire = field.Wire!;
        if (wire.LengthOctets is { } length)
        {
            (string owned, string compound) = (wire.Name, length) switch
            {
                ("map", 4) => ("PackedValue", "Map"),
                ("list", 4) => ("PackedValue", "List"),
                ("array", 4) => ("PackedValue", "Array"),
                ("struct32", 4) => ("PackedValue", "Struct32"),
                ("sequence-set", 2) => ("SequenceSet", "SequenceSet"),
                ("byte-ranges", 2) => ("ByteRanges", "ByteRanges"),
                _ => ("", ""),
            };
            return new PackedMember(name, camel, compound.Length == 0 ? PackedShape.Variable : PackedShape.Compound, owned, compound, length, field);
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
