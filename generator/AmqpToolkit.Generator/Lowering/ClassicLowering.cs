using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Linking;

namespace AmqpToolkit.Generator.Lowering;

/// <summary>Turns a linked edition into the plans of its files. Each plan holds only what its file shows, so that an edit touches few.</summary>
internal static class ClassicLowering
{
    /// <summary>Width of a tag that the edition does not have.</summary>
    private const byte UnknownTag = 0xFF;

    /// <summary>A length of four octets comes first.</summary>
    private const byte LongLength = 0xFE;

    /// <summary>A length of one octet comes first.</summary>
    private const byte ShortLength = 0xFD;

    private static readonly string[] s_propertyMembers = ["Flags", "ClassId", "KnownFlags", "IsTextValid", "MaxOctets", "Write", "TryParse", "ToOwned"];

    private static readonly HashSet<string> s_propertyFields = new(StringComparer.Ordinal) { "_flags", "_list" };

    private static readonly HashSet<string> s_constants = new([.. ReservedNames.OfEveryType, "Constants", "ErrorScope", "ScopeOf", "NameOf"], StringComparer.Ordinal);

    private static readonly HashSet<string> s_tags = new([.. ReservedNames.OfEveryType, "FieldValueTags", "UnknownTag", "LongLength", "ShortLength", "Widths"], StringComparer.Ordinal);

    public static IEnumerable<Unit> Lower(ClassicEdition edition, CancellationToken cancellationToken)
    {
        foreach (ClassModel model in edition.Classes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return Class(edition, model);
        }

        yield return Dispatch(edition, "Server", "server", method => method.ServerReceives);
        yield return Dispatch(edition, "Client", "client", method => method.ClientReceives);
        yield return Methods(edition);
        yield return Constants(edition);
        if (edition.FieldValues.Count != 0)
        {
            yield return FieldValueTags(edition);
        }
    }

    private static string Hint(ClassicEdition edition, string name) => $"{edition.Namespace}.{name}.g.cs";

    private static ClassUnit Class(ClassicEdition edition, ClassModel model)
    {
        string name = CSharpName.Pascal(model.Name);
        HandlerPlan[] handlers =
        [
            Handler(model, "Server", "server", method => method.ServerReceives),
            Handler(model, "Client", "client", method => method.ClientReceives),
        ];
        return new ClassUnit(
            edition.Namespace,
            edition.Edition,
            Hint(edition, "Class" + name),
            model.Name,
            model.Label,
            model.Methods.Select(method => MethodLowering.Lower(model, method)).ToEquatableArray(),
            model.Properties.Count == 0 ? null : Properties(model),
            handlers.Where(handler => handler.Methods.Count != 0).ToEquatableArray());
    }

    private static string HandlerName(ClassModel model, string role) => $"I{CSharpName.Pascal(model.Name)}{role}MethodHandler";

    private static string TypeName(ClassModel model, MethodModel method) => CSharpName.Pascal(model.Name) + CSharpName.Pascal(method.Name);

    private static HandlerPlan Handler(ClassModel model, string role, string roleName, Func<MethodModel, bool> receives) => new(
        HandlerName(model, role),
        roleName,
        model.Name,
        model.Methods
            .Where(receives)
            .Select(method => new HandledMethod(TypeName(model, method), $"{model.Name}.{method.Name}", method.Label))
            .ToEquatableArray());

    private static PropertiesPlan Properties(ClassModel model)
    {
        var properties = new List<PropertyPlan>();
        int known = 0;
        string typeName = CSharpName.Pascal(model.Name) + "Properties";
        var reserved = new HashSet<string>([.. s_propertyMembers, .. ReservedNames.OfEveryType, .. ReservedNames.Classic.Called, typeName, typeName + "View"], StringComparer.Ordinal);
        string[] names = MemberNames.Assign(
            model.Properties.Select(field => CSharpName.Pascal(field.Name)).ToArray(), (_, name) => reserved.Contains(name), name => [name, "Has" + name, "OffsetOf" + name]);
        string[] fields = MemberNames.Assign(model.Properties.Select(field => "_" + CSharpName.Camel(field.Name)).ToArray(), s_propertyFields);
        foreach (FieldModel field in model.Properties)
        {
            // First property, highest bit; bit 0 says that another word follows.
            int index = properties.Count;
            int flag = 0x8000 >> index;
            known |= flag;
            WireType wire = field.Wire == WireType.Content ? WireType.LongString : field.Wire;
            properties.Add(new PropertyPlan(names[index], fields[index], field.Name, wire, field.Label, flag, Widths.Of(wire)));
        }

        string layout = string.Join(", ", properties.Select(property => $"{property.RawName} {BaseTypes.NameOf(property.Wire)}"));
        return new PropertiesPlan(typeName, model.Name, model.Index, properties.ToEquatableArray(), known, layout);
    }

    private static DispatchUnit Dispatch(ClassicEdition edition, string role, string roleName, Func<MethodModel, bool> receives)
    {
        var classes = new List<DispatchedClass>();
        var all = new List<string>();
        var hot = new List<string>();
        foreach (ClassModel model in edition.Classes)
        {
            MethodModel[] received = model.Methods.Where(receives).ToArray();
            if (received.Length == 0)
            {
                continue;
            }

            string[] names = received.Select(method => TypeName(model, method)).ToArray();
            classes.Add(new DispatchedClass(model.Name, CSharpName.Pascal(model.Name), HandlerName(model, role), names.ToEquatableArray()));
            all.AddRange(names);
            hot.AddRange(Hot(model, received).Select(method => TypeName(model, method)));
        }

        return new DispatchUnit(
            edition.Namespace,
            edition.Edition,
            Hint(edition, role + "Methods"),
            role + "Methods",
            $"I{role}MethodHandler",
            roleName,
            classes.ToEquatableArray(),
            hot.ToEquatableArray(),
            all.Except(hot, StringComparer.Ordinal).ToEquatableArray());
    }

    /// <summary>
    /// What comes once a message or nearly so: the asynchronous methods that carry one, the latest first (deliver before return), and the first
    /// asynchronous one of the same class that answers them (ack).
    /// </summary>
    private static IEnumerable<MethodModel> Hot(ClassModel model, MethodModel[] received)
    {
        if (!model.Methods.Any(method => method.HasContent))
        {
            return [];
        }

        MethodModel[] asynchronous = received.Where(method => !method.Synchronous).ToArray();
        return asynchronous.Where(method => method.HasContent).Reverse().Concat(asynchronous.Where(method => !method.HasContent).Take(1));
    }

    private static MethodsUnit Methods(ClassicEdition edition)
    {
        IEnumerable<MethodFacts> facts = edition.Classes.SelectMany(model => model.Methods.Select(method => new MethodFacts(
            ((uint)model.Index << 16) | (uint)method.Index,
            $"{model.Name}.{method.Name}",
            model.Index,
            method.Index,
            method.Synchronous,
            method.HasContent,
            method.ServerReceives,
            method.ClientReceives)));
        return new MethodsUnit(
            edition.Namespace,
            edition.Edition,
            Hint(edition, "Methods"),
            facts.ToEquatableArray(),
            edition.Classes.Select(model => model.Index).ToEquatableArray());
    }

    private static ConstantsUnit Constants(ClassicEdition edition)
    {
        string[] names = MemberNames.Assign(edition.Constants.Select(constant => CSharpName.Pascal(constant.Name)).ToArray(), s_constants);
        IEnumerable<ConstantPlan> constants = edition.Constants.Select((constant, index) => new ConstantPlan(
            names[index],
            constant.Name,
            constant.Value <= ushort.MaxValue ? "ushort" : "uint",
            constant.Value,
            constant.Scope,
            constant.Value <= ushort.MaxValue && (constant.Scope != ConstantScope.None || constant.Name.StartsWith("reply-", StringComparison.Ordinal)),
            constant.Label));
        return new ConstantsUnit(edition.Namespace, edition.Edition, Hint(edition, "Constants"), constants.ToEquatableArray());
    }

    private static FieldValueTagsUnit FieldValueTags(ClassicEdition edition)
    {
        byte[] widths = Enumerable.Repeat(UnknownTag, 256).ToArray();
        var tags = new List<FieldValuePlan>();
        string[] names = MemberNames.Assign(edition.FieldValues.Select(value => CSharpName.Pascal(value.Name)).ToArray(), s_tags);
        foreach (FieldValueModel value in edition.FieldValues)
        {
            widths[value.Tag] = value.LengthOctets switch
            {
                null => (byte)value.Octets!.Value,
                1 => ShortLength,
                _ => LongLength,
            };
            string shape = value.Octets switch
            {
                null => $"a length of {value.LengthOctets} octets, then as many octets",
                0 => "no octets",
                1 => "1 octet",
                _ => $"{value.Octets} octets",
            };
            tags.Add(new FieldValuePlan(names[tags.Count], value.Tag, shape, value.Label));
        }

        return new FieldValueTagsUnit(edition.Namespace, edition.Edition, Hint(edition, "FieldValueTags"), tags.ToEquatableArray(), widths.ToEquatableArray());
    }
}
