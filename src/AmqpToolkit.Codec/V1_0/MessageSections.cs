using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace AmqpToolkit.Codec.V1_0;

/// <summary>
/// Where the sections of a message stand (3.2), valid as long as its octets are. Nothing is copied, nothing is read but where each section ends: what is
/// inside is checked when it is parsed.
/// <code>
/// +--------+----------------------+---------------------+------------+------------------------+------+--------+
/// | header | delivery-annotations | message-annotations | properties | application-properties | body | footer |
/// +--------+----------------------+---------------------+------------+------------------------+------+--------+
///                                                       |&lt;------------ the bare message -----------&gt;|
/// </code>
/// Every section but the body may be missing; the body is data sections, amqp-sequence sections or one amqp-value.
/// </summary>
public ref struct MessageSections
{
    private const int HeaderIndex = 0;
    private const int DeliveryAnnotationsIndex = 1;
    private const int MessageAnnotationsIndex = 2;
    private const int PropertiesIndex = 3;
    private const int ApplicationPropertiesIndex = 4;
    private const int DataIndex = 5;
    private const int AmqpValueIndex = 7;
    private const int FooterIndex = 8;
    private const int BodyMask = 0xE0;

    /// <summary>Octets of a descriptor in its shortest form.</summary>
    private const int DescriptorOctets = 3;

    /// <summary>From a constructor with one octet of size to that with four.</summary>
    private const int LargeForm = 0x10;

    private ReadOnlySpan<byte> _message;
    private Starts _starts;
    private uint _present;

    /// <summary>The constructor that each kind of section mostly has: a list, map or binary with one octet of size; none for any value.</summary>
    private static ReadOnlySpan<byte> UsualConstructors => [0xC0, 0xC1, 0xC1, 0xC0, 0xC1, 0xA0, 0xC0, 0xFF, 0xC1];

    /// <summary>Descriptor and list of the header, or nothing; for <see cref="HeaderView.TryParse"/>.</summary>
    public readonly ReadOnlySpan<byte> Header => Section(HeaderIndex);

    /// <summary>Descriptor and map of the delivery annotations, or nothing.</summary>
    public readonly ReadOnlySpan<byte> DeliveryAnnotations => Section(DeliveryAnnotationsIndex);

    /// <summary>Descriptor and map of the message annotations, or nothing.</summary>
    public readonly ReadOnlySpan<byte> MessageAnnotations => Section(MessageAnnotationsIndex);

    /// <summary>Descriptor and list of the properties, or nothing; for <see cref="PropertiesView.TryParse"/>.</summary>
    public readonly ReadOnlySpan<byte> Properties => Section(PropertiesIndex);

    /// <summary>Descriptor and map of the application properties, or nothing.</summary>
    public readonly ReadOnlySpan<byte> ApplicationProperties => Section(ApplicationPropertiesIndex);

    /// <summary>What the body is made of.</summary>
    public readonly MessageBodyKind BodyKind => (_present & BodyMask) == 0
        ? MessageBodyKind.None
        : (MessageBodyKind)(BitOperations.TrailingZeroCount(_present & BodyMask) - DataIndex + 1);

    /// <summary>All sections of the body; <see cref="GetEnumerator"/> tells them apart.</summary>
    public readonly ReadOnlySpan<byte> Body => (_present & BodyMask) == 0 ? default : Section(BitOperations.TrailingZeroCount(_present & BodyMask));

    /// <summary>Descriptor and map of the footer, or nothing.</summary>
    public readonly ReadOnlySpan<byte> Footer => Section(FooterIndex);

    /// <summary>Properties, application properties and body: what nobody changes on the way (3.2).</summary>
    public readonly ReadOnlySpan<byte> BareMessage => _message[StartOf(PropertiesIndex)..StartOf(FooterIndex)];

    /// <summary>Finds the sections.</summary>
    /// <param name="message">A message, whole.</param>
    /// <param name="sections">Its sections; when the result is an error, those that stand before it.</param>
    /// <returns>
    /// <see cref="DecodeError.None"/>, or what is wrong with the octets: <see cref="DecodeError.UnexpectedSection"/> for one that is out of order, comes twice,
    /// or would be a second body, <see cref="DecodeError.UnexpectedDescriptor"/> for what is no section, <see cref="DecodeError.UnexpectedType"/> for one of the wrong
    /// primitive type.
    /// </returns>
    public static DecodeError TryParse(ReadOnlySpan<byte> message, out MessageSections sections)
    {
        // Written in place: the octets of a struct that is built aside are copied in wider pieces than they were stored, and the processor waits.
        sections = default;
        uint present = 0;
        int at = 0;
        int last = -1;
        DecodeError error = DecodeError.None;
        while (at < message.Length)
        {
            error = Next(message, at, out int section, out int end);
            if (error != DecodeError.None)
            {
                break;
            }

            if (section <= last || ((present & BodyMask) != 0 && section != FooterIndex))
            {
                if (section != last || section < DataIndex || section >= AmqpValueIndex)
                {
                    error = DecodeError.UnexpectedSection;
                    break;
                }
            }
            else
            {
                sections._starts[section] = at;
                present |= 1u << section;
                last = section;
            }

            at = end;
        }

        sections._message = message[..at];
        sections._present = present;
        return error;
    }

    /// <summary>Walks over the values of the sections of the body: a binary each, a list each, or one value.</summary>
    public readonly Enumerator GetEnumerator() => new(Body);

    /// <summary>The octets of a body that is one data section.</summary>
    /// <returns>False when the body is something else, or several data sections.</returns>
    public readonly bool TryGetData(out ReadOnlySpan<byte> data)
    {
        data = default;
        if (BodyKind != MessageBodyKind.Data)
        {
            return false;
        }

        ReadOnlySpan<byte> body = Body;
        if (DescriptorReader.Read(body, out _, out _, out int at) != DecodeError.None || AmqpReader.Measure(body, at, out int end) != DecodeError.None || end != body.Length)
        {
            return false;
        }

        data = AmqpReader.VariableAt(body, at);
        return true;
    }

    /// <summary>Which section stands at an offset, and where it ends.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static DecodeError Next(ReadOnlySpan<byte> message, int at, out int section, out int end)
    {
        ReadOnlySpan<byte> rest = message[at..];
        if (rest.Length >= sizeof(ulong))
        {
            // 00, 53, code, constructor, then one octet of size or four.
            ulong start = BinaryPrimitives.ReadUInt64BigEndian(rest);
            section = (byte)(start >> 40) - (int)HeaderView.DescriptorCode;
            if (start >> 48 == Constructors.UlongSmallulong && (uint)section <= FooterIndex && section != AmqpValueIndex)
            {
                byte constructor = (byte)(start >> 32);
                byte usual = UsualConstructors[section];
                long last = constructor == usual ? at + DescriptorOctets + 2 + (byte)(start >> 24)
                    : constructor == usual + LargeForm ? at + DescriptorOctets + 1 + sizeof(uint) + (long)(uint)start
                    : long.MaxValue;
                if (last <= message.Length)
                {
                    end = (int)last;
                    return DecodeError.None;
                }
            }
        }

        return NextSlow(message, at, out section, out end);
    }

    private static DecodeError NextSlow(ReadOnlySpan<byte> message, int at, out int section, out int end)
    {
        section = 0;
        end = at;
        ReadOnlySpan<byte> rest = message[at..];
        DecodeError error = DescriptorReader.Read(rest, out ulong code, out ReadOnlySpan<byte> symbol, out int valueAt);
        if (error != DecodeError.None)
        {
            return error;
        }

        code = symbol.IsEmpty ? code : Descriptors.CodeOf(symbol);
        if (code is < HeaderView.DescriptorCode or > FooterView.DescriptorCode)
        {
            return DecodeError.UnexpectedDescriptor;
        }

        section = (int)(code - HeaderView.DescriptorCode);
        error = AmqpReader.Measure(rest, valueAt, out int octets);
        if (error != DecodeError.None)
        {
            return error;
        }

        end = at + octets;
        return section == AmqpValueIndex || AmqpReader.TypeOf(rest[valueAt]) == AmqpReader.TypeOf(UsualConstructors[section])
            ? DecodeError.None
            : DecodeError.UnexpectedType;
    }

    private readonly ReadOnlySpan<byte> Section(int section) => (_present & (1u << section)) == 0
        ? default
        : _message[_starts[section]..StartOf(section + 1)];

    /// <summary>Where a section begins, or would begin.</summary>
    private readonly int StartOf(int section)
    {
        uint later = _present >> section;
        return later == 0 ? _message.Length : _starts[section + BitOperations.TrailingZeroCount(later)];
    }

    /// <summary>Walks over the values of a body.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> body) => _rest = body;

        /// <summary>The value at hand, without its descriptor, not yet validated: <see cref="EncodedValueView.TryParse"/> does.</summary>
        public ReadOnlySpan<byte> Current { get; private set; }

        /// <summary>Goes to the next section.</summary>
        public bool MoveNext()
        {
            if (DescriptorReader.Read(_rest, out _, out _, out int at) != DecodeError.None || AmqpReader.Measure(_rest, at, out int end) != DecodeError.None)
            {
                return false;
            }

            Current = _rest[at..end];
            _rest = _rest[end..];
            return true;
        }
    }

    [InlineArray(FooterIndex + 1)]
    private struct Starts
    {
        private int _start;
    }
}
