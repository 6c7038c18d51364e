using System.Buffers.Binary;
using AmqpToolkit.Broker.Messages;

namespace AmqpToolkit.Broker.Selectors;

/// <summary>
/// A message that a selector looks at, over its octets. Application-properties, or headers, are passed once, when the first of them is asked for; where those stand that the selector
/// names is kept for all of its parts. What is malformed counts as not there.
/// </summary>
internal ref partial struct SelectedMessage
{
    /// <summary>
    /// Steps that a message may cost. A step is a few nanoseconds; a LIKE over text of usual length takes ten of them, this bound some milliseconds.
    /// </summary>
    public const int MaxSteps = 1_000_000;

    /// <summary>Steps that it takes to come to the next application-property, or header.</summary>
    private const int StepsOfEntry = 2;

    /// <summary>Names that are compared in a step.</summary>
    private const int NamesAStep = 4;

    /// <summary>Octets of text that is made of an id: the URN of a uuid.</summary>
    public const int IdOctets = Conversion.MessageIds.UuidOctets;

    /// <summary>Steps that are left.</summary>
    public int Steps;

    private readonly ReadOnlySpan<byte> _properties;
    private readonly byte[][] _names;
    private readonly Span<Place> _places;
    private readonly Span<byte> _scratch;
    private readonly uint _deliveryCount;
    private readonly MessageFlags _flags;
    private readonly bool _isRedelivered;
    private ReadOnlySpan<byte> _table;
    private bool _isWalked;

    /// <summary>Looks at a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="names">The names of application-properties that are asked for.</param>
    /// <param name="places">Room for a place each, empty.</param>
    /// <param name="scratch">Room for two ids as text.</param>
    /// <param name="isRedelivered">Whether it was delivered before.</param>
    /// <param name="deliveryCount">Attempts that failed.</param>
    /// <param name="steps">Steps that it may cost.</param>
    public SelectedMessage(scoped in MessageContent message, byte[][] names, Span<Place> places, Span<byte> scratch, bool isRedelivered, uint deliveryCount, int steps)
    {
        Steps = steps;
        _properties = message.Properties;
        _flags = message.Flags;
        _names = names;
        _places = places;
        _scratch = scratch;
        _isRedelivered = isRedelivered;
        _deliveryCount = deliveryCount;
    }

    private readonly bool IsSections => (_flags & MessageFlags.Sections) != 0;

    /// <summary>The value of the application-property, or header, with this number.</summary>
    public void GetProperty(int number, out Operand value)
    {
        if (!_isWalked)
        {
            Walk();
        }

        var place = _places[number];
        if (place.Octets == 0)
        {
            value = default;
        }
        else if (IsSections)
        {
            value = SectionOperand(_table.Slice(place.At, place.Octets));
        }
        else
        {
            value = BasicOperand(_table.Slice(place.At, place.Octets));
        }
    }

    private void Walk()
    {
        _isWalked = true;
        if (IsSections)
        {
            WalkApplicationProperties();
        }
        else
        {
            WalkHeaders();
        }
    }

    /// <summary>The value of a field.</summary>
    public readonly void GetField(MessageField field, out Operand value)
    {
        value = field switch
        {
            MessageField.JmsRedelivered => Operand.Of(_isRedelivered),
            MessageField.FirstAcquirer => Operand.Of(!_isRedelivered),
            MessageField.Durable => Operand.Of((_flags & MessageFlags.Persistent) != 0),
            MessageField.JmsDeliveryMode => Operand.Of((_flags & MessageFlags.Persistent) != 0 ? "PERSISTENT"u8 : "NON_PERSISTENT"u8),
            _ => IsSections ? SectionField(field) : BasicField(field),
        };
    }

    /// <summary>Notes the place of a value whose name is asked for. It was compared with every one, which counts.</summary>
    /// <returns>Whether nothing is left to be found, or there are no steps left to look on.</returns>
    private bool Note(ReadOnlySpan<byte> name, int at, int end, ref int left)
    {
        Steps -= _names.Length / NamesAStep;
        for (int number = 0; number < _names.Length; number++)
        {
            byte[] asked = _names[number];
            if (asked.Length == name.Length && _places[number].Octets == 0 && name.SequenceEqual(asked))
            {
                _places[number] = new Place(at, end - at);
                left--;
                break;
            }
        }

        return left == 0 || Steps < 0;
    }

    private static long Int64(ReadOnlySpan<byte> octets) => BinaryPrimitives.ReadInt64BigEndian(octets);

    /// <summary>Where a value stands; without octets it was not found.</summary>
    internal readonly record struct Place(int At, int Octets);
}
