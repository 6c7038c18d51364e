using System.Globalization;
using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;
using AmqpToolkit.Generator.Reading;

namespace AmqpToolkit.Generator.Linking;

/// <summary>Decides which asserts the generated code checks.</summary>
internal sealed class Checks(FindingList findings)
{
    public EquatableArray<CheckModel> Link(IEnumerable<Sourced<RawAssert>> asserts, WireType wire)
    {
        var checks = new List<CheckModel>();
        foreach (Sourced<RawAssert> assert in asserts)
        {
            // Nothing of this grammar can be null on the wire: the check holds by itself.
            if (assert.Item.Check == "notnull")
            {
                continue;
            }

            CheckModel? check = Link(assert.Item, wire, out string reason);
            if (check is null)
            {
                findings.Add(Rules.UncheckedAssert, assert.Path, assert.Item.Node, "check", assert.Item.Check, reason);
            }
            else if (!checks.Contains(check))
            {
                checks.Add(check);
            }
        }

        return checks.ToEquatableArray();
    }

    private static CheckModel? Link(RawAssert assert, WireType wire, out string reason)
    {
        bool isText = wire is WireType.ShortString or WireType.LongString;
        bool isNumber = wire is WireType.Octet or WireType.Short or WireType.Long or WireType.LongLong or WireType.Timestamp;
        reason = "it does not fit the field's type";
        switch (assert.Check)
        {
            case "length" when isText:
                reason = "its value is no length";
                return Number(assert) is { } length and <= int.MaxValue ? new CheckModel(CheckKind.Length, length, null) : null;
            case "ne" when isNumber:
                reason = "its value is none that the field can have";
                return Number(assert) is { } value && value <= Most(wire) ? new CheckModel(CheckKind.NotEqual, value, null) : null;
            case "null" when isText || isNumber || wire == WireType.Table:
                return new CheckModel(CheckKind.Empty, 0, null);
            case "regexp" when isText:
                reason = "only patterns ^[set]*$ and ^[set]+$ are";
                return CharacterSet.TryParse(assert.Value ?? "") is { } set ? new CheckModel(CheckKind.Pattern, 0, set) : null;
            case "le":
                reason = "it compares with another method, which is the business of the negotiation";
                return null;
            case "enum":
                reason = "its choices have names but no values";
                return null;
            case "syntax":
                reason = "its rule stands in prose";
                return null;
            case "length" or "ne" or "null" or "regexp":
                return null;
            default:
                reason = "the kind is unknown";
                return null;
        }
    }

    private static long Most(WireType wire) => wire switch
    {
        WireType.Octet => byte.MaxValue,
        WireType.Short => ushort.MaxValue,
        WireType.Long => uint.MaxValue,
        _ => long.MaxValue,
    };

    private static long? Number(RawAssert assert) =>
        long.TryParse(assert.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;
}
