using System.Globalization;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Linking;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>Turns an edition of the type grammar into the plans of its files, one for each type.</summary>
internal static class TypeLowering
{
    /// <summary>Descriptor, constructor, size and count of a list, all in their longest form.</summary>
    private const int CompositeOverhead = 19;

    private static readonly string[] s_taken = ["DescriptorCode", "DescriptorSymbol", "TryParse", "ToOwned", "MaxOctets", "Write", "ToString", "Equals", "GetHashCode"];

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
            CompositeMember value = Member(name, new TypeFieldModel("value", described.Type.Primitive, described.Type, null, true, false, null, null, described.Label));
            yield return new DescribedUnit(
                edition.Namespace, edition.Edition, Hint(edition, name), name, described.Name, described.Label, described.Descriptor, value);
        }

        foreach (ChoicesModel choices in edition.Choices)
        {
            string name = CSharpName.Pascal(choices.Name);
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

        foreach (UnionModel union in edition.Unions)
        {
            string name = "Any" + CSharpName.Pascal(union.Name);
            yield return new UnionUnit(
                edition.Namespace,
                edition.Edition,
                Hint(edition, name),
                name,
                union.Name,
                union.Members.Select(member => new UnionMemberPlan(CSharpName.Pascal(member.Name), member.Name, member.Code, member.Primitive)).ToEquatableArray(),
                union.StandsAlone ? $"I{CSharpName.Pascal(union.Name)}Handler" : null);
        }

        yield return Descriptors(edition);
        if (edition.Definitions.Count != 0)
        {
            IEnumerable<DefinitionPlan> plans = edition.Definitions.Select(definition => new DefinitionPlan(CSharpName.Constant(definition.Name), definition.Name, "uint", definition.Value, definition.Label));
            yield return new DefinitionsUnit(edition.Namespace, edition.Edition, Hint(edition, "Constants"), "Constants", "The constants of", plans.ToEquatableArray());
        }

        if (edition.Encodings.Count != 0)
        {
            IEnumerable<DefinitionPlan> plans = edition.Encodings
                .OrderBy(encoding => encoding.Code)
                .Select(encoding => new DefinitionPlan(CSharpName.Pascal(encoding.Name), encoding.Name, "byte", "0x" + encoding.Code.ToString("X2", CultureInfo.InvariantCulture), EncodingLabel(encoding)));
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

    private static CompositeUnit Composite(TypeEdition edition, CompositeModel composite)
    {
        string name = CSharpName.Pascal(composite.Name);
        CompositeMember[] members = composite.Fields.Select(field => Member(name, field)).ToArray();
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

    private static CompositeMember Member(string owner, TypeFieldModel field)
    {
        string name = CSharpName.Pascal(field.Name);
        if (s_taken.Contains(name, StringComparer.Ordinal) || name == owner)
        {
            name += "Value";
        }

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
            CSharpName.Camel(field.Name) is "source" or "present" ? CSharpName.Camel(field.Name) + "Value" : CSharpName.Camel(field.Name),
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
        IEnumerable<DescriptorPlan> plans = edition.Composites
            .Select(item => new DescriptorPlan(CSharpName.Pascal(item.Name), item.Name, item.Descriptor.Symbol, item.Descriptor.Code))
            .Concat(edition.DescribedValues.Select(item => new DescriptorPlan(CSharpName.Pascal(item.Name), item.Name, item.Descriptor.Symbol, item.Descriptor.Code)))
            .OrderBy(plan => plan.Code);
        return new DescriptorsUnit(edition.Namespace, edition.Edition, Hint(edition, "Descriptors"), plans.ToEquatableArray());
    }
}
