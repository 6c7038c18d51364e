using System.Globalization;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Linking;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>Turns an edition of the type grammar into the plans of its files, one for each type.</summary>
internal static class TypeLowering
{
    /// <summary>Descriptor, constructor, size and count of a list, all in their longest form.</summary>
    private const int CompositeOverhead = 19;

    private static readonly string[] s_taken =
    [
        "DescriptorCode", "DescriptorSymbol", "TryParse", "ReadFields", "ToOwned", "MaxOctets", "Write", .. ReservedNames.OfEveryType, .. ReservedNames.Type.Called,
    ];

    private static readonly HashSet<string> s_fields = new(StringComparer.Ordinal) { "_source", "_present" };

    private static readonly string[] s_names = ["Known", "TryGetKnown", "Texts", "None", .. ReservedNames.OfEveryType];

    private static readonly HashSet<string> s_members = new(["None", "Unknown"], StringComparer.Ordinal);

    private static readonly HashSet<string> s_descriptors = new(["Descriptors", "Unknown", "CodeOf", .. ReservedNames.OfEveryType], StringComparer.Ordinal);

    private static readonly HashSet<string> s_constants = new(["Constants", "Constructors", .. ReservedNames.OfEveryType], StringComparer.Ordinal);

    public static IEnumerable<Unit> Lower(TypeEdition edition, CancellationToken cancellationToken)
    {
        foreach (CompositeModel composite in edition.Composites)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return Composite(edition, composite);
        }

        foreach (DescribedModel described in edition.DescribedValues)
        {
            string name = CSharpName.Pascal(described.Name);
            CompositeMember value = Member(new TypeFieldModel("value", described.Type.Primitive, described.Type, null, true, false, null, null, described.Label), "Value", "value");
            yield return new DescribedUnit(
                edition.Namespace, edition.Edition, Hint(edition, name), name, described.Name, described.Label, described.Descriptor, value);
        }

        foreach (ChoicesModel choices in edition.Choices)
        {
            yield return new ChoicesUnit(
                edition.Namespace,
                edition.Edition,
                Hint(edition, choices.TypeName),
                choices.TypeName,
                choices.Name,
                choices.Label,
                choices.Primitive,
                Choices(choices).ToEquatableArray());
        }

        foreach (UnionModel union in edition.Unions)
        {
            string name = "Any" + CSharpName.Pascal(union.Name);
            yield return new UnionUnit(
                edition.Namespace,
                edition.Edition,
                Hint(edition, name),
                name,
                union.Name,
                Members(union).ToEquatableArray(),
                union.StandsAlone ? $"I{CSharpName.Pascal(union.Name)}Handler" : null);
        }

        yield return Descriptors(edition);
        if (edition.Definitions.Count != 0)
        {
            string[] names = MemberNames.Assign(edition.Definitions.Select(definition => CSharpName.Constant(definition.Name)).ToArray(), s_constants);
            IEnumerable<DefinitionPlan> plans = edition.Definitions.Select((definition, index) => new DefinitionPlan(names[index], definition.Name, "uint", definition.Value, definition.Label));
            yield return new DefinitionsUnit(edition.Namespace, edition.Edition, Hint(edition, "Constants"), "Constants", "The constants of", plans.ToEquatableArray());
        }

        if (edition.Encodings.Count != 0)
        {
            EncodingModel[] encodings = edition.Encodings.OrderBy(encoding => encoding.Code).ToArray();
            string[] names = MemberNames.Assign(encodings.Select(encoding => CSharpName.Pascal(encoding.Name)).ToArray(), s_constants);
            IEnumerable<DefinitionPlan> plans = encodings
                .Select((encoding, index) => new DefinitionPlan(names[index], encoding.Name, "byte", "0x" + encoding.Code.ToString("X2", CultureInfo.InvariantCulture), EncodingLabel(encoding)));
            yield return new DefinitionsUnit(edition.Namespace, edition.Edition, Hint(edition, "Constructors"), "Constructors", "The constructors of the primitive types of", plans.ToEquatableArray());
        }
    }

    private static string Hint(TypeEdition edition, string name) => $"{edition.Namespace}.{name}.g.cs";

    private static string EncodingLabel(EncodingModel encoding) => encoding.Category switch
    {
        "fixed" => $"{encoding.Type}: {encoding.Width} octets",
        "variable" => $"{encoding.Type}: a length of {encoding.Width} octets, then as many octets",
        "compound" => $"{encoding.Type}: size and count of {encoding.Width} octets, then values",
        _ => $"{encoding.Type}: size and count of {encoding.Width} octets, one constructor, then elements",
    };

    /// <summary>Choices of an enumeration are its members and nothing else is; those of text stand beside other members of a class.</summary>
    private static IEnumerable<ChoicePlan> Choices(ChoicesModel choices)
    {
        HashSet<string> reserved = Primitives.IsText(choices.Primitive) ? new([.. s_names, choices.TypeName], StringComparer.Ordinal) : [];
        string[] names = MemberNames.Assign(choices.Items.Select(item => CSharpName.Pascal(item.Name)).ToArray(), reserved);
        return choices.Items.Select((item, index) => new ChoicePlan(names[index], item.Name, item.Value, item.Label));
    }

    private static IEnumerable<UnionMemberPlan> Members(UnionModel union)
    {
        string[] names = MemberNames.Assign(union.Members.Select(member => CSharpName.Pascal(member.Name)).ToArray(), s_members);
        return union.Members.Select((member, index) => new UnionMemberPlan(names[index], CSharpName.Pascal(member.Name), member.Name, member.Code, member.Primitive));
    }

    private static CompositeUnit Composite(TypeEdition edition, CompositeModel composite)
    {
        string name = CSharpName.Pascal(composite.Name);
        string[] names = Names(name, composite.Fields);
        string[] fieldNames = MemberNames.Assign(
            composite.Fields.Select(field => CSharpName.Camel(field.Name)).ToArray(), (_, field) => s_fields.Contains(field), field => [$"_{field}", $"_{field}At"]);
        CompositeMember[] members = composite.Fields.Select((field, index) => Member(field, names[index], fieldNames[index])).ToArray();
        int fields = members.Sum(member => member.MaxOctets);
        uint mandatory = 0;
        for (int i = 0; i < members.Length; i++)
        {
            mandatory |= members[i].Mandatory ? 1u << i : 0;
        }

        return new CompositeUnit(
            edition.Namespace,
            edition.Edition,
            Hint(edition, name),
            name,
            composite.Name,
            composite.Label,
            composite.Descriptor,
            members.ToEquatableArray(),
            mandatory,
            fields + CompositeOverhead);
    }

    /// <summary>
    /// Names of the properties. Views of other types, and enumerations that a default names, are called by name: a member may be called as its own
    /// enumeration, which C# tells apart, and as no other.
    /// </summary>
    private static string[] Names(string typeName, EquatableArray<TypeFieldModel> fields)
    {
        var reserved = new HashSet<string>([.. s_taken, typeName, typeName + "View"], StringComparer.Ordinal);
        reserved.UnionWith(fields.Where(field => field.Type.Composite is not null).Select(field => CSharpName.Pascal(field.Type.Composite!) + "View"));
        string?[] enumerations = fields.Select(field => field.Type.Choices is null || field.Multiple ? null : CSharpName.Pascal(field.Type.Choices)).ToArray();
        return MemberNames.Assign(
            fields.Select(field => CSharpName.Pascal(field.Name)).ToArray(),
            (index, name) => reserved.Contains(name) || (enumerations.Contains(name, StringComparer.Ordinal) && enumerations[index] != name),
            name => [name, "Has" + name]);
    }

    private static CompositeMember Member(TypeFieldModel field, string name, string fieldName)
    {
        MemberShape shape = Shape(field);
        string? typeName = shape switch
        {
            MemberShape.Enumeration => CSharpName.Pascal(field.Type.Choices!),
            MemberShape.Composite => CSharpName.Pascal(field.Type.Composite!),
            MemberShape.Union => "Any" + CSharpName.Pascal(field.Type.Union!),
            _ => null,
        };
        return new CompositeMember(
            name,
            fieldName,
            field.Name,
            field.TypeName == Primitives.Any && field.Requires is not null ? $"any {field.Requires}" : field.TypeName + (field.Multiple ? ", several" : ""),
            field.Label,
            shape,
            field.Type.Primitive,
            typeName,
            field.Mandatory,
            field.DefaultChoice ?? field.Default,
            Default(field, typeName),
            MaxOctets(shape, field.Type.Primitive));
    }

    private static MemberShape Shape(TypeFieldModel field)
    {
        if (field.Multiple)
        {
            return MemberShape.Multiple;
        }

        if (field.Type.Composite is not null)
        {
            return MemberShape.Composite;
        }

        return field.Type.Primitive switch
        {
            Primitives.Any => field.Type.Union is null ? MemberShape.Any : MemberShape.Union,
            "null" => MemberShape.Any,
            "binary" or "string" or "symbol" => MemberShape.Variable,
            "list" or "map" or "array" => MemberShape.Compound,
            _ => field.Type.Choices is null ? MemberShape.Scalar : MemberShape.Enumeration,
        };
    }

    /// <summary>The default as C#. False and zero are what a field has anyway.</summary>
    private static string? Default(TypeFieldModel field, string? enumeration)
    {
        bool isZero = field.Type.Primitive == "boolean" ? field.Default == "false" : Primitives.IsEnumerable(field.Type.Primitive) && field.Default is not null && Literal(field.Default) == "0";
        if (field.Default is null || isZero)
        {
            return null;
        }

        if (enumeration is not null && field.DefaultChoice is not null)
        {
            return $"{enumeration}.{CSharpName.Pascal(field.DefaultChoice)}";
        }

        return field.Type.Primitive switch
        {
            "string" or "symbol" => '"' + field.Default + '"',
            "boolean" => field.Default,
            "ubyte" => $"(byte){Literal(field.Default)}",
            "ushort" => $"(ushort){Literal(field.Default)}",
            "byte" => $"(sbyte)({Literal(field.Default)})",
            "short" => $"(short)({Literal(field.Default)})",
            _ => Literal(field.Default),
        };
    }

    private static string Literal(string number) =>
        decimal.Parse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);

    private static int MaxOctets(MemberShape shape, string primitive) => shape is not (MemberShape.Scalar or MemberShape.Enumeration)
        ? shape == MemberShape.Variable ? 5 : 1
        : primitive switch
        {
            "boolean" => 1,
            "ubyte" or "byte" => 2,
            "ushort" or "short" => 3,
            "uint" or "int" or "float" or "decimal32" or "char" => 5,
            "decimal128" or "uuid" => 17,
            _ => 9,
        };

    private static DescriptorsUnit Descriptors(TypeEdition edition)
    {
        (string Name, DescriptorModel Descriptor)[] items = edition.Composites
            .Select(item => (item.Name, item.Descriptor))
            .Concat(edition.DescribedValues.Select(item => (item.Name, item.Descriptor)))
            .OrderBy(item => item.Descriptor.Code)
            .ToArray();
        string[] names = MemberNames.Assign(items.Select(item => CSharpName.Pascal(item.Name)).ToArray(), s_descriptors);
        IEnumerable<DescriptorPlan> plans = items.Select((item, index) => new DescriptorPlan(names[index], item.Name, item.Descriptor.Symbol, item.Descriptor.Code));
        return new DescriptorsUnit(edition.Namespace, edition.Edition, Hint(edition, "Descriptors"), plans.ToEquatableArray());
    }
}
