using System.Runtime.CompilerServices;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// None, one or many bindings in one reference: most keys have one. A field of its owner, never copied. Changes under the
/// topology lock; readers take none.
/// </summary>
internal struct BindingCell
{
    /// <summary>null, a <see cref="Binding"/>, or a <see cref="BindingList"/>.</summary>
    private object? _content;

    public readonly bool IsEmpty => _content is null;

    /// <summary>Under the topology lock.</summary>
    public readonly int Count => _content switch
    {
        null => 0,
        BindingList list => list.Count,
        _ => 1,
    };

    public void Add(Binding binding)
    {
        switch (_content)
        {
            case null:
                Volatile.Write(ref _content, binding);
                break;
            case BindingList list:
                list.Add(binding);
                break;
            default:
                var both = new BindingList();
                both.Add(Unsafe.As<Binding>(_content));
                both.Add(binding);
                Volatile.Write(ref _content, both);
                break;
        }
    }

    public void Remove(Binding binding)
    {
        if (_content is BindingList list)
        {
            list.Remove(binding);
            if (list.Count > 0)
            {
                return;
            }
        }

        Volatile.Write(ref _content, null);
    }

    /// <summary>Takes over what another cell holds, which is not used to change anything any more.</summary>
    public void TakeOver(in BindingCell other) => Volatile.Write(ref _content, other._content);

    public void Collect(RouteCollector collector)
    {
        object? content = Volatile.Read(ref _content);
        if (content is null)
        {
            return;
        }

        if (content is BindingList list)
        {
            list.Collect(collector);
        }
        else
        {
            collector.Add(Unsafe.As<Binding>(content).Destination);
        }
    }

    /// <summary>As <see cref="Collect(RouteCollector)"/>, for the bindings of a headers exchange: only those that match.</summary>
    public void Collect(RouteCollector collector, TableView headers)
    {
        object? content = Volatile.Read(ref _content);
        if (content is BindingList list)
        {
            foreach (Binding? binding in list.Snapshot())
            {
                CollectMatch(binding, collector, headers);
            }
        }
        else
        {
            CollectMatch(Unsafe.As<Binding?>(content), collector, headers);
        }
    }

    private static void CollectMatch(Binding? binding, RouteCollector collector, TableView headers)
    {
        if (binding is not null && Unsafe.As<HeadersBinding>(binding).Matches(headers))
        {
            collector.Add(binding.Destination);
        }
    }
}
