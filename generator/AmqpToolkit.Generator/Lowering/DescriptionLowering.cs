using System.Globalization;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Linking;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>Turns a linked edition into the plan of its descriptions: everything that has fields, as the definition has it.</summary>
internal static class DescriptionLowering
{
    private const string NoCode = "ulong.MaxValue";

    public static DescriptionsUnit Lower(EditionModel edition)
    {
        (IEnumerable<ChoicesPlan> choices, IEnumerable<ShapePlan> shapes) = edition switch
        {
            TypeEdition types => (types.Choices.Select(Choices), Shapes(types)),
            CommandEdition commands => (commands.Enumerations.Select(Choices), Shapes(commands)),
            _ => ([], Shapes((ClassicEdition)edition)),
        };
        ShapePlan[] all = shapes.ToArray();
        string[] used = all.SelectMany(shape => shape.Fields).SelectMany(field => field.Settings).ToArray();
        return new DescriptionsUnit(
            edition.Namespace,
            edition.Edition,
            $"{edition.Namespace}.Descriptions.g.cs",
            choices.Where(plan => used.Contains(Setting("Choices", plan.Field), StringComparer.Ordinal)).ToEquatableArray(),
            all.ToEquatableArray());
    }

    private static ChoicesPlan Choices(ChoicesModel model) => new(
        FieldOf(model.TypeName),
        model.Name,
        model.Items.Select(item => new ChoicePlan(CSharpName.Pascal(item.Name), item.Name, item.Value, null)).ToEquatableArray());

    /// <summary>The C# field of the choices of a type.</summary>
    private static string FieldOf(string typeName) => "s_" + CSharpName.Camel(typeName);

    private static string Setting(string name, string value) => $"{name} = {value}";

    private static string Setting(string name, int value) => Setting(name, value.ToString(CultureInfo.InvariantCulture));

    private static string Hex(ulong value) => "0x" + value.ToString("X", CultureInfo.InvariantCulture);

    private static IEnumerable<ShapePlan> Shapes(ClassicEdition edition)
    {
        foreach (ClassModel model in edition.Classes)
        {
            foreach (MethodModel method in model.Methods)
            {
                yield return Shape("Method", $"{model.Name}.{method.Name}", Hex(((ulong)model.Index << 16) | (uint)method.Index), method.Fields);
            }

            if (model.Properties.Count != 0)
            {
                yield return Shape("Properties", model.Name, Hex((ulong)model.Index), model.Properties);
            }
        }
    }

    private static ShapePlan Shape(string kind, string name, string code, EquatableArray<FieldModel> fields) => new(
        kind,
        name,
        code,
        null,
        0,
        0,
        fields.Select(field => new ShapeFieldPlan(
            field.Name,
            BaseTypes.NameOf(field.Wire),
            new(field.Reserved ? [Setting("IsReserved", "true")] : []))).ToEquatableArray());

    private static IEnumerable<ShapePlan> Shapes(CommandEdition edition)
    {
        Dictionary<string, string> structs = edition.Packed
            .Where(model => model.Kind == PackedKind.Struct)
            .ToDictionary(model => model.TypeName, NameOf, StringComparer.Ordinal);
        return edition.Packed.Select(model => new ShapePlan(
            model.Kind.ToString(),
            NameOf(model),
            model.Code is { } code ? Hex((ulong)code) : NoCode,
            null,
            model.PackOctets,
            model.SizeOctets,
            model.Fields.Select(field => Field(field, structs)).ToEquatableArray()));
    }

    private static string NameOf(PackedModel model) => model.Class.Length == 0 ? model.Name : $"{model.Class}.{model.Name}";

    private static ShapeFieldPlan Field(PackedFieldModel field, Dictionary<string, string> structs)
    {
        if (field.Struct is { } reference)
        {
            return new ShapeFieldPlan(field.Name, structs[reference.TypeName], new([Setting("LengthOctets", reference.SizeOctets), Setting("IsStruct", "true")]));
        }

        var settings = new List<string>();
        if (field.Wire!.FixedOctets is { } octets and not 0)
        {
            settings.Add(Setting("FixedOctets", octets));
        }

        if (field.Wire.LengthOctets is { } length)
        {
            settings.Add(Setting("LengthOctets", length));
        }

        if (field.Enumeration is { } enumeration)
        {
            settings.Add(Setting("Choices", FieldOf(enumeration)));
        }

        return new ShapeFieldPlan(field.Name, field.Wire.Name, settings.ToEquatableArray());
    }

    private static IEnumerable<ShapePlan> Shapes(TypeEdition edition)
    {
        foreach (CompositeModel model in edition.Composites)
        {
            yield return new ShapePlan("Composite", model.Name, Hex(model.Descriptor.Code), model.Descriptor.Symbol, 0, 0, model.Fields.Select(Field).ToEquatableArray());
        }

        foreach (DescribedModel model in edition.DescribedValues)
        {
            ShapeFieldPlan[] value = [new("value", model.Type.Primitive, default)];
            yield return new ShapePlan("Value", model.Name, Hex(model.Descriptor.Code), model.Descriptor.Symbol, 0, 0, value.ToEquatableArray());
        }
    }

    private static ShapeFieldPlan Field(TypeFieldModel field)
    {
        var settings = new List<string>();
        if (field.Multiple)
        {
            settings.Add(Setting("IsMultiple", "true"));
        }

        if (field.Type.Choices is { } choices)
        {
            settings.Add(Setting("Choices", FieldOf(CSharpName.Pascal(choices))));
        }

        return new ShapeFieldPlan(field.Name, field.Type.Composite ?? field.Type.Primitive, settings.ToEquatableArray());
    }
}
