using System.Buffers.Binary;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// The bindings of a headers exchange by what they ask for, so that a message looks only at those that share a header with it. A binding of "all"
/// stands where one of its arguments leads that few others share, one of "any" where each of its arguments leads. Readers take no lock; changes
/// happen under the topology lock.
/// </summary>
/// <remarks>
/// A place is named by a hash of name and value, or of the name alone where any value will do; values that count as equal hash alike
/// (<see cref="FieldComparison"/>). The index only finds candidates: each is compared with the message before it counts.
/// </remarks>
internal sealed class HeadersIndex
{
    private readonly Utf8Table<Place> _places = new();

    /// <summary>Bindings that ask for nothing and match every message.</summary>
    private BindingCell _always;

    /// <summary>How many bindings stand at a place that is named by a header's name alone.</summary>
    private int _byName;

    public void Add(HeadersBinding binding)
    {
        if (binding.IsAny)
        {
            AddAny(binding);
            return;
        }

        ulong best = 0;
        int fewest = int.MaxValue;
        bool isNamed = false;
        foreach (TableEntryView argument in new TableView(binding.Arguments))
        {
            if (!binding.Asks(argument.Key))
            {
                continue;
            }

            ulong name = NameOf(argument, argument.Value.IsVoid, isHeader: false);
            int others = Find(name)?.Bindings.Count ?? 0;
            if (others < fewest)
            {
                (best, fewest, isNamed) = (name, others, argument.Value.IsVoid);
            }
        }

        if (fewest == int.MaxValue)
        {
            _always.Add(binding);
            return;
        }

        binding.Place = best;
        binding.IsAtName = isNamed;
        binding.Parts = [binding];
        Put(binding);
    }

    public void Remove(HeadersBinding binding)
    {
        if (binding.Parts is null)
        {
            if (!binding.IsAny)
            {
                _always.Remove(binding);
            }

            return;
        }

        foreach (HeadersBinding part in binding.Parts)
        {
            Take(part);
        }

        binding.Parts = null;
    }

    public void Collect(TableView headers, RouteCollector collector)
    {
        _always.Collect(collector);
        bool looksAtNames = Volatile.Read(ref _byName) > 0;
        foreach (TableEntryView header in headers)
        {
            CollectAt(NameOf(header, isNameAlone: false, isHeader: true), header, headers, collector);
            if (looksAtNames)
            {
                CollectAt(NameOf(header, isNameAlone: true, isHeader: true), header, headers, collector);
            }
        }
    }

    private static ulong NameOf(TableEntryView entry, bool isNameAlone, bool isHeader)
    {
        ulong key = (uint)Utf8Hash.Of(entry.Key);
        return StableHash.Mix((key << 32) | (isNameAlone ? 0 : FieldComparison.HashOf(entry.Value, isHeader)));
    }

    /// <summary>Of headers with the same name the first counts, so that no place is looked at twice for one name.</summary>
    private void CollectAt(ulong name, TableEntryView header, TableView headers, RouteCollector collector)
    {
        if (Find(name) is { } place && headers.TryGetValue(header.Key, out FieldValueView first) && first.Payload == header.Value.Payload)
        {
            place.Bindings.Collect(collector, headers);
        }
    }

    private void AddAny(HeadersBinding binding)
    {
        var parts = new List<HeadersBinding>();
        foreach (TableEntryView argument in new TableView(binding.Arguments))
        {
            if (binding.Asks(argument.Key))
            {
                HeadersBinding part = parts.Count == 0 ? binding : binding.Clone();
                part.Place = NameOf(argument, argument.Value.IsVoid, isHeader: false);
                part.IsAtName = argument.Value.IsVoid;
                parts.Add(part);
                Put(part);
            }
        }

        binding.Parts = [.. parts];
    }

    private void Put(HeadersBinding part)
    {
        if (Find(part.Place) is not { } place)
        {
            place = new Place(part.Place);
            place.Bindings.Add(part);
            _places.Add(place);
        }
        else
        {
            place.Bindings.Add(part);
        }

        Volatile.Write(ref _byName, _byName + (part.IsAtName ? 1 : 0));
    }

    private void Take(HeadersBinding part)
    {
        Place place = Find(part.Place)!;
        place.Bindings.Remove(part);
        if (place.Bindings.IsEmpty)
        {
            _places.Remove(place);
        }

        Volatile.Write(ref _byName, _byName - (part.IsAtName ? 1 : 0));
    }

    private Place? Find(ulong name)
    {
        Span<byte> key = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(key, name);
        return _places.Find(key, (int)name);
    }

    private static byte[] KeyOf(ulong name)
    {
        byte[] key = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(key, name);
        return key;
    }

    /// <summary>The bindings that one header leads to.</summary>
    private sealed class Place(ulong name) : Utf8Entry(KeyOf(name), (int)name)
    {
        public BindingCell Bindings;
    }
}
