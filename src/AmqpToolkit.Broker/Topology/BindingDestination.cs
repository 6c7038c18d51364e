using System.Text;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// What a binding can lead to: a queue or an exchange. It knows the bindings that lead to it, so that its end removes those
/// and looks at no others.
/// </summary>
internal abstract class BindingDestination : Utf8Entry
{
    protected BindingDestination(byte[] name)
        : base(name)
    {
    }

    /// <summary>The name, UTF-8.</summary>
    public byte[] Name => Key;

    /// <summary>The name as text; made when asked for, because a hundred thousand queues need it hardly ever.</summary>
    public string NameText => Encoding.UTF8.GetString(Key);

    /// <summary>Its number in the broker's store; 0 when it is not kept. Set before anybody sees it.</summary>
    public uint StoreNumber { get; set; }

    /// <summary>First of the bindings that lead here, linked through <see cref="Binding.NextOfDestination"/>. Under the topology lock.</summary>
    public Binding? FirstBinding { get; private set; }

    /// <summary>Whether somebody has declared it, or asked for it, when it was there already: what was made for a link goes with it only if not. Under the topology lock.</summary>
    public bool IsFound { get; set; }

    /// <summary>What policies say of it; null when none matches.</summary>
    public EffectivePolicy? Policy { get; private set; }

    /// <summary>Policies have changed, or it is new. Under the topology lock.</summary>
    public virtual void ApplyPolicy(EffectivePolicy? policy) => Policy = policy;

    internal void Link(Binding binding)
    {
        binding.PreviousOfDestination = null;
        binding.NextOfDestination = FirstBinding;
        if (FirstBinding is not null)
        {
            FirstBinding.PreviousOfDestination = binding;
        }

        FirstBinding = binding;
    }

    internal void Unlink(Binding binding)
    {
        if (binding.PreviousOfDestination is { } previous)
        {
            previous.NextOfDestination = binding.NextOfDestination;
        }
        else
        {
            FirstBinding = binding.NextOfDestination;
        }

        if (binding.NextOfDestination is { } next)
        {
            next.PreviousOfDestination = binding.PreviousOfDestination;
        }

        binding.PreviousOfDestination = null;
        binding.NextOfDestination = binding;
    }
}
