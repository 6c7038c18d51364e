using System.Globalization;
using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Lowering;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>A packed struct, command or control of 0-10: its view, and its owned form.</summary>
internal static class PackedEmitter
{
    public static void Emit(SourceWriter writer, PackedUnit unit)
    {
        if (unit.Options.Has(EmittedParts.Views))
        {
            EmitView(writer, unit);
        }

        if (unit.Options.Parts.HasFlag(EmittedParts.Views | EmittedParts.Owned))
        {
            writer.Line();
        }

        if (unit.Options.Has(EmittedParts.Owned))
        {
            EmitOwned(writer, unit);
        }
    }

    private static string Bit(int index) => CompositeEmitter.Bit(index);

    private static string Mask(uint mask) => "0x" + mask.ToString("X", CultureInfo.InvariantCulture);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static bool IsKept(PackedMember member) => member.Shape == PackedShape.Scalar;

    private static bool HasPlace(PackedMember member) => member.Shape is PackedShape.Fixed or PackedShape.Variable or PackedShape.Compound or PackedShape.Struct;

    private static bool IsText(PackedMember member) => member.Shape == PackedShape.Variable && member.Model.Wire!.Name is "str8" or "str16";

    private static string ViewType(PackedMember member) => member.Shape switch
    {
        PackedShape.Bit => "bool",
        PackedShape.Scalar => member.Model.Enumeration ?? member.CSharpType,
        PackedShape.Struct => member.CSharpType + "View",
        PackedShape.Compound => member.Suffix switch
        {
            "Struct32" => "PackedStructView",
            "SequenceSet" or "ByteRanges" => member.Suffix + "View",
            _ => $"Packed{member.Suffix}View",
        },
        _ => "ReadOnlySpan<byte>",
    };

    private static string OwnedType(PackedMember member) => member.Shape switch
    {
        PackedShape.Bit or PackedShape.Scalar => ViewType(member),
        PackedShape.Struct or PackedShape.Compound => member.CSharpType,
        _ => "LongString",
    };

    private static string Summary(PackedMember member) =>
        $"{Docs.Sentence(member.Model.Label, member.Model.Name)} ({member.Model.Name}, {Docs.Escape(member.Model.TypeName)}{(member.Model.Element is null ? "" : " of " + Docs.Escape(member.Model.Element))}{(member.Model.Required ? ", required" : "")})";

    private static string Remarks(PackedUnit unit)
    {
        PackedModel model = unit.Model;
        string fields = unit.Members.Count == 0 ? "no fields" : string.Join(", ", unit.Members.Select(member => $"{member.Model.Name} {member.Model.TypeName}"));
        string pack = model.PackOctets == 0 ? "all fields are there" : $"{model.PackOctets} octets of presence bits";
        string receivers = model.Receivers.Count == 0 ? "" : $" Received by {string.Join(" and ", model.Receivers)}.";
        string suffix = unit.Options.Has(EmittedParts.Owned) ? "" : "View";
        string result = model.Result is null ? "" : $" Answered by <see cref=\"{model.Result}{suffix}\"/>.";
        string header = model.Header.Count == 0 ? "" : $" Header: {string.Join(", ", model.Header.Select(name => $"<see cref=\"{name}{suffix}\"/>"))}.";
        return $"Wire: {pack}, {Docs.Escape(fields)}.{receivers}{result}{header}{(model.HasBody ? " A body may follow." : "")}";
    }

    private static void EmitHead(SourceWriter writer, PackedUnit unit, string form, string declaration)
    {
        string name = CommandName(unit.Model);
        writer.Line($"""
            /// <summary>{Docs.Sentence(unit.Model.Label, name)} {form} {name}.</summary>
            /// <remarks>{Remarks(unit)}</remarks>
            {Emitter.GeneratedCode}
            {declaration}
            """);
    }

    private static string CommandName(PackedModel model) => model.Class.Length == 0 ? model.Name : $"{model.Class}.{model.Name}";

    private static void EmitView(SourceWriter writer, PackedUnit unit)
    {
        string view = unit.Model.TypeName + "View";
        EmitHead(writer, unit, "View, valid as long as its octets are, over", $"public readonly ref struct {view}");
        writer.Line("{");
        using (writer.Indented())
        {
            if (unit.Model.Code is { } code)
            {
                writer.Line($"""
                    /// <summary>Class code and code of {CommandName(unit.Model)}.</summary>
                    public const ushort Code = 0x{code.ToString("X4", CultureInfo.InvariantCulture)};

                    """);
            }

            EmitFields(writer, unit, view);
            for (int i = 0; i < unit.Members.Count; i++)
            {
                EmitViewMember(writer, unit.Members[i], i);
            }

            if (unit.Members.Count != 0)
            {
                writer.Line($"""

                    /// <summary>Whether every required field is there. Peers leave some of them out.</summary>
                    public bool IsComplete => (_present & {Mask(unit.RequiredMask)}) == {Mask(unit.RequiredMask)};
                    """);
            }

            if (unit.Members.Count != 0 && unit.Options.Has(EmittedParts.Owned))
            {
                writer.Line();
                writer.Line("internal uint Present => _present;");
            }

            EmitIsTextValid(writer, unit);
            EmitTryParse(writer, unit, view);
            if (unit.Options.Has(EmittedParts.Owned))
            {
                EmitToOwned(writer, unit);
            }
        }

        writer.Line("}");
    }

    private static void EmitFields(SourceWriter writer, PackedUnit unit, string view)
    {
        if (unit.Members.Count == 0)
        {
            return;
        }

        bool hasSource = unit.Members.Any(HasPlace);
        if (hasSource)
        {
            writer.Line("private readonly ReadOnlySpan<byte> _source;");
        }

        writer.Line("private readonly uint _present;");
        foreach (PackedMember member in unit.Members.Where(member => member.Shape != PackedShape.Bit))
        {
            writer.Line(IsKept(member) ? $"private readonly {ViewType(member)} _{member.Field};" : $"private readonly int _{member.Field}At;");
        }

        writer.Line();
        using (writer.Braces($"private {view}(scoped ref PackedReader fields)"))
        {
            writer.Line("_present = fields.Present;");
            for (int i = 0; i < unit.Members.Count; i++)
            {
                PackedMember member = unit.Members[i];
                if (member.Shape == PackedShape.Bit)
                {
                    continue;
                }

                string read = member.Shape switch
                {
                    PackedShape.Scalar when member.Model.Enumeration is { } enumeration => $"_{member.Field} = ({enumeration})fields.Read{member.Suffix}();",
                    PackedShape.Scalar => $"_{member.Field} = fields.Read{member.Suffix}();",
                    PackedShape.Fixed => $"_{member.Field}At = fields.PassFixed({Number(member.Octets)});",
                    PackedShape.Compound => $"_{member.Field}At = fields.Pass{member.Suffix}();",
                    PackedShape.Struct when member.Model.Struct!.HasCode => $"_{member.Field}At = fields.PassCoded({Number(member.Octets)}, {member.CSharpType}View.Code);",
                    _ => $"_{member.Field}At = fields.PassVariable({Number(member.Octets)});",
                };
                writer.Line();
                using (writer.Braces($"if ((_present & {Bit(i)}) != 0)"))
                {
                    writer.Line(read);
                    if (member.Shape == PackedShape.Struct)
                    {
                        writer.Line($"fields.NoteStruct({member.CSharpType}View.TryParse({StructBody(member, "fields.Source")}, out _));");
                    }
                }
            }

            if (hasSource)
            {
                writer.Line();
                writer.Line("_source = fields.Source;");
            }
        }
    }

    private static string StructBody(PackedMember member, string source) => member.Model.Struct!.HasCode
        ? $"PackedReader.CodedAt({source}, _{member.Field}At, {Number(member.Octets)}, {member.CSharpType}View.Code)"
        : $"PackedReader.VariableAt({source}, _{member.Field}At, {Number(member.Octets)})";

    private static void EmitViewMember(SourceWriter writer, PackedMember member, int index)
    {
        string has = $"(_present & {Bit(index)}) != 0";
        writer.Line();
        if (member.Shape == PackedShape.Bit)
        {
            writer.Line($"""
                /// <summary>{Summary(member)}</summary>
                public bool {member.Name} => {has};
                """);
            return;
        }

        writer.Line($"""
            /// <summary>Whether {member.Model.Name} is there.</summary>
            public bool Has{member.Name} => {has};

            /// <summary>{Summary(member)}</summary>
            """);
        if (member.Shape == PackedShape.Struct)
        {
            writer.Line($$"""
                public {{ViewType(member)}} {{member.Name}}
                {
                    get
                    {
                        if (!Has{{member.Name}})
                        {
                            return default;
                        }

                        {{ViewType(member)}}.TryParse({{StructBody(member, "_source")}}, out {{ViewType(member)}} value);
                        return value;
                    }
                }
                """);
            return;
        }

        string value = member.Shape switch
        {
            PackedShape.Scalar => $"_{member.Field}",
            PackedShape.Fixed => $"{has} ? _source.Slice(_{member.Field}At, {Number(member.Octets)}) : default",
            PackedShape.Compound => $"{has} ? new(PackedReader.VariableAt(_source, _{member.Field}At, {Number(member.Octets)})) : default",
            _ => $"{has} ? PackedReader.VariableAt(_source, _{member.Field}At, {Number(member.Octets)}) : default",
        };
        writer.Line($"public {ViewType(member)} {member.Name} => {value};");
    }

    private static void EmitIsTextValid(SourceWriter writer, PackedUnit unit)
    {
        string[] texts = unit.Members
            .Where(member => IsText(member) || member.Shape == PackedShape.Struct)
            .Select(member => member.Shape == PackedShape.Struct ? $"{member.Name}.IsTextValid" : $"PackedReader.IsText({member.Name})")
            .ToArray();
        writer.Line($"""

            /// <summary>Whether every str8 and str16 is well-formed UTF-8.</summary>
            public bool IsTextValid => {(texts.Length == 0 ? "true" : string.Join(" && ", texts))};
            """);
    }

    private static void EmitTryParse(SourceWriter writer, PackedUnit unit, string view)
    {
        writer.Line("""

            /// <summary>Checks all fields in one walk.</summary>
            /// <param name="source">Presence bits and fields, from the first octet to the last.</param>
            /// <param name="view">The view, or an empty one when the result is an error.</param>
            /// <returns><see cref="DecodeError.None"/>, or what is wrong with the octets.</returns>
            """);
        using (writer.Braces($"public static DecodeError TryParse(ReadOnlySpan<byte> source, out {view} view)"))
        {
            string mask = Mask(unit.KnownMask);
            writer.Line("view = default;");
            writer.Line($"DecodeError error = PackedReader.Open(source, {Number(unit.Model.PackOctets)}, {mask}, out PackedReader fields);");
            writer.Line("""
                if (error != DecodeError.None)
                {
                    return error;
                }

                """);
            if (unit.Members.Count == 0)
            {
                writer.Line("return fields.Close();");
                return;
            }

            writer.Line($$"""
                var parsed = new {{view}}(ref fields);
                error = fields.Close();
                if (error == DecodeError.None)
                {
                    view = parsed;
                }

                return error;
                """);
        }
    }

    private static void EmitToOwned(SourceWriter writer, PackedUnit unit) => writer.Line($"""

        /// <summary>Copies all fields.</summary>
        public {unit.Model.TypeName} ToOwned() => {(unit.Members.Count == 0 ? "default" : "new(this)")};
        """);

    private static string Interface(PackedKind kind) => kind switch
    {
        PackedKind.Control => "IControl",
        PackedKind.Command => "ICommand",
        _ => "IPacked",
    };

    private static void EmitOwned(SourceWriter writer, PackedUnit unit)
    {
        PackedModel model = unit.Model;
        EmitHead(writer, unit, "Owned form of", $"public readonly record struct {model.TypeName} : {Interface(model.Kind)}");
        writer.Line("{");
        using (writer.Indented())
        {
            if (unit.Members.Count != 0)
            {
                writer.Line("private readonly uint _present;");
            }

            foreach (PackedMember member in unit.Members.Where(member => member.Shape != PackedShape.Bit))
            {
                writer.Line($"private readonly {OwnedType(member)} _{member.Field};");
            }

            if (unit.Members.Count != 0 && unit.Options.Has(EmittedParts.Views))
            {
                EmitOwnedConstructor(writer, unit);
            }

            for (int i = 0; i < unit.Members.Count; i++)
            {
                EmitOwnedMember(writer, unit, i);
            }

            if (unit.Members.Any(member => member.Model.Default && member.Shape == PackedShape.Bit))
            {
                string values = string.Join(", ", unit.Members.Where(member => member.Model.Default && member.Shape == PackedShape.Bit).Select(member => $"{member.Name} = true"));
                writer.Line($$"""

                    /// <summary>What a {{model.Name}} that is not there stands for.</summary>
                    public static {{model.TypeName}} Default => new() { {{values}} };
                    """);
            }

            IEnumerable<string> sizes = unit.Members.Where(member => HasPlace(member) && member.Shape != PackedShape.Fixed).Select(member => $"_{member.Field}.MaxOctets");
            writer.Line($"""

                static int IPacked.Code => {(model.Code is { } code ? "0x" + code.ToString("X4", CultureInfo.InvariantCulture) : "-1")};

                static int IPacked.SizeOctets => {Number(model.SizeOctets)};

                /// <inheritdoc/>
                public int MaxOctets => {Expressions.MaxOctets(Number(unit.FixedOctets), sizes)};

                /// <inheritdoc/>
                """);
            EmitWrite(writer, unit);
        }

        writer.Line("}");
    }

    private static void EmitOwnedConstructor(SourceWriter writer, PackedUnit unit)
    {
        writer.Line();
        using (writer.Braces($"internal {unit.Model.TypeName}(in {unit.Model.TypeName}View view)"))
        {
            writer.Line("_present = view.Present;");
            foreach (PackedMember member in unit.Members.Where(member => member.Shape != PackedShape.Bit))
            {
                string value = member.Shape switch
                {
                    PackedShape.Scalar => $"view.{member.Name}",
                    PackedShape.Struct => $"view.{member.Name}.ToOwned()",
                    PackedShape.Compound => $"view.Has{member.Name} ? view.{member.Name}.ToOwned() : default",
                    _ => $"LongString.CopyOf(view.{member.Name})",
                };
                writer.Line($"_{member.Field} = {value};");
            }
        }
    }

    private static void EmitOwnedMember(SourceWriter writer, PackedUnit unit, int index)
    {
        PackedMember member = unit.Members[index];
        string bit = Bit(index);
        writer.Line();
        if (member.Shape == PackedShape.Bit)
        {
            writer.Line($$"""
                /// <summary>{{Summary(member)}}</summary>
                public bool {{member.Name}}
                {
                    get => (_present & {{bit}}) != 0;
                    init => _present = value ? _present | {{bit}} : _present & ~{{bit}}u;
                }
                """);
            return;
        }

        bool isText = OwnedType(member) == "LongString";
        bool isOptional = unit.Model.PackOctets != 0;
        string present = isText && isOptional ? $"_present = value.IsNull ? _present & ~{bit}u : _present | {bit};" : $"_present |= {bit};";
        string refuse = isText && !isOptional ? Expressions.RefuseNull(member.Name) : "";
        writer.Line($$"""
            /// <summary>Whether {{member.Model.Name}} is set.</summary>
            public bool Has{{member.Name}} => (_present & {{bit}}) != 0;

            /// <summary>{{Summary(member)}}</summary>
            public {{OwnedType(member)}} {{member.Name}}
            {
                get => _{{member.Field}};
                init
                {{{refuse}}
                    _{{member.Field}} = value;
                    {{present}}
                }
            }
            """);
    }

    private static void EmitWrite(SourceWriter writer, PackedUnit unit)
    {
        using (writer.Braces("public int Write(Span<byte> destination)"))
        {
            int pack = unit.Model.PackOctets;
            string present = unit.Members.Count == 0 ? "0" : "_present";
            writer.Line(pack == 0 ? "int at = 0;" : $"int at = PackedWriter.WritePresence(destination, {Number(pack)}, {present});");
            for (int i = 0; i < unit.Members.Count; i++)
            {
                PackedMember member = unit.Members[i];
                string write = member.Shape switch
                {
                    PackedShape.Bit => "",
                    PackedShape.Scalar when member.Model.Enumeration is not null => $"PackedWriter.Write{member.Suffix}(destination[at..], ({member.CSharpType})_{member.Field})",
                    PackedShape.Scalar => $"PackedWriter.Write{member.Suffix}(destination[at..], _{member.Field})",
                    PackedShape.Fixed => $"PackedWriter.WriteFixed(destination[at..], {Number(member.Octets)}, _{member.Field})",
                    PackedShape.Compound => $"PackedWriter.Write{member.Suffix}(destination[at..], _{member.Field})",
                    PackedShape.Struct => $"PackedWriter.WriteStruct(destination[at..], _{member.Field})",
                    _ => $"PackedWriter.WriteVariable(destination[at..], {Number(member.Octets)}, _{member.Field})",
                };
                if (write.Length == 0)
                {
                    continue;
                }

                writer.Line();
                if (pack == 0)
                {
                    writer.Line($"at += {write};");
                    continue;
                }

                using (writer.Braces($"if ((_present & {Bit(i)}) != 0)"))
                {
                    writer.Line($"at += {write};");
                }
            }

            writer.Line();
            writer.Line("return at;");
        }
    }
}
