using System.Globalization;
using System.Numerics;
using System.Reflection;
using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>
/// Every composite and described type of the definition of 1.0, against vectors that a plain encoder makes from the same XML: read, compared field by field,
/// and written again octet for octet.
/// </summary>
public sealed class SpecCoverageTests
{
    public static TheoryData<string> Types => [.. DescribedTypeCode.All.Select(code => code.Spec.Name)];

    [Fact]
    public void Definition_HasItsFortyTypesAndThoseOfTheOverlays()
    {
        Assert.Equal(40, DescribedTypeCode.All.Count(code => code.Spec.Code < 0x100));
        Assert.Equal(8, DescribedTypeCode.All.Count(code => code.Spec.Code >= 0x100));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Vector_IsReadFieldByFieldAndWrittenAgain(string name)
    {
        DescribedTypeCode code = Code(name);
        foreach (SpecVector vector in SpecVectors.Of(code.Spec))
        {
            byte[] octets = vector.Canonical();

            Assert.Equal(DecodeError.None, code.Parse([.. octets, 0xFF, 0xFF], out int length, out object? owned));

            Assert.True(octets.Length == length, $"{vector}: {length} octets of {octets.Length}");
            AssertFields(code, vector, owned!);
            Assert.True(octets.AsSpan().SequenceEqual(DescribedTypeCode.Write(owned!)), $"{vector}: {Hex.Of(octets)} became {Hex.Of(DescribedTypeCode.Write(owned!))}");
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Vector_InOtherOctets_IsTheSameValue(string name)
    {
        DescribedTypeCode code = Code(name);
        foreach (SpecVector vector in SpecVectors.Of(code.Spec))
        {
            byte[] octets = vector.Canonical();
            foreach (byte[] other in vector.Others())
            {
                DecodeError error = code.Parse(other, out int length, out object? owned);

                Assert.True(error == DecodeError.None && length == other.Length, $"{vector}: {error} for {Hex.Of(other)}");
                Assert.True(octets.AsSpan().SequenceEqual(DescribedTypeCode.Write(owned!)), $"{vector}: {Hex.Of(other)} became {Hex.Of(DescribedTypeCode.Write(owned!))}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Vector_CutAnywhere_IsTruncated(string name)
    {
        DescribedTypeCode code = Code(name);
        foreach (SpecVector vector in SpecVectors.Of(code.Spec))
        {
            foreach (byte[] octets in vector.Others().Prepend(vector.Canonical()))
            {
                for (int cut = 0; cut < octets.Length; cut++)
                {
                    DecodeError error = code.Parse(octets.AsSpan(0, cut), out int length, out _);
                    Assert.True(error == DecodeError.Truncated && length == 0, $"{vector}: {error} for {Hex.Of(octets)} cut at {cut}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Vector_WithAnyOctetChanged_IsReadOrRefused(string name)
    {
        DescribedTypeCode code = Code(name);
        foreach (SpecVector vector in SpecVectors.Of(code.Spec).Where(vector => vector.Canonical().Length <= 100))
        {
            byte[] octets = vector.Canonical();
            for (int at = 0; at < octets.Length; at++)
            {
                byte before = octets[at];
                for (int value = 0; value <= byte.MaxValue; value++)
                {
                    octets[at] = (byte)value;
                    DecodeError error = code.Parse(octets, out int length, out object? owned);
                    Assert.True(error != DecodeError.None ? owned is null && length == 0 : length <= octets.Length, $"{vector}: {Hex.Of(octets)}");
                }

                octets[at] = before;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Field_ThatIsMandatory_IsMissed(string name)
    {
        DescribedTypeCode code = Code(name);
        SpecVector whole = SpecVectors.Of(code.Spec).FirstOrDefault(vector => vector.Name == "all")!;
        for (int i = 0; code.Spec.IsComposite && i < code.Spec.Fields.Count; i++)
        {
            FieldVector?[] fields = [.. whole.Fields];
            fields[i] = null;
            byte[] octets = new SpecVector(code.Spec, "without", fields).Canonical();

            DecodeError error = code.Parse(octets, out _, out object? owned);

            Assert.Equal(code.Spec.Fields[i].Mandatory ? DecodeError.MissingField : DecodeError.None, error);
            Assert.Equal(code.Spec.Fields[i].Mandatory, owned is null);
        }

        if (code.Spec.IsComposite && code.Spec.Fields.Any(field => field.Mandatory))
        {
            Assert.Throws<InvalidOperationException>(() => DescribedTypeCode.Write(Activator.CreateInstance(code.Owned)!));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Field_OfAnotherType_IsRefused(string name)
    {
        DescribedTypeCode code = Code(name);
        foreach (SpecVector vector in SpecVectors.Of(code.Spec))
        {
            for (int i = 0; i < code.Spec.Fields.Count; i++)
            {
                if (code.Spec.Fields[i].Primitive == "*")
                {
                    continue;
                }

                FieldVector?[] fields = [.. vector.Fields];
                byte[] character = [0x73, 0, 0, 0, 0x41];
                fields[i] = new FieldVector(character, character);
                DecodeError error = code.Parse(new SpecVector(code.Spec, "wrong", fields).Canonical(), out _, out _);
                Assert.True(error == DecodeError.UnexpectedType, $"{vector} with a char as {code.Spec.Fields[i].Name}: {error}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Field_WithoutAValue_HasItsDefault(string name)
    {
        DescribedTypeCode code = Code(name);
        object owned = Activator.CreateInstance(code.Owned)!;
        foreach (SpecField field in code.Spec.Fields.Where(field => field.Default is not null))
        {
            PropertyInfo property = code.Property(field);
            object? value = property.GetValue(owned);

            Assert.False(code.Has(owned, field));
            Assert.Equal(field.Default, Text(field, value!));
        }
    }

    private static DescribedTypeCode Code(string name) => DescribedTypeCode.All.Single(code => code.Spec.Name == name);

    private static void AssertFields(DescribedTypeCode code, SpecVector vector, object owned)
    {
        for (int i = 0; i < code.Spec.Fields.Count; i++)
        {
            SpecField field = code.Spec.Fields[i];
            FieldVector? expected = vector.Fields[i];
            if (code.Spec.IsComposite)
            {
                Assert.True(code.Has(owned, field) == expected is not null, $"{vector}: {field.Name}");
            }

            if (expected is not null)
            {
                byte[] octets = Octets(field, code.Property(field).GetValue(owned)!);
                Assert.True(expected.Octets.AsSpan().SequenceEqual(octets), $"{vector}: {field.Name} is {Hex.Of(octets)}, was {Hex.Of(expected.Octets)}");
            }
        }
    }

    /// <summary>The value of a property, encoded plainly.</summary>
    private static byte[] Octets(SpecField field, object value) => value switch
    {
        EncodedValue encoded => encoded.ToMemory().ToArray(),
        LongString octets when field.Primitive == "binary" => PlainEncoder.Encode("binary", octets.ToMemory().ToArray()),
        LongString text => PlainEncoder.Encode(field.Primitive, Encoding.UTF8.GetString(text.ToMemory().Span)),
        Error error => DescribedTypeCode.Write(error),
        Enum choice when field.Primitive == "boolean" => PlainEncoder.Encode("boolean", Convert.ToInt32(choice, CultureInfo.InvariantCulture) != 0),
        Enum choice => PlainEncoder.Encode(field.Primitive, new BigInteger(Convert.ToInt64(choice, CultureInfo.InvariantCulture))),
        bool flag => PlainEncoder.Encode("boolean", flag),
        IConvertible number => PlainEncoder.Encode(field.Primitive, BigInteger.Parse(number.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)),
        _ => throw new NotSupportedException(value.GetType().ToString()),
    };

    private static string Text(SpecField field, object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        Enum choice => Convert.ToInt64(choice, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? throw new NotSupportedException(field.Name),
    };
}
