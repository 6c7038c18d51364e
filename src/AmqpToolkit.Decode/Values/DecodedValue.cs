using System.Globalization;

namespace AmqpToolkit.Decode.Values;

/// <summary>A value as it is shown, whatever edition it comes from.</summary>
internal abstract record DecodedValue
{
    /// <summary>Neither octets nor text: null of 1.0, void of 0-9-1.</summary>
    public sealed record Null : DecodedValue
    {
        public static Null Instance { get; } = new();
    }

    /// <summary>True or false.</summary>
    public sealed record Boolean(bool Value) : DecodedValue;

    /// <summary>An integer of any width.</summary>
    public sealed record Integer(Int128 Value) : DecodedValue;

    /// <summary>A floating-point number.</summary>
    public sealed record Float(double Value, bool IsSingle = false) : DecodedValue;

    /// <summary>A number whose digits are known: decimals.</summary>
    public sealed record Number(string Digits) : DecodedValue;

    /// <summary>Text.</summary>
    public sealed record Text(string Value) : DecodedValue;

    /// <summary>A name: a symbol of 1.0, a uuid.</summary>
    public sealed record Name(string Value) : DecodedValue;

    /// <summary>An instant.</summary>
    public sealed record Instant(long Count, bool IsMilliseconds) : DecodedValue
    {
        /// <summary>In ISO 8601, or the bare number where that is no time that a calendar has.</summary>
        public string Format()
        {
            long perSecond = IsMilliseconds ? 1000 : 1;
            bool isOfCalendar = Count >= DateTimeOffset.MinValue.ToUnixTimeSeconds() * perSecond && Count <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() * perSecond;
            if (!isOfCalendar)
            {
                return Count.ToString(CultureInfo.InvariantCulture);
            }

            DateTimeOffset time = IsMilliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(Count) : DateTimeOffset.FromUnixTimeSeconds(Count);
            return time.ToString(IsMilliseconds ? "yyyy-MM-ddTHH:mm:ss.fffZ" : "yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Octets, of which the first are at hand.</summary>
    public sealed record Octets(byte[] First, long Count) : DecodedValue;

    /// <summary>A choice of an enumeration, with the name that the definition gives it.</summary>
    public sealed record Choice(string Value, DecodedValue Of) : DecodedValue;

    /// <summary>Values in order.</summary>
    public sealed record List(IReadOnlyList<DecodedValue> Items) : DecodedValue;

    /// <summary>Keys and values in order; a key may come twice.</summary>
    public sealed record Map(IReadOnlyList<KeyValuePair<DecodedValue, DecodedValue>> Entries) : DecodedValue;

    /// <summary>Something with named fields.</summary>
    public sealed record Struct(string Type, IReadOnlyList<DecodedField> Fields) : DecodedValue;

    /// <summary>A value with a descriptor that this tool has no definition of, or of a type that is no struct.</summary>
    public sealed record Described(DecodedValue Descriptor, DecodedValue Value) : DecodedValue;

    /// <summary>A password or what holds one.</summary>
    public sealed record Secret(string? User = null) : DecodedValue;

    /// <summary>What is left out because there is too much of it.</summary>
    public sealed record Elided : DecodedValue
    {
        public static Elided Instance { get; } = new();
    }
}
